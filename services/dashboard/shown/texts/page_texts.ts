/** Texts of the page's frame: head, notices, log-in, questions. Each in English and German; `{name}` is filled in. Pure. */

/** See the file comment. */
export const PAGE_TEXTS = {
  skip: ["To the content", "Zum Inhalt"],
  connecting: ["Connecting …", "Verbindung wird aufgebaut …"],
  live: ["Live", "Live"],
  not_live: ["Not live", "Nicht live"],
  no_connection: ["No connection", "Keine Verbindung"],
  time_runs: ["Time runs {speed} times as fast.", "Die Zeit läuft {speed}-mal so schnell."],
  simulated: ["Simulated", "Simuliert"],
  simulated_all: [
    "This is a simulation. None of these values is real.",
    "Das ist eine Simulation. Keiner dieser Werte ist echt.",
  ],
  simulated_some: [
    "Stations marked “Simulated” are played. Their values are not real.",
    "Stationen mit „Simuliert“ werden gespielt. Ihre Werte sind nicht echt.",
  ],
  never_reached: [
    "This page has not reached the daemon for {age}. Check that the machine that runs it is on and in the network. The page goes on trying.",
    "Diese Seite erreicht den Dienst seit {age} nicht. Prüfen, ob sein Rechner an und im Netz ist. Die Seite versucht es weiter.",
  ],
  silent: [
    "No message from the daemon for {age}: nothing below is live. It shows what was known at {time}. If the daemon runs, it goes on without this page.",
    "Keine Nachricht vom Dienst seit {age}: Nichts hier unten ist live. Es ist der Stand von {time}. Läuft der Dienst, so arbeitet er ohne diese Seite weiter.",
  ],
  broker_away: [
    "The broker in the house cannot be reached: nothing below is news.",
    "Der Broker im Haus ist nicht erreichbar: Nichts hier unten ist neu.",
  ],
  daemon_offline: [
    "The daemon is offline: nobody decides anything now.",
    "Der Dienst ist offline: Niemand entscheidet jetzt etwas.",
  ],
  said_by: ["To see why, run: {command}", "Den Grund zeigt: {command}"],
  cloud_problem: ["EcoFlow's cloud: {detail}", "EcoFlows Cloud: {detail}"],
  log_in: ["Log in", "Anmelden"],
  log_in_why: [
    "This house shows itself after a log-in, with the password of this dashboard.",
    "Dieses Haus zeigt sich nach dem Anmelden, mit dem Passwort dieser Seite.",
  ],
  log_out: ["Log out", "Abmelden"],
  no_password: [
    "No password is set yet. Set one on the machine that runs the daemon, then log in:",
    "Noch ist kein Passwort gesetzt. Auf dem Rechner des Dienstes eines setzen, dann anmelden:",
  ],
  password: ["Password of this dashboard", "Passwort dieser Seite"],
  not_now: ["Not now", "Jetzt nicht"],
  wrong_password: ["That is not the password.", "Das ist nicht das Passwort."],
  too_many: ["Too many attempts.", "Zu viele Versuche."],
  try_again_in: ["You may try again in {left}.", "Neuer Versuch in {left}."],
  unreachable: ["The dashboard cannot be reached.", "Die Seite erreicht den Dienst nicht."],
  theme: ["Switch between light and dark", "Zwischen hell und dunkel wechseln"],
  language: ["Language", "Sprache"],
  footer: [
    "watches, warns and shuts hosts down. It never switches a power station.",
    "wacht, warnt und fährt Rechner herunter. Eine Powerstation schaltet es nie.",
  ],
  journal: ["Journal", "Ereignisse"],
  journal_label: ["Events, newest first", "Ereignisse, das neueste zuerst"],
  journal_none: [
    "Nothing has happened since the dashboard was started.",
    "Seit dem Start der Seite ist nichts geschehen.",
  ],
  severity_info: ["Note", "Hinweis"],
  severity_notice: ["Notice", "Meldung"],
  severity_warning: ["Warning", "Warnung"],
  severity_danger: ["Danger", "Gefahr"],
  first_title: ["No station yet", "Noch keine Station"],
  first_off: [
    "EcoFlow's cloud is switched off (ECOFLOW_CLOUD=off): only stations by cable, and those that are fed over MQTT, show themselves here. To connect an account, on the machine that runs the daemon:",
    "EcoFlows Cloud ist abgeschaltet (ECOFLOW_CLOUD=off): Hier erscheinen nur Stationen am Kabel und solche, die über MQTT kommen. Ein Konto verbinden, auf dem Rechner des Dienstes:",
  ],
  first_connecting: [
    "EcoFlow's cloud is being connected. A station shows itself here with its first message. If this stays, run this to see what is missing:",
    "EcoFlows Cloud wird verbunden. Eine Station erscheint hier mit ihrer ersten Nachricht. Bleibt das so, zeigt dies, was fehlt:",
  ],
  first_silent: [
    "The account is connected, but no station has been heard. Is it switched on, and does EcoFlow's app show it online? To see what is missing, run:",
    "Das Konto ist verbunden, aber keine Station hat sich gemeldet. Ist sie an, und zeigt EcoFlows App sie online? Was fehlt, zeigt:",
  ],
  first_failed: [
    "EcoFlow's cloud cannot be used. To see what is wrong, run:",
    "EcoFlows Cloud ist nicht nutzbar. Was nicht stimmt, zeigt:",
  ],
  abort: ["Call it off", "Abbrechen"],
  abort_login: ["Log in to abort a shutdown.", "Zum Abbrechen bitte anmelden."],
  abort_question: [
    "Call the shutdown of {device}'s hosts off?",
    "Das Herunterfahren der Rechner an {device} abbrechen?",
  ],
  abort_detail: [
    "The shutdowns of hosts that are not down yet are aborted, and nothing is shut down for five minutes. Then the conditions count again. The battery goes on emptying. The policy refuses when it would not last for that.",
    "Rechner, die noch laufen, bleiben an, und fünf Minuten lang fährt nichts herunter. Dann gelten die Bedingungen wieder. Der Akku leert sich weiter. Reicht er dafür nicht, wird abgelehnt.",
  ],
  drill: ["Start a drill", "Übung starten"],
  drill_login: ["Log in to start a drill.", "Für eine Übung bitte anmelden."],
  drill_question: ["Start a drill on {device}?", "Eine Übung an {device} starten?"],
  drill_detail: [
    "Every host runs its preparations, in earnest, and leaves out the last step: none is switched off.",
    "Jeder Rechner führt seine Vorbereitungen wirklich aus und lässt den letzten Schritt weg: Keiner geht aus.",
  ],
  drill_yes: ["Start the drill", "Übung starten"],
  leave_it: ["Leave it", "Nicht jetzt"],
} as const;
