/** `check` on the predecessor's own example file: its keys and its values, in its forms, under words of our own. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const EXAMPLE = `# who we are
ECOFLOW_ACCESS_KEY=""
ECOFLOW_SECRET_KEY=""
ECOFLOW_DEVICE_LIST="R631ZEB4WH000001,R631ZEB4WH000002"

MQTT_HOST=mosquitto.local
MQTT_PORT=1883
MQTT_USER=
MQTT_PASS=
ECOFLOW_BASE=bridge-ecoflow

PUSHOVER_ENABLED=false
PUSHOVER_USER_KEY=""
PUSHOVER_API_TOKEN=""
TELEGRAM_ENABLED=false
TELEGRAM_BOT_TOKEN=""
TELEGRAM_CHAT_ID=""

NOTIFY_GRID_LOSS=true           # a remark
NOTIFY_SOC_WARNINGS=true        # (every 2% drop)
NOTIFY_SHUTDOWN_COMMANDS=true   # a remark
NOTIFY_GRID_RESTORED=true       # a remark
NOTIFY_SYSTEM_EVENTS=true       # a remark

POLICY_SOC_MIN=10
POLICY_DEBOUNCE_SEC=180
POLICY_COOLDOWN_SEC=300
DEVICE_TO_AGENTS_JSON={"Study":["pc-study","nas-study"],"Office":["pc-office"]}
`;

async function check(text: string) {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-check-"));
  try {
    const env = join(dir, ".env");
    writeFileSync(env, text, { mode: 0o600 });
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--allow-read", "--allow-env", "--allow-sys=hostname"]
        .concat([join(ROOT, "main.ts"), "check", "--env", env]),
      stdout: "piped",
      stderr: "piped",
    }).output();
    const read = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: read(stdout), stderr: read(stderr) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

Deno.test("check on the predecessor's example says what is still missing, and ends with what moved over", async () => {
  const { code, stdout, stderr } = await check(EXAMPLE);
  assert.equal(code, 78);
  assert.match(stderr, /ECOFLOW_USER and ECOFLOW_PASS .*\s+must be set, found neither/);
  assert.doesNotMatch(stderr, /Unknown key/);
  const [moved = "", notMoved = ""] = stdout.trim().split("\n").slice(-2);
  assert.match(moved, /^moved over: /);
  for (
    const part of [
      "PUSHOVER_ENABLED (Pushover stays off)",
      "PUSHOVER_USER_KEY (now PUSHOVER_USER)",
      "PUSHOVER_API_TOKEN (now PUSHOVER_TOKEN)",
      "TELEGRAM_ENABLED (Telegram stays off)",
      "NOTIFY_GRID_LOSS (grid_lost is told)",
      "NOTIFY_SOC_WARNINGS (POLICY_SOC_STEP=2)",
      "POLICY_COOLDOWN_SEC",
      "DEVICE_TO_AGENTS_JSON",
    ]
  ) assert.ok(moved.includes(part), `${part} in ${moved}`);
  assert.equal(notMoved, "not moved: nothing");
});

Deno.test("check on the predecessor's example, filled in, can be used, and shows no secret", async () => {
  const filled = EXAMPLE
    .replace('ACCESS_KEY=""', 'ACCESS_KEY="AK_secret1"').replace('SECRET_KEY=""', 'SECRET_KEY="SK_secret2"')
    .replace("PUSHOVER_ENABLED=false", "PUSHOVER_ENABLED=true")
    .replace('USER_KEY=""', 'USER_KEY="secret3"').replace('API_TOKEN=""', 'API_TOKEN="secret4"')
    .replace("NOTIFY_GRID_LOSS=true ", "NOTIFY_GRID_LOSS=false ")
    .concat("NOTIFY_ON_TUESDAYS=true\nSHUTDOWN_CMD=sudo shutdown -h +1\n");
  const { code, stdout, stderr } = await check(filled);
  assert.equal(code, 0, stderr);
  const [moved = "", notMoved = ""] = stdout.trim().split("\n").slice(-2);
  assert.ok(moved.includes("PUSHOVER_ENABLED (Pushover is used)"), moved);
  assert.ok(moved.includes("NOTIFY_GRID_LOSS (NOTIFY_EVENTS=…,-grid_lost)"), moved);
  assert.equal(
    notMoved,
    "not moved: NOTIFY_ON_TUESDAYS (nothing here does that), SHUTDOWN_CMD (of an agent: see docs/agents.md)",
  );
  assert.doesNotMatch(stdout + stderr, /secret\d/);
});

Deno.test("check says nothing of moving over where nothing is the predecessor's", async () => {
  const { code, stdout } = await check("ECOFLOW_CLOUD=off\nNTFY_URL=https://ntfy.sh/x\n");
  assert.equal(code, 0);
  assert.doesNotMatch(stdout, /moved/);
});
