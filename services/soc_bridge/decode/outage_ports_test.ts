import assert from "node:assert/strict";
import { compileModel } from "../models/compiled_model.ts";
import { findModel } from "../models/models.ts";
import { readOutagePorts } from "./outage_ports.ts";

const MESSAGE = "DisplayPropertyUpload";

Deno.test("readOutagePorts() takes entries that can be used, and names those that cannot", async () => {
  const { outagePorts } = await compileModel(findModel("D3M1") ?? assert.fail());
  assert.ok(outagePorts);
  const read = (...entries: Record<string, number>[]) =>
    readOutagePorts(outagePorts, MESSAGE, { power_outages_list: { power_outage_item: entries } });
  const entry = (port: number, minSoc?: number, enable = 1) => ({
    power_outage_port_type: port,
    power_outage_port_enable: enable,
    ...(minSoc === undefined ? {} : { power_outage_min_soc: minSoc }),
  });
  assert.deepEqual(read(entry(1, 0), entry(3, 33)), {
    ports: [{ port: "dc", min_soc: 0 }, { port: "ac2", min_soc: 33 }],
    problems: [],
  });
  assert.deepEqual(read(entry(3, undefined, 0), entry(9, 200, 0)), { ports: [], problems: [] });
  const path = `${MESSAGE}.power_outages_list.power_outage_item`;
  const early = "a host on it may lose its power early";
  assert.deepEqual(read(entry(2, 20), entry(3), entry(1, 101), entry(7, 5)), {
    ports: [{ port: "ac1", min_soc: 20 }],
    problems: [
      `${path}[1].power_outage_min_soc of outlet "ac2" must be 0 to 100 %, found nothing: ${early}`,
      `${path}[2].power_outage_min_soc of outlet "dc" must be 0 to 100 %, found 101: ${early}`,
      `${path}[3].power_outage_port_type must be one of 1, 2, 3, found 7`,
    ],
  });
  assert.equal(readOutagePorts(outagePorts, MESSAGE, {}), undefined);
});
