import assert from "node:assert/strict";
import { startEmbeddedBroker } from "../lib/mqtt/embedded_broker.ts";
import { connectMqtt } from "../lib/mqtt/npm_client.ts";
import { IDLE_ON_GRID, stationEncoder } from "../proto/encode_station.ts";
import { parseCapture } from "./decode/captures.ts";
import { decodeCapture } from "./decode/decode_capture.ts";

const SN = "R631ZEB4ABCD1234";

Deno.test("record writes what a station says as captures that decode, without its serial number", async () => {
  const broker = await startEmbeddedBroker({ port: 0, host: "127.0.0.1" });
  const out = await Deno.makeTempDir();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--allow-net", "--allow-read", "--allow-write", "--allow-env"],
      ...["--allow-sys=hostname", "main.ts", "record", "--sn", SN, "--minutes", "1", "--out", out],
    ],
    cwd: new URL("../", import.meta.url),
    env: { ECOFLOW_CLOUD: "off", MQTT_HOST: "127.0.0.1", MQTT_PORT: String(broker.port) },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  try {
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    assert.match((await lines.read()).value ?? "", /Listening to R631ZEB4ABCD1234 for 1 min/);

    const payload = (await stationEncoder("RIVER 3 Plus", SN)).reply(IDLE_ON_GRID);
    let up = () => {};
    const isUp = new Promise<void>((resolve) => up = resolve);
    const station = connectMqtt({
      host: "127.0.0.1",
      port: broker.port,
      clientId: "station",
      protocolVersion: 4,
      cleanSession: true,
      keepAliveSec: 30,
      connectTimeoutMs: 5000,
    }, { onUp: () => up(), onDown: () => {}, onMessage: () => {} });
    await isUp;
    await station.publish(`bridge-ecoflow/${SN}/data`, payload, { qos: 1 });
    await station.publish(`bridge-ecoflow/${SN}/data`, `{"params":{"sn":"${SN}"}}`, { qos: 1 });
    await station.close();
    await fileIsThere(`${out}/0002.json`);
    child.kill("SIGINT");
    assert.equal((await child.status).code, 0);
    await lines.cancel();

    const text = await Deno.readTextFile(`${out}/0001.json`);
    const capture = parseCapture(text, "0001.json");
    assert.equal(String(capture.payload).length, 2 * payload.length);
    const { state } = await decodeCapture(capture, "0001.json");
    assert.equal(state.soc, 100);
    assert.equal(state.sn, "R631ZEB400000000");
    for (const name of ["0001.json", "0002.json"]) {
      assert.doesNotMatch(await Deno.readTextFile(`${out}/${name}`), /ABCD1234|4142434431323334/, name);
    }
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await child.status;
    await broker.stop();
    await Deno.remove(out, { recursive: true });
  }
});

async function fileIsThere(path: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      await Deno.stat(path);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  throw new Error(`Cannot see "${path}" after 10 s`);
}
