/** The tests of agent and libraries that cannot hold under Wine, by name, each with the reason. */

/** See the file comment. */
export const NOT_HERE: Readonly<Record<string, readonly string[]>> = {
  "they start Debian's Mosquitto or its mosquitto_passwd, which are no programs of Windows": [
    "the agent obeys over TLS with a password and access list, and hears what waited while the broker was gone",
    "the agent that slept through its keep-alive comes back and hears the command that waited",
    "the agent killed between preparation and end goes on after its restart, and does not obey a replay",
    "parsePasswords() reads what mosquitto_passwd wrote, and hashPassword() comes to the same hash",
    "MqttClient.publish() takes the largest payload and refuses one byte more",
    "MqttClient.publish() lets a message of MQTT 5 expire in a waiting session",
    "connectMqtt() is kicked by its double on Mosquitto with MQTT 5; the will tells it, a goodbye does not",
    "connectMqtt() is kicked by its double on Mosquitto with MQTT 3.1.1; the will tells it, a goodbye does not",
    "connectMqtt() over TLS meets its authority and address",
    "connectMqtt() over TLS meets a server name of its own",
    "connectMqtt() over TLS meets another name",
    "connectMqtt() over TLS meets an expired certificate",
    "connectMqtt() over TLS meets an authority that it was not told to trust",
    "connectMqtt() shows its client certificate, and is not let in without one",
    "connectMqtt() carries bytes and retained messages on Mosquitto with MQTT 3.1.1",
    "connectMqtt() carries bytes and retained messages on Mosquitto with MQTT 5",
    "connectMqtt() keeps a session with QoS 1 messages over a disconnect on Mosquitto",
    "connectMqtt() names a refused password by its CONNACK code, and not the password",
    "connectMqtt() tells the end of a connection once, and refuses to publish afterwards",
    "connectMqtt() leaves out what is too large at a broker without a limit, and goes on",
  ],
  "only the daemon has it, which does not run on Windows: rights are of another kind there, an open file keeps its name, and paths have other slashes":
    [
      "slotFile() gives back the newest text, also to the next process, and grows with it",
      "slotFile(): a file that somebody removed or replaced is made anew, and nothing goes where nobody finds it",
      "slotFile(): where both are, the plain file is newer, as after an older program; the next write ends that",
      "slotFile() goes on with the slots of a run that was killed: nothing new is made, as on a full disk",
      "slotFile() goes on beside a slot that is not whole, and never writes over the whole one",
      "slotFile(): what is written is found again when the file is a symbolic link to another one while it is in use",
      "slotFile() puts slots aside with a plain file that is refused: they are older",
      "slotFile(): a process that is killed at any moment leaves what it stored last, or the text that it was just storing",
      "proveCache() takes the mark out of a cache of ours, and touches no other folder",
    ],
  "Wine's sockets end (EPIPE) when two publishes are written at once to the broker inside, which no agent runs":
    [
      "startEmbeddedBroker() loses no retained message when another message overtakes it",
    ],
};
