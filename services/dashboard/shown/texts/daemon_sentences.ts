/**
 * What the daemon writes in English of what happened and of what is wrong, in German. `{name}` stands for what differs; `{=name}` for a
 * part that is a sentence of this list itself, `{#name}` for a number. The first that fits counts. Pure.
 */
import { POLICY_SENTENCES_DE } from "./policy_sentences.ts";

/** See the file comment. */
export const DAEMON_SENTENCES_DE: readonly (readonly [english: string, german: string])[] = [
  ["SIMULATED: {=rest}", "SIMULIERT: {=rest}"],
  ...POLICY_SENTENCES_DE,
  // The stations, the cloud and the cables.
  ["{device} is heard again", "{device} ist wieder zu hören"],
  ["{device} has gone silent", "{device} schweigt"],
  ["{device} is offline, says the cloud", "{device} ist offline, sagt die Cloud"],
  ["EcoFlow cloud up: {#n} station at {where}", "EcoFlows Cloud ist verbunden: {#n} Station an {where}"],
  ["EcoFlow cloud up: {#n} stations at {where}", "EcoFlows Cloud ist verbunden: {#n} Stationen an {where}"],
  ["EcoFlow cloud down: {=detail}", "EcoFlows Cloud ist nicht verbunden: {=detail}"],
  ["EcoFlow cloud refused: {=detail}", "EcoFlows Cloud lehnt ab: {=detail}"],
  ["{device} is heard by cable again", "{device} ist wieder am Kabel zu hören"],
  ["{device} is heard by cable", "{device} ist am Kabel zu hören"],
  [
    "The cable of {device} is silent; the cloud decides its grid",
    "Das Kabel von {device} schweigt; die Cloud entscheidet über sein Netz",
  ],
  [
    "The cable of {device} is silent; what it said last counts, and grows old",
    "Das Kabel von {device} schweigt; seine letzte Nachricht zählt und wird älter",
  ],
  ["The cable of {device} is steady again", "Das Kabel von {device} ist wieder ruhig"],
  ["The cable decides the grid of {device} now", "Über das Netz von {device} entscheidet jetzt das Kabel"],
  ["The cloud decides the grid of {device} now", "Über das Netz von {device} entscheidet jetzt die Cloud"],
  [
    "Cable and cloud do not contradict each other on {device} any more",
    "Kabel und Cloud widersprechen sich bei {device} nicht mehr",
  ],
  [
    "The cable says that the grid of {device} is there, the cloud says the opposite; the cable decides",
    "Das Kabel sagt, das Netz von {device} ist da, die Cloud das Gegenteil; das Kabel entscheidet",
  ],
  [
    "The cable says that the grid of {device} is gone, the cloud says the opposite; the cable decides",
    "Das Kabel sagt, das Netz von {device} ist weg, die Cloud das Gegenteil; das Kabel entscheidet",
  ],
  [
    'The cable of {device} changes between "on line" and "on battery" too often to be believed',
    'Das Kabel von {device} springt zwischen "on line" und "on battery" zu oft, um ihm zu glauben',
  ],
  // NUT.
  [
    "The NUT client of {host} logged in from {address}",
    "Der NUT-Client von {host} hat sich von {address} angemeldet",
  ],
  [
    "The NUT client of {host} has left after the forced shutdown",
    "Der NUT-Client von {host} ging nach dem erzwungenen Herunterfahren",
  ],
  [
    "The NUT client of {host} is gone without a forced shutdown",
    "Der NUT-Client von {host} ist ohne erzwungenes Herunterfahren weg",
  ],
  ["A NUT client of {host} is logged in", "Ein NUT-Client von {host} ist angemeldet"],
  [
    "The NUT client of {host} is no longer logged in: a shutdown would not reach it",
    "Der NUT-Client von {host} ist nicht mehr angemeldet: Ein Befehl erreichte ihn nicht",
  ],
  [
    "The NUT client of {host} has not logged in since the start: a shutdown would not reach it",
    "Der NUT-Client von {host} hat sich seit dem Start nicht angemeldet: Ein Befehl erreichte ihn nicht",
  ],
  [
    "The NUT client of {host} has not logged in since the start (refused: {why}): a shutdown would not reach it",
    "Der NUT-Client von {host} hat sich seit dem Start nicht angemeldet (abgelehnt: {why}): Ein Befehl erreichte ihn nicht",
  ],
  ["NUT clients of {who} are told to shut down", "NUT-Clients von {who} fahren herunter"],
  [
    "A NUT client of {who} has seen the forced shutdown",
    "Ein NUT-Client von {who} hat das erzwungene Herunterfahren gesehen",
  ],
  [
    "NUT clients of {who} are no longer told to shut down: {why}",
    "NUT-Clients von {who} fahren nicht mehr herunter ({why})",
  ],
  // What is wrong now.
  ["No fresh word from {device}", "Nichts Frisches von {device}: Hat sie Strom und WLAN?"],
  ["{who} is silent: the last word on it is old", "{who} schweigt: Was bekannt ist, ist alt"],
  [
    "{who} speaks, but does not confirm grid or charge any more: hosts on it may not be protected; a grid witness can help",
    "{who} spricht, bestätigt aber Netz oder Ladung nicht mehr: Rechner daran sind vielleicht nicht geschützt; ein Netzzeuge kann helfen",
  ],
  [
    "{who} never told whether the grid is there: hosts on it are not protected",
    "{who} hat nie gesagt, ob das Netz da ist: Rechner daran sind nicht geschützt",
  ],
  [
    "{who} was never seen: a shutdown would reach nobody there",
    "{who} wurde nie gesehen: Ein Befehl erreichte dort niemanden",
  ],
  [
    "{who} is online only by what the broker has kept from before, and does not answer: a shutdown would not reach it; when it is " +
    "switched on, run there: {command}",
    "{who} ist nur noch nach altem Stand des Brokers online und antwortet nicht: Ein Befehl erreichte ihn nicht. Ist er an, dort: {command}",
  ],
  [
    "agents without a key get unsigned commands: {who}",
    "Agenten ohne Schlüssel bekommen unsignierte Befehle: {who}",
  ],
  [
    "EcoFlow's cloud cannot be reached: check the internet connection and DNS ({detail})",
    "EcoFlows Cloud ist nicht erreichbar: Internetverbindung und DNS prüfen ({detail})",
  ],
  [
    "The cloud's certificate cannot be verified: check this machine's clock, and ECOFLOW_CA_FILE if it is set ({detail})",
    "Das Zertifikat der Cloud ist nicht prüfbar: die Uhr dieses Rechners prüfen, und ECOFLOW_CA_FILE, wenn gesetzt ({detail})",
  ],
  [
    "EcoFlow refuses the account: check ECOFLOW_USER and ECOFLOW_PASS, and restart. Accounts that log in through Google or Apple have " +
    "no password: set one in the app, or use another account ({detail})",
    "EcoFlow lehnt das Konto ab: ECOFLOW_USER und ECOFLOW_PASS prüfen und neu starten. Konten mit Anmeldung über Google oder Apple haben " +
    "kein Passwort: in der App eines setzen, oder ein anderes Konto nehmen ({detail})",
  ],
  [
    "The connection to EcoFlow's broker was lost ({detail})",
    "Die Verbindung zu EcoFlows Broker ist abgerissen ({detail})",
  ],
  [
    "No station answers: check that they have power and Wi-Fi ({detail})",
    "Keine Station antwortet: Haben sie Strom und WLAN? ({detail})",
  ],
  // The reason for what is done to a host begins with its station.
  ["{device}: {=why}", "{device}: {=why}"],
];
