/** What a NUT server's answers say of a UPS. Pure. */

/** What the variables of one UPS say; what it does not say, or says out of range, is absent. */
export interface UpsReading {
  /** True: on line (OL). False: on battery (OB). Absent: neither or both. */
  readonly grid?: boolean;
  /** `ups.status` as it came, at most 100 characters: LB, RB, ALARM and CAL are shown and trigger nothing. */
  readonly status: string;
  /** `battery.charge`, %, 0 to 100. */
  readonly soc?: number;
  /** `battery.runtime`, minutes, only on battery: on line drivers say anything. */
  readonly dischargeMin?: number;
  /** `ups.realpower`, W; else `ups.load` of `ups.realpower.nominal`. */
  readonly outWatts?: number;
  /** `input.voltage`, V. */
  readonly inVolts?: number;
  /** `battery.temperature`, else `ups.temperature`, degrees C. */
  readonly tempCelsius?: number;
  /** `device.model`, else `ups.model`, at most 64 characters. */
  readonly model?: string;
  /** `device.serial`, else `ups.serial`, at most 64 characters; absent too when it is what devices say for "none". */
  readonly serial?: string;
}

/**
 * What an answer to `GET VAR <ups> ups.status` says.
 *
 * @returns true: on line (OL); false: on battery (OB); undefined: an error, or a status that has neither or both
 */
export function readUpsStatus(line: string): boolean | undefined {
  const status = /^VAR \S+ ups\.status "([^"]*)"$/.exec(line.trim())?.[1];
  return status === undefined ? undefined : gridOf(status);
}

/**
 * Reads the answer to `LIST VAR <ups>`.
 *
 * @throws Error naming what was seen: an error of the server such as DATA-STALE, a list that was cut, one without `ups.status`
 */
export function readUpsVars(answer: string, ups: string): UpsReading {
  const lines = answer.split("\n").map((line) => line.trim()).filter(Boolean);
  if (lines[0] !== `BEGIN LIST VAR ${ups}` || lines.at(-1) !== `END LIST VAR ${ups}`) {
    throw new Error(`it answered ${JSON.stringify((lines[0] ?? "").slice(0, 100))}, wanted a whole list`);
  }
  const values = new Map<string, string>();
  for (const line of lines.slice(1, -1)) {
    const [, of, name, value] = /^VAR (\S+) (\S+) "(.*)"$/.exec(line) ?? [];
    // What it says of another UPS says nothing of this one.
    if (of === ups && name !== undefined && value !== undefined) {
      values.set(name, value.replaceAll(/\\(.)/g, "$1"));
    }
  }
  // A source that tells a station what it said itself would keep old values fresh for ever.
  if (values.get("driver.name") === OWN_DRIVER) {
    throw new Error(
      "it is this product's own NUT server, which knows only what it was told, wanted another one",
    );
  }
  const status = values.get("ups.status");
  if (status === undefined) throw new Error("its list has no ups.status");
  const grid = gridOf(status);
  const number = (name: string, max: number, min = 0) => {
    const text = values.get(name)?.trim() ?? "";
    const value = DECIMAL.test(text) ? Number(text) : NaN;
    return value >= min && value <= max ? value : undefined;
  };
  const load = number("ups.load", 200);
  const nominalWatts = number("ups.realpower.nominal", 100_000, 1);
  const ofLoad = load !== undefined && nominalWatts !== undefined
    ? Math.round(load * nominalWatts) / 100
    : undefined;
  const text = (...names: readonly string[]) =>
    names.map((name) => shown(values.get(name) ?? "", 64)).find(Boolean);
  const serials = [values.get("device.serial"), values.get("ups.serial")];
  const runtimeSec = number("battery.runtime", 60_000_000);
  return {
    grid,
    status: shown(status, 100),
    soc: number("battery.charge", 100),
    dischargeMin: grid === false && runtimeSec !== undefined ? Math.floor(runtimeSec / 60) : undefined,
    outWatts: number("ups.realpower", 100_000) ?? ofLoad,
    inVolts: number("input.voltage", 1000),
    tempCelsius: number("battery.temperature", 200, -60) ?? number("ups.temperature", 200, -60),
    model: text("device.model", "ups.model"),
    serial: serials.map((one) => shown(one ?? "", 64)).find(isSerial),
  };
}

/** Text for people: no control characters, and none that turn the direction of what follows. */
function shown(text: string, longest: number): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, "").trim().slice(0, longest);
}

/** Not what devices without a serial number say: nothing, one character again and again, or a word for it. */
function isSerial(text: string): boolean {
  const plain = text.replaceAll(/[^\p{L}\p{N}]/gu, "");
  return plain.length >= 4 && !/^(.)\1*$/u.test(plain) &&
    !/^(unknown|none|null|notset|default)$/i.test(plain);
}

/** What our own NUT server calls its driver. */
const OWN_DRIVER = "ecoflow-power";

/** More UPSes of one server than this are not looked at. */
const MOST_UPSES = 32;

/** The answer to `LIST UPS`: each once, and no more than {@link MOST_UPSES}. @throws Error naming what was seen */
export function readUpsList(
  answer: string,
): readonly { readonly ups: string; readonly description: string }[] {
  const lines = answer.split("\n").map((line) => line.trim()).filter(Boolean);
  if (lines[0] !== "BEGIN LIST UPS" || lines.at(-1) !== "END LIST UPS") {
    throw new Error(`it answered ${JSON.stringify((lines[0] ?? "").slice(0, 100))}, wanted a list of UPSes`);
  }
  const found = new Map<string, string>();
  for (const line of lines.slice(1, -1)) {
    const [, ups, description = ""] = /^UPS ([A-Za-z0-9._-]{1,64}) "(.*)"$/.exec(line) ?? [];
    if (ups !== undefined && !found.has(ups)) found.set(ups, shown(description, 100));
  }
  return [...found].slice(0, MOST_UPSES).map(([ups, description]) => ({ ups, description }));
}

/** What drivers write; not what JavaScript takes besides, such as "0x64", "1e2" or "Infinity". */
const DECIMAL = /^-?\d{1,12}(\.\d{1,12})?$/;

function gridOf(status: string): boolean | undefined {
  const flags = status.trim().split(/\s+/);
  const [isOnLine, isOnBattery] = [flags.includes("OL"), flags.includes("OB")];
  return isOnLine === isOnBattery ? undefined : isOnLine;
}
