/** All subcommands of `ecoflow-power`, in the order of the overview. Each loads its own code. */
import { VERSION } from "../lib/version.ts";
import { type CommandRow, complain, EXIT, print } from "./command.ts";
import { ENV_HELP } from "./read_config.ts";

/** See the file comment. */
export const COMMANDS: readonly CommandRow[] = [
  {
    name: "run",
    summary: "run the daemon (the default)",
    help: ENV_HELP,
    run: async (args) => (await import("./run.ts")).run(args),
  },
  {
    name: "setup",
    summary: "from nothing to protected: account, stations, hosts, dashboard; each step is tried at once",
    help: `${ENV_HELP}  --from FILE  the answers, in TOML, instead of questions (docs/install.md)
  --offline    with --from: write without trying
  --root DIR   the files of the Mosquitto beside us lie below DIR
`,
    run: async (args) => await (await import("./setup/setup.ts")).setup(args),
  },
  {
    name: "check",
    summary: "read the configuration, say what is wrong with it or what it means, and end",
    help:
      `${ENV_HELP}  --sandbox    try, in each service's sandbox, what it must not do, and say whether it was denied\n`,
    run: async (args) => (await import("./check.ts")).check(args),
  },
  {
    name: "keys",
    summary: "give agents their keys: keys list | add AGENT | rotate AGENT | activate AGENT | remove AGENT",
    help: `${ENV_HELP}  --root DIR           the files of the Mosquitto beside us lie below DIR
  --broker-host NAME   how hosts reach the broker, when this machine's own name will not do\n`,
    words: ["list", "add", "rotate", "activate", "remove"],
    run: async (args) => (await import("./keys.ts")).keys(args),
  },
  {
    name: "settings",
    summary: "show every key of the configuration: what holds, where it came from, what cannot be used",
    help: `${ENV_HELP}  --set        only what is set somewhere, not the defaults\n`,
    run: async (args) => (await import("./settings.ts")).settings(args),
  },
  {
    name: "dashboard",
    summary: "set the dashboard's password, read from standard input: dashboard password",
    help: ENV_HELP,
    words: ["password"],
    run: async (args) => await (await import("./dashboard.ts")).dashboard(args),
  },
  {
    name: "broker",
    summary:
      "keep the files of the Mosquitto beside us: broker setup [--name NAME]… [--renew] | refresh | login home-assistant | bridge",
    help:
      `${ENV_HELP}  --name NAME  a name or address that hosts reach this machine by; all of its own when not given
  --renew      issue a new certificate, by the authority that hosts trust already
  --root DIR   the files lie below DIR
  bridge: what this house says, and nothing back, to an MQTT cluster of many sites (docs/fleet.md):
  --to URL     the cluster: mqtts://HOST or mqtts://HOST:PORT
  --site NAME  this house's name there: everything stands below site/NAME/
  --user USER  the cluster's login
  --pass-file FILE  its password
  --ca FILE    the authority of the cluster's certificate; those that the system trusts when not given
  --remove     take the bridge away
`,
    words: ["setup", "refresh", "login", "bridge"],
    run: async (args) => await (await import("./broker/broker.ts")).broker(args),
  },
  {
    name: "simulate",
    summary: "play an outage with the real decoder, policy and agents, in memory: nothing is shut down",
    help: `  --scenario NAME  what to play, or all; full_outage when not given
  --list           print the scenarios
  --speed N        how much faster than life, 1 to 1000; 10 when not given
`,
    run: async (args) => await (await import("./simulate/simulate.ts")).simulate(args),
  },
  {
    name: "decode",
    summary: "decode a recorded payload to JSON: decode FILE, or decode --sn SN --encoding hex|base64|json -",
    help: "",
    run: async (args) => await (await import("./decode/decode.ts")).decode(args),
  },
  {
    name: "doctor",
    summary: "look at everything that protecting needs, and say what to do about what is wrong",
    help:
      `${ENV_HELP}  --heal       put the broker's parts in order and start the daemon anew (the package; as root)
  --json       what was found as JSON: verdict, and a row a look with what, verdict, text, would_shut_down
`,
    run: async (args) => await (await import("./doctor/doctor.ts")).doctor(args),
  },
  {
    name: "devices",
    summary: "list the stations, as the running daemon sees them",
    help: `${ENV_HELP}  --cloud      log in to EcoFlow's cloud instead, and list what the account has\n`,
    run: async (args) => await (await import("./devices.ts")).devices(args),
  },
  {
    name: "drill",
    summary: "ask the running daemon for a drill: every host does everything but the last step, and is timed",
    help: `${ENV_HELP}  --agent NAME   this host; may be given several times
  --device NAME  the hosts on this station
  --all          all hosts
`,
    run: async (args) => await (await import("./drill.ts")).drill(args),
  },
  {
    name: "feed",
    summary: "play a simulated event on the running system, as a station that is none: SimulatedDevice",
    help: `${ENV_HELP}  --device NAME  a name of SIMULATED_STATIONS; the first of them when not given
  --outage       the grid goes, the charge falls to the limit, the grid returns; the default
  --soc N        this charge, in %, without the grid; with --grid on: with it
  --grid on|off  the grid is there, or gone, at 80 %
  --minutes N    it ends by itself after N minutes, 1 to 60; 15 when not given
`,
    run: async (args) => await (await import("./feed/feed.ts")).feed(args),
  },
  {
    name: "backup",
    summary: "write configuration, keys, broker users, state and history into one file: backup FILE",
    help: `${ENV_HELP}  --root DIR   the files of the Mosquitto beside us lie below DIR
`,
    run: async (args) => (await import("./backup/backup.ts")).backup(args),
  },
  {
    name: "restore",
    summary: "put back what backup wrote, while the daemon does not run: restore FILE",
    help: `${ENV_HELP}  --replace    put aside what is there and says something else, as ….before-restore
  --root DIR   the files of the Mosquitto beside us lie below DIR
`,
    run: async (args) => await (await import("./backup/restore.ts")).restore(args),
  },
  {
    name: "notify",
    summary: "send one message by every configured way, and say what came of it: notify --test",
    help: ENV_HELP,
    run: async (args) => await (await import("./notify.ts")).notify(args),
  },
  {
    name: "record",
    summary: "record what a station says, without serial numbers, to attach to a bug report",
    help: `${ENV_HELP}  --sn SN        the station's serial number
  --minutes N    for how long, up to 120; 5 when not given
  --out DIR      where to write; capture-… here when not given
`,
    run: async (args) => await (await import("./record.ts")).record(args),
  },
  {
    name: "completion",
    summary: "print what completes this command line in a shell: completion bash | zsh",
    help: "",
    words: ["bash", "zsh"],
    run: async (args) => {
      const { completionFor, SHELLS } = await import("./completion.ts");
      const shell = SHELLS.find((one) => one === args[0]);
      if (shell !== undefined && args.length === 1) return print(completionFor(shell, COMMANDS));
      return complain(`Usage: ecoflow-power completion ${SHELLS.join(" | ")}\n`, EXIT.usage);
    },
  },
  {
    name: "version",
    summary: "print the version",
    help: "",
    run: () => Promise.resolve(print(`ecoflow-power ${VERSION}\n`)),
  },
];
