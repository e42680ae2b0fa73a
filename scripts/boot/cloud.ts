/**
 * An emulated cloud with one station, as a program of its own for a system that boots without a network. It keeps running
 * until it is ended. SIGUSR1: the grid is gone and the battery low. SIGUSR2: all is well again.
 *
 * Arguments: the directory where it puts `cloud.pem` and `answers.toml` for `ecoflow-power setup --from`.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { IDLE_ON_GRID, stationEncoder, type StationValues } from "../../proto/encode_station.ts";
import { startCloud } from "../simulate/cloud/cloud.ts";

const SN = "R631SIM000000001";
const ACCOUNT = { user: "me@example.com", pass: "simulated-password" };
const OUTAGE: StationValues = { ...IDLE_ON_GRID, gridPresent: false, acInWatts: 0, socPercent: 5 };
const PUSH_EVERY_MS = 2000;

const [dir = "."] = Deno.args;
const encoder = await stationEncoder("RIVER 3 Plus", SN);
let values: StationValues = { ...IDLE_ON_GRID, socPercent: 80 };
const cloud = await startCloud({
  ...ACCOUNT,
  stations: [{
    sn: SN,
    name: "Study",
    productName: "",
    family: "protobuf",
    getAllReply: () => encoder.reply(values),
  }],
});
const push = () => {
  for (const bytes of encoder.pushes(values)) cloud.publishFrom(SN, "property", bytes);
};
setInterval(push, PUSH_EVERY_MS);
for (
  const [signal, next] of [["SIGUSR1", OUTAGE], ["SIGUSR2", { ...IDLE_ON_GRID, socPercent: 80 }]] as const
) {
  Deno.addSignalListener(signal, () => {
    values = next;
    push();
  });
}
writeFileSync(join(dir, "cloud.pem"), cloud.caPem);
writeFileSync(
  join(dir, "answers.toml"),
  `[account]
user = "${ACCOUNT.user}"
pass = "${ACCOUNT.pass}"

[[station]]
sn = "${SN}"
name = "Study"
hosts = ["pc"]

[dashboard]
listen = "127.0.0.1:8080"
password = "correct horse battery"

[keys]
ECOFLOW_API_HOSTS = "${cloud.apiHost}"
ECOFLOW_BROKER_HOSTS = "${cloud.brokerHost}"
ECOFLOW_CA_FILE = "${join(dir, "cloud.pem")}"
POLICY_SOC_MIN = 10
POLICY_DEBOUNCE_SEC = 12
POLICY_SHUTDOWN_DELAY_SEC = 5
POLICY_COOLDOWN_SEC = 60
`,
);
