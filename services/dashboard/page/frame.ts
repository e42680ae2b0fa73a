/** The page around the stations: whether it is live, what does not work, what is simulated, and the first start. */
import type { HouseView } from "../page_contract.ts";
import { isConnected, type Surroundings } from "../shown/freshness.ts";
import { daemonWords } from "../shown/daemon_words.ts";
import type { TextKey } from "../shown/texts/texts.ts";
import { typable } from "../../../lib/text/typable.ts";
import { byId, el, setText, show } from "./dom.ts";
import { langOf, reader } from "./language.ts";

/** By then a connection that is being made counts as missing, s. */
const PATIENCE_S = 10;

interface Problem {
  readonly text: string;
  /** Of the text, where it is not the page's. */
  readonly lang?: string;
}

/** No house has been seen yet. @param waitedS Since the page was opened */
export function drawWaiting(waitedS: number, isGateShown: boolean): void {
  if (isGateShown) {
    show(byId("pulse"), false);
    return showProblems([]);
  }
  show(byId("pulse"), true);
  const isLost = waitedS >= PATIENCE_S;
  document.body.classList.toggle("waiting", !isLost);
  document.body.classList.toggle("lost", isLost);
  setText(byId("pulse"), reader.say(isLost ? "no_connection" : "connecting"));
  showProblems(isLost ? [{ text: reader.say("never_reached", { age: reader.duration(waitedS) }) }] : []);
}

/** Draws the frame for this moment. */
export function drawFrame(house: HouseView, now: Surroundings): void {
  const isLive = isConnected(house, now);
  show(byId("pulse"), true);
  document.body.classList.remove("waiting");
  document.body.classList.toggle("lost", !isLive);
  setText(byId("pulse"), reader.say(isLive ? "live" : "not_live"));
  showProblems(problemsOf(house, now));
  const version = house.daemon?.version;
  setText(byId("version"), version ? `ecoflow-power ${version}` : "ecoflow-power");
  drawSimulation(house);
  drawFirstStart(house);
}

function problemsOf(house: HouseView, now: Surroundings): Problem[] {
  const isSilent = !isConnected({ ...house, is_broker_up: true, daemon: undefined }, now);
  if (isSilent) {
    const parts = { age: reader.duration(now.silentS), time: reader.time(house.now_ms) };
    return [{ text: reader.say("silent", parts) }];
  }
  const command = typable("sudo ecoflow-power doctor", house.installation);
  if (!house.is_broker_up) {
    return [{ text: `${reader.say("broker_away")} ${reader.say("said_by", { command })}` }];
  }
  if (house.daemon?.is_online === false) {
    return [{ text: `${reader.say("daemon_offline")} ${reader.say("said_by", { command })}` }];
  }
  const problems: Problem[] = house.problems.map((text) => {
    const words = daemonWords(reader, text);
    return { text: words.text, lang: langOf(words) };
  });
  const { cloud } = house;
  if (cloud && cloud.link !== "up" && cloud.link !== "off") {
    problems.push({ text: reader.say("cloud_problem", { detail: daemonWords(reader, cloud.detail).text }) });
  }
  return problems;
}

function showProblems(problems: readonly Problem[]): void {
  show(byId("notice"), problems.length > 0);
  const list = byId("notice-list");
  const text = problems.map(({ text }) => text).join("\n");
  if (list.dataset.shown === text) return;
  list.dataset.shown = text;
  list.replaceChildren(
    ...problems.map(({ text, lang }) => el("li", { lang }, text)),
  );
}

function drawSimulation({ speed, stations }: HouseView): void {
  const isAll = speed !== 1 || (stations.length > 0 && stations.every((one) => one.is_simulated));
  const isAny = isAll || stations.some((one) => one.is_simulated);
  document.body.classList.toggle("simulated", isAll);
  show(byId("simulation"), isAny);
  if (!isAny) return;
  const pace = speed === 1 ? "" : ` ${reader.say("time_runs", { speed: reader.number(speed) })}`;
  setText(byId("simulation"), `${reader.say(isAll ? "simulated_all" : "simulated_some")}${pace}`);
}

/** What is missing before there is anything to see, and the one thing to do. */
function drawFirstStart({ stations, cloud, installation }: HouseView): void {
  const isFirst = stations.length === 0;
  show(byId("first"), isFirst);
  if (!isFirst) return;
  const link = cloud?.link ?? "connecting";
  const key: TextKey = link === "off"
    ? "first_off"
    : link === "up"
    ? "first_silent"
    : link === "connecting"
    ? "first_connecting"
    : "first_failed";
  const command = link === "off" ? "setup" : "doctor";
  setText(byId("first-text"), reader.say(key));
  setText(byId("first-command"), typable(`sudo ecoflow-power ${command}`, installation));
}
