// deno-lint-ignore-file no-console -- a command-line tool speaks on the console
/**
 * `deno task record --sn SN [--minutes 5] [--out DIR] [--env FILE]`: listens on the local broker, beside a running
 * daemon, to what one station says, and writes each payload as a capture file without serial numbers.
 */
import { loadConfig } from "../lib/config/load.ts";
import { errorText } from "../lib/errors.ts";
import type { MqttConnectOptions } from "../lib/mqtt/client.ts";
import { connectMqtt } from "../lib/mqtt/npm_client.ts";
import { topicsUnder } from "../lib/mqtt/topics.ts";
import { anonymizePayload, cutSerial } from "../services/soc_bridge/anonymize.ts";
import { findModel } from "../services/soc_bridge/models.ts";

const USAGE = "usage: deno task record --sn SN [--minutes 1 to 120] [--out DIR] [--env FILE]";
/** A recording ends here, however long it was to be. */
const MAX_PAYLOADS = 5000;

interface Options {
  readonly sn: string;
  readonly minutes: number;
  readonly out: string;
  readonly env: string;
}

function readOptions(args: readonly string[]): Options {
  const values = new Map<string, string>();
  for (let i = 0; i < args.length; i += 2) {
    const [name = "", value] = args.slice(i, i + 2);
    if (!["--sn", "--minutes", "--out", "--env"].includes(name) || value === undefined) {
      throw new TypeError(`Cannot record: "${name}" is unknown or has no value\n${USAGE}`);
    }
    values.set(name, value);
  }
  const sn = values.get("--sn") ?? "";
  const minutes = Number(values.get("--minutes") ?? "5");
  if (!/^[A-Za-z0-9-]{4,32}$/.test(sn)) {
    throw new TypeError(`Cannot record: --sn must be a serial number, found "${sn}"\n${USAGE}`);
  }
  if (!(minutes > 0 && minutes <= 120)) {
    throw new RangeError(
      `Cannot record: --minutes must be up to 120, found "${values.get("--minutes")}"\n${USAGE}`,
    );
  }
  return {
    sn,
    minutes,
    out: values.get("--out") ?? `capture-${sn.slice(0, 4)}`,
    env: values.get("--env") ?? ".env",
  };
}

function brokerOptions(env: string): { options: MqttConnectOptions; topic: (sn: string) => string } {
  const exists = (path: string) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  };
  const { broker, embeddedPort, mqttClientId, roots } = loadConfig({
    ...(exists(env) ? { file: { name: env, text: Deno.readTextFileSync(env) } } : {}),
    environment: Deno.env.toObject(),
    readFile: (path) => Deno.readTextFileSync(path),
    exists,
  });
  const { host, port, username, password, tls } = broker ?? { host: "127.0.0.1", port: embeddedPort };
  return {
    topic: topicsUnder(roots).raw,
    options: {
      host,
      port,
      ...(tls ? { tls } : {}),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      clientId: `${mqttClientId}-record-${Deno.pid}`,
      protocolVersion: 4,
      cleanSession: true,
      keepAliveSec: 30,
      connectTimeoutMs: 10_000,
    },
  };
}

/** The text of one capture file. */
function captureText(payload: Uint8Array, { sn }: Options, number: number): string {
  const model = findModel(sn);
  const text = new TextDecoder().decode(payload);
  let json: unknown;
  try {
    json = text.startsWith("{") ? JSON.parse(text) : undefined;
  } catch {
    json = undefined;
  }
  return JSON.stringify(
    {
      id: `${sn.slice(0, 4).toLowerCase()}-${String(number).padStart(4, "0")}`,
      model: model
        ? `${model.model} (serial prefix ${sn.slice(0, 4)})`
        : `unknown (serial prefix ${sn.slice(0, 4)})`,
      sn: cutSerial(sn),
      ...(model ? { family: model.family } : {}),
      transport: "local broker, raw topic",
      encoding: json === undefined ? "hex" : "json",
      payload: json ?? payload.toHex(),
      notes: "",
    },
    null,
    1,
  ) + "\n";
}

async function record(options: Options): Promise<number> {
  const { options: mqtt, topic } = brokerOptions(options.env);
  Deno.mkdirSync(options.out, { recursive: true });
  let count = 0;
  let end = (_why: string) => {};
  const ended = new Promise<string>((resolve) => end = resolve);
  const client = connectMqtt(mqtt, {
    onUp: () =>
      void client.subscribe(topic(options.sn), 0).then(
        () => console.log(`Listening to ${options.sn} for ${options.minutes} min; Ctrl-C ends it earlier`),
        (error) => end(errorText(error)),
      ),
    onDown: ({ text }) => end(`no connection to the broker: ${text}`),
    onMessage: ({ payload }) => {
      if (count >= MAX_PAYLOADS) return;
      const name = `${String(++count).padStart(4, "0")}.json`;
      Deno.writeTextFileSync(
        `${options.out}/${name}`,
        captureText(anonymizePayload(payload, options.sn), options, count),
      );
      if (count === MAX_PAYLOADS) end("");
    },
  });
  const timer = setTimeout(() => end(""), options.minutes * 60_000);
  const interrupt = () => end("");
  Deno.addSignalListener("SIGINT", interrupt);
  const problem = await ended;
  Deno.removeSignalListener("SIGINT", interrupt);
  clearTimeout(timer);
  await client.close();
  if (problem !== "") {
    console.error(`Cannot record: ${problem}`);
    return 1;
  }
  console.log(
    count === 0
      ? `Nothing was heard. Is the daemon running, and is ${options.sn} the whole serial number?`
      : `${count} payloads in ${options.out}/; serial numbers are cut. Look through them before you post them.`,
  );
  return count === 0 ? 1 : 0;
}

try {
  Deno.exit(await record(readOptions(Deno.args)));
} catch (error) {
  console.error(errorText(error));
  Deno.exit(2);
}
