/** What the policy writes of stations and hosts, in German; the form is that of `daemon_sentences.ts`. Pure. */

/** See the file comment. */
export const POLICY_SENTENCES_DE: readonly (readonly [english: string, german: string])[] = [
  // The policy, of a host.
  ["{agent} is told to shut down: {=why}", "{agent} fährt herunter: {=why}"],
  ["the shutdown of {agent} is aborted: {=why}", "{agent} ist abbestellt: {=why}"],
  ["{agent} went down as it was told, in {#s} s", "{agent} ging wie befohlen aus, in {#s} s"],
  ["{agent} stays up", "{agent} bleibt an"],
  ["{agent} never said that it stays up", "{agent} hat nie gesagt, dass er an bleibt"],
  ["{agent} is being woken", "{agent} wird geweckt"],
  ["{agent} is up again", "{agent} ist wieder an"],
  ["{agent} could not be woken", "{agent} ließ sich nicht wecken"],
  ["{agent}: its agent is back after {#min} min", "{agent}: Sein Agent ist nach {#min} min wieder da"],
  [
    "{agent}: its agent has been gone for {#min} min and nobody told the host to go down; a shutdown would not reach it now",
    "{agent}: Sein Agent ist seit {#min} min weg, und niemand befahl das Herunterfahren; ein Befehl erreichte ihn jetzt nicht",
  ],
  [
    '{agent} was NOT reached: its command "{action}" was not delivered, {why}',
    '{agent} wurde NICHT erreicht: Sein Befehl "{action}" kam nicht an ({why})',
  ],
  ["{agent}: accepted", "{agent}: angenommen"],
  ["{agent}: accepted ({detail})", "{agent}: angenommen ({detail})"],
  ["{agent}: rejected ({detail})", "{agent}: abgelehnt ({detail})"],
  ["{agent}: running", "{agent}: läuft"],
  ["{agent}: running ({detail})", "{agent}: läuft ({detail})"],
  ["{agent}: failed ({detail})", "{agent}: gescheitert ({detail})"],
  ["{agent}: shutting_down", "{agent}: fährt herunter"],
  ["{agent}: shutting_down ({detail})", "{agent}: fährt herunter ({detail})"],
  ["{agent}: aborted", "{agent}: abgebrochen"],
  ["{agent}: aborted ({detail})", "{agent}: abgebrochen ({detail})"],
  ["{agent}: done", "{agent}: fertig"],
  ["{agent}: done ({detail})", "{agent}: fertig ({detail})"],
  ["A drill begins ({by}): {hosts}", "Eine Übung beginnt ({by}): {hosts}"],
  ["A drill begins: {hosts}", "Eine Übung beginnt: {hosts}"],
  ["Ended early, {why}; {=rest}", "Vorzeitig beendet ({why}); {=rest}"],
  ["No drill now: {why}", "Jetzt keine Übung: {why}"],
  ["{#ready} of {#all} hosts are ready.", "{#ready} von {#all} Rechnern sind bereit."],
  ["being aborted", "wird abbestellt"],
  ["being woken", "wird geweckt"],
  // The policy, of a station.
  ["{device}: the grid is gone, on battery", "{device}: Das Netz ist weg, Akkubetrieb"],
  ["{device}: the grid is back", "{device}: Das Netz ist zurück"],
  ["{device}: {=why}; no host is listed under it", "{device}: {=why}; kein Rechner hängt daran"],
  [
    "{device}: {=why}; {hosts} is told to shut down at once",
    "{device}: {=why}; {hosts} fährt sofort herunter",
  ],
  [
    "{device}: {=why}; {hosts} is told to shut down in {#s} s unless the grid returns",
    "{device}: {=why}; {hosts} fährt in {#s} s herunter, wenn das Netz nicht zurückkommt",
  ],
  [
    "{device}: {=why}; {hosts} are told to shut down at once",
    "{device}: {=why}; {hosts} fahren sofort herunter",
  ],
  [
    "{device}: {=why}; {hosts} are told to shut down in {#s} s unless the grid returns",
    "{device}: {=why}; {hosts} fahren in {#s} s herunter, wenn das Netz nicht zurückkommt",
  ],
  ["{device}: the timer is aborted, {=why}", "{device}: Die Frist ist beendet, {=why}"],
  ["{device}: hosts are told to shut down, {=why}", "{device}: Rechner fahren herunter, {=why}"],
  ["{device}: the shutdown is aborted, {=why}", "{device}: Das Herunterfahren ist abbestellt, {=why}"],
  ["{device}: stage {#stage} begins, {=why}", "{device}: Stufe {#stage} beginnt, {=why}"],
  ["{device}: fresh values arrive again", "{device}: Frische Werte kommen wieder an"],
  [
    "{device}: nothing fresh arrives while on battery; the charge is estimated and the timers go on",
    "{device}: Im Akkubetrieb kommt nichts Frisches an; die Ladung wird geschätzt, die Fristen laufen weiter",
  ],
  [
    "{device}: nothing fresh arrives; the grid was there at the last reading, so nothing is shut down",
    "{device}: Nichts Frisches kommt an; zuletzt war das Netz da, darum fährt nichts herunter",
  ],
  [
    "{device}: the station speaks, but grid or charge are not confirmed any more; {=then}",
    "{device}: Die Station spricht, bestätigt aber Netz oder Ladung nicht mehr; {=then}",
  ],
  [
    "{device}: the station speaks and does not tell any more whether the grid is there; {=then}",
    "{device}: Die Station spricht und sagt nicht mehr, ob das Netz da ist; {=then}",
  ],
  [
    "{device}: the station tells again whether the grid is there",
    "{device}: Die Station sagt wieder, ob das Netz da ist",
  ],
  ["{device}: a simulated event begins", "{device}: Ein gespieltes Ereignis beginnt"],
  ["{device}: the simulated event is over: {=why}", "{device}: Das gespielte Ereignis ist vorbei: {=why}"],
  [
    "{device}: its hosts were switched on since our last reading of it, so the power went and came back; nothing is shut down " +
    "until somebody says that the grid is gone",
    "{device}: Seine Rechner wurden seit der letzten Nachricht eingeschaltet, der Strom war also weg und kam wieder; nichts fährt " +
    "herunter, bis jemand sagt, dass das Netz weg ist",
  ],
  [
    "{device}: {who} holds the shutdown back for {#min} min",
    "{device}: {who} hält das Herunterfahren {#min} min zurück",
  ],
  ["{who} holds the shutdown back for {#min} min", "{who} hält das Herunterfahren {#min} min zurück"],
  // Parts of these.
  ["the grid is back", "das Netz ist zurück"],
  ["the battery is above its limits", "der Akku ist über seinen Grenzen"],
  ["it is the first", "es ist die erste"],
  ["the one before it is done", "die vor ihr ist fertig"],
  [
    "the battery does not last until stage {#stage} is done",
    "der Akku reicht nicht, bis Stufe {#stage} fertig ist",
  ],
  ["the danger is over", "die Gefahr ist vorbei"],
  ["it was ended", "es wurde beendet"],
  ["the daemon was started anew", "der Dienst wurde neu gestartet"],
  ["nobody went on with it", "niemand führte es fort"],
  ["somebody else feeds this station", "jemand anders speist diese Station"],
  ["another of its stations carries it", "eine andere seiner Stationen trägt ihn"],
  ["the timers go on", "die Fristen laufen weiter"],
  ["nothing is shut down by that alone", "das allein fährt nichts herunter"],
  [
    "nothing is shut down by that alone, and its hosts are not protected until somebody tells it",
    "das allein fährt nichts herunter, und seine Rechner sind nicht geschützt, bis es jemand sagt",
  ],
  ["the outage goes on, by its charge", "der Ausfall geht weiter, nach der Ladung"],
  ["no host is listed under it", "kein Rechner hängt daran"],
  ["{who} decides meanwhile", "{who} entscheidet solange"],
  ["{who} decide meanwhile", "{who} entscheiden solange"],
  [
    "{=charge} is at or below {#limit} % (the station switches off at {#floor} %)",
    "{=charge} ist bei {#limit} % oder darunter (die Station schaltet bei {#floor} % ab)",
  ],
  ["{=charge} is at or below {#limit} %", "{=charge} ist bei {#limit} % oder darunter"],
  ["{=charge} is well above the limit again", "{=charge} ist wieder deutlich über der Grenze"],
  ["the charge of {#soc} %", "die Ladung von {#soc} %"],
  ["the estimated charge of {#soc} %", "die geschätzte Ladung von {#soc} %"],
  [
    "the charge, unheard for too long to be estimated, counts as empty",
    "die Ladung, zu lange ungehört für eine Schätzung, zählt als leer",
  ],
  [
    "the charge was never heard in {#min} min on battery",
    "die Ladung wurde in {#min} min Akkubetrieb nie gehört",
  ],
  [
    "an estimated {#min} min to empty is at or below {#limit} min",
    "geschätzte {#min} min bis leer sind {#limit} min oder weniger",
  ],
  ["{#min} min to empty is at or below {#limit} min", "{#min} min bis leer sind {#limit} min oder weniger"],
  [
    "an estimated {#min} min to empty is no more than the {#need} min that an orderly shutdown needs",
    "geschätzte {#min} min bis leer reichen nicht über die {#need} min hinaus, die geordnetes Herunterfahren braucht",
  ],
  [
    "{#min} min to empty is no more than the {#need} min that an orderly shutdown needs",
    "{#min} min bis leer reichen nicht über die {#need} min hinaus, die geordnetes Herunterfahren braucht",
  ],
  ["{#min} min on battery is at or above {#limit} min", "{#min} min Akkubetrieb sind {#limit} min oder mehr"],
  [
    "the charge falls by {#rate} %/min, at or above {#limit} %/min",
    "die Ladung fällt um {#rate} %/min, also {#limit} %/min oder mehr",
  ],
];
