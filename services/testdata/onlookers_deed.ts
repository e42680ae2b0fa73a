/**
 * For tests, a program: a house whose onlookers do one deed in their common worker, and then lose the grid. It says what the host
 * and the NAS were told, and ends as the daemon does.
 *
 * Run: onlookers_deed.ts DEED STATE_DIR
 */
import { EXIT, print } from "../../commands/command.ts";
import { GONE, startHouse, THERE } from "./onlookers_house.ts";

const [deed = "", dir = ""] = Deno.args;
const house = await startHouse(dir, (service) => {
  print(`SILENT ${service}\n`);
  Deno.exit(EXIT.software);
});
if (deed === "none") {
  print(`POLICY ${await house.policy()}\n`);
  await house.stop();
  Deno.exit(0);
}
await house.say({ cms_batt_soc: 40, ...THERE });
if (deed === "spin") await house.tell(deed);
await house.say({ cms_batt_soc: 40, ...GONE });
await house.commanded("shutdown");
print(`TOLD shutdown ${await house.status()}\n`);
if (deed !== "spin") await house.tell(deed);
