/** What setup and doctor say about stations by cable. Pure. */
import { isThisMachine } from "../../lib/this_machine.ts";
import type { Finding } from "../../lib/findings.ts";
import { isAnotherSerial, isSameSerial } from "../../lib/nut/serial.ts";
import { nearest } from "../../lib/text/nearest.ts";
import type { UpsReading } from "../../lib/nut/ups_vars.ts";
import type { FoundUps } from "./local_nut.ts";

/** What a UPS says, in a few words. */
export function readingWords({ grid, soc, status, model }: UpsReading): string {
  const charge = soc === undefined ? "charge unknown" : `charge ${soc} %`;
  const word = grid === undefined ? "neither on line nor on battery" : grid ? "on line" : "ON BATTERY";
  return `${model ?? "a UPS"}: ${word} (${status}), ${charge}`;
}

/** One line about a UPS that was found. */
export function foundWords({ ups, reading }: FoundUps): string {
  return `"${ups}": ${typeof reading === "string" ? reading : readingWords(reading)}`;
}

/**
 * A station by cable that the configuration names, and what its server answered.
 *
 * @param serial What its serial number must be; undefined: it is not known here, and nothing is compared
 * @param known Names of stations that others name, or that hosts hang on; undefined: it is not asked
 */
export function examineCable(
  device: string,
  address: string,
  reading: UpsReading | string,
  serial?: string,
  known?: readonly string[],
): Finding {
  const what = `cable of ${device}`;
  if (typeof reading === "string") {
    return { what, verdict: "bad", text: `${address}: ${reading}; ${cureOf(reading)}` };
  }
  if (isAnotherSerial(reading.serial, serial)) {
    const text =
      `${address} has the serial number ${reading.serial}, wanted ${serial}: it is another station's cable, and ` +
      "nothing that it says is believed. See ups; docs/nut-source.md";
    return { what, verdict: "bad", text };
  }
  const isWhole = reading.grid !== undefined && reading.soc !== undefined;
  const text = `${address}, ${readingWords(reading)}`;
  if (!isWhole || known === undefined || known.includes(device)) {
    return { what, verdict: isWhole ? "good" : "bad", text };
  }
  const stray = `${text}; nobody else names "${device}", and no host hangs on it${nearest(device, known)}`;
  return { what, verdict: "unsure", text: stray };
}

/** UPSes that a server on this machine has and nobody uses. */
export function examineUnused(
  found: readonly FoundUps[],
  used: readonly { readonly host: string; readonly ups: string }[],
  stations: readonly KnownStation[] = [],
): Finding[] {
  const isUsed = ({ ups }: FoundUps) => used.some((one) => one.ups === ups && isThisMachine(one.host));
  return found.filter((one) => !isUsed(one)).map((one) => ({
    what: "NUT on this machine",
    verdict: "unsure",
    text: `${foundWords(one)}; to let it speak for a station: ` +
      `NUT_SOURCES_JSON={"${stationOf(one, stations) ?? "Study"}":{"ups":"${one.ups}"}} (docs/nut-source.md)`,
  }));
}

/** A station whose serial number is known. */
export interface KnownStation {
  readonly sn: string;
  readonly name?: string;
}

/** The name of the station whose cable it is by its serial number; undefined: none, or it says no number. */
export function stationOf({ reading }: FoundUps, stations: readonly KnownStation[]): string | undefined {
  const serial = typeof reading === "string" ? undefined : reading.serial;
  const station = stations.find(({ sn }) => serial !== undefined && isSameSerial(sn, serial));
  return station && (station.name ?? station.sn);
}

function cureOf(problem: string): string {
  if (/serial number/.test(problem)) return "another UPS answers: see ups and serial";
  if (/DATA-STALE|DRIVER-NOT-CONNECTED/.test(problem)) {
    return "the driver does not reach the UPS: look at the USB cable, switch the station off and on, and see `upsdrvctl`";
  }
  if (/UNKNOWN-UPS/.test(problem)) return "the server has no UPS of that name: see `upsc -l`";
  if (/ACCESS-DENIED|USERNAME|PASSWORD/.test(problem)) return "see the user, and NUT_SOURCE_PASSWORDS_JSON";
  if (/certificate|STARTTLS/i.test(problem)) return "see tls and NUT_SOURCE_CA_FILE";
  if (/refused|no answer|timed? ?out/i.test(problem)) {
    return "is NUT's server there? systemctl status nut-server";
  }
  return "docs/nut-source.md";
}

/** The first version of NUT whose usbhid-ups knows EcoFlow's stations. */
const FIRST = [2, 8, 3];

/**
 * How a driver that knows the stations is had.
 *
 * @param debian `VERSION_ID` of /etc/os-release where `ID` is debian or raspbian; undefined elsewhere
 * @param nut The installed version such as `2.8.0`; undefined: none, or it is not told
 */
export function driverAdvice(debian: string | undefined, nut: string | undefined): string {
  const parts = nut?.split(".").map(Number);
  if (parts && compare(parts, FIRST) >= 0) return `NUT ${nut} knows EcoFlow's stations by USB.`;
  const seen = nut === undefined
    ? ""
    : `NUT ${nut} does not know EcoFlow's stations by USB: it must be 2.8.3 or later. `;
  switch (debian) {
    case "12":
      return `${seen}Debian 12 has 2.8.0: build the driver, docs/nut-source.md, "The driver".`;
    case "13":
      return `${seen}Debian 13 has 2.8.1: build the driver, docs/nut-source.md, "The driver".`;
    default:
      return `${seen}See which version your system has (upsc -V); else build the driver, docs/nut-source.md, "The driver".`;
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [i, part] of b.entries()) {
    const difference = (a[i] ?? 0) - part;
    if (difference !== 0) return difference;
  }
  return 0;
}
