/**
 * Prepares a card, or an image file, with Raspberry Pi OS so that its first boot installs and sets up everything.
 *
 * Run: scripts/flash --target DEVICE|FILE --deb FILE --setup FILE [options]
 */
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { errorText } from "../lib/errors.ts";
import { wholeAnswers } from "./flash_card/answers_file.ts";
import {
  FILES,
  type FirstBoot,
  firstBootScript,
  metaData,
  networkConfig,
  userData,
} from "./flash_card/first_boot.ts";
import { findBootPartition } from "./flash_card/partitions.ts";
import { blockDevices, targetProblem } from "./flash_card/target.ts";

const USAGE = `Usage: scripts/flash --target DEVICE|FILE --deb FILE [options]

  --target T            the card, such as /dev/sdb, or an image file
  --image FILE          Raspberry Pi OS (64-bit, with cloud-init), unpacked; written to the target first.
                        Without it the target must have it already
  --deb FILE            the package: deno task build, deno task package
  --setup FILE          the answers for "ecoflow-power setup" (docs/install.md); without it you set up by hand
  --hostname NAME       the Pi's name; ecoflow when not given
  --user NAME           an account for you, with --ssh-key
  --ssh-key FILE        your public key: the only way in over the network
  --wifi SSID           the radio network, with --wifi-password-file and --wifi-country
  --wifi-password-file FILE
  --wifi-country CC     two letters
  --dry-run             say what would be written, and stop
  --yes                 do not ask
`;

const COPY_BYTES = 4 * 1024 * 1024;

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) return say(USAGE);
  try {
    return await flash(readOptions(args));
  } catch (error) {
    return complain(`${errorText(error)}\n`, error instanceof TypeError ? 64 : 1);
  }
}

type Options = ReturnType<typeof readOptions>;

/** @throws TypeError on a wrong command line, RangeError on a value that cannot be used */
function readOptions(args: readonly string[]) {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      target: text,
      image: text,
      deb: text,
      setup: text,
      hostname: { ...text, default: "ecoflow" },
      user: text,
      "ssh-key": text,
      wifi: text,
      "wifi-password-file": text,
      "wifi-country": text,
      "dry-run": { type: "boolean", default: false },
      yes: { type: "boolean", default: false },
    },
  });
  const { target, deb } = values;
  if (target === undefined || deb === undefined) {
    throw new TypeError(`--target and --deb are needed\n\n${USAGE}`);
  }
  if ((values.user === undefined) !== (values["ssh-key"] === undefined)) {
    throw new TypeError("--user and --ssh-key come together: nobody gets in with a password");
  }
  return { ...values, target, deb, boot: firstBootOf(values) };
}

function firstBootOf(values: Readonly<Record<string, string | boolean | undefined>>): FirstBoot {
  const text = (name: string) => values[name] as string | undefined;
  const must = (name: string, value: string | undefined, pattern: RegExp, wanted: string): string => {
    if (value !== undefined && pattern.test(value)) return value;
    throw new RangeError(
      `--${name} must be ${wanted}, found ${value === undefined ? "nothing" : `"${value}"`}`,
    );
  };
  const hostname = must(
    "hostname",
    text("hostname"),
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i,
    "letters, digits and -",
  );
  const sshKeyFile = text("ssh-key");
  const ssid = text("wifi");
  const passwordFile = text("wifi-password-file");
  const readLine = (path: string) => Deno.readTextFileSync(path).trim();
  const isKey = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-\S+|sk-\S+) [A-Za-z0-9+/=]+( .*)?$/;
  if (sshKeyFile !== undefined && !isKey.test(readLine(sshKeyFile))) {
    throw new RangeError(`--ssh-key must be a public key, found another content in "${sshKeyFile}"`);
  }
  let wifi: FirstBoot["wifi"];
  if (ssid !== undefined) {
    const password = passwordFile === undefined ? "" : readLine(passwordFile);
    if (password.length < 8 || password.length > 63) {
      throw new RangeError("--wifi-password-file must hold 8 to 63 characters");
    }
    wifi = {
      ssid,
      password,
      country: must("wifi-country", text("wifi-country"), /^[A-Z]{2}$/, "two capital letters"),
    };
  }
  return {
    hostname,
    ...(sshKeyFile === undefined ? {} : {
      login: {
        user: must("user", text("user"), /^[a-z_][a-z0-9_-]{0,31}$/, "a Linux user name"),
        sshKey: readLine(sshKeyFile),
      },
    }),
    ...(wifi ? { wifi } : {}),
  };
}

async function flash(options: Options): Promise<number> {
  const { target, image, deb, setup, boot } = options;
  const debInfo = await packageInfo(deb);
  const answers = setup === undefined
    ? undefined
    : wholeAnswers(Deno.readTextFileSync(setup), `"${setup}"`, (path) => Deno.readTextFileSync(path));
  const problem = isImageFile(target)
    ? undefined
    : targetProblem(basename(Deno.realPathSync(target)), blockDevices());
  if (problem !== undefined) throw new RangeError(`Cannot write to ${target}: it ${problem}`);
  const source = image ?? target;
  const { offsetBytes } = findBootPartition(readStart(source), `"${source}"`);
  await checkBootFiles(`${source}@@${offsetBytes}`, source);

  const files: Record<string, string> = {
    [FILES.userData]: userData(boot),
    [FILES.networkConfig]: networkConfig(boot),
    [FILES.metaData]: metaData(`ecoflow-${crypto.randomUUID()}`),
    [FILES.script]: firstBootScript(),
    ...(answers === undefined ? {} : { [FILES.answers]: answers }),
  };
  say(`${target}:`);
  if (image !== undefined) {
    say(`  all of it is OVERWRITTEN with ${image} (${megabytes(Deno.statSync(image).size)})`);
  }
  say(`  ${FILES.package}  ${debInfo}`);
  for (const [name, text] of Object.entries(files)) say(`  ${name}  ${text.length} bytes`);
  if (answers !== undefined) {
    say("  (the answers hold your password until the first boot is done: keep the card safe)");
  }
  if (options["dry-run"]) return say("Nothing was written.");
  if (!options.yes && !agrees(target)) return complain("Nothing was written.\n", 1);

  if (image !== undefined) copyWhole(image, target);
  const place = `${target}@@${offsetBytes}`;
  await mtools("mcopy", ["-o", "-i", place, deb, `::${FILES.package}`]);
  for (const [name, text] of Object.entries(files)) {
    // Not by a file: it would outlive a run that is ended in the middle.
    await mtools("mcopy", ["-o", "-i", place, "-", `::${name}`], text);
  }
  return say("Done. Put the card into the Pi, and give it some minutes: it installs, and sets itself up.");
}

/** Name, version and architecture of the package. @throws RangeError when it is another one */
async function packageInfo(deb: string): Promise<string> {
  const { success, stdout } = await new Deno.Command("dpkg-deb", {
    args: ["--field", deb, "Package", "Version", "Architecture"],
    stderr: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(text)?.[1] ?? "";
  if (!success || field("Package") !== "ecoflow-power") {
    throw new RangeError(
      `Cannot use "${deb}": must be the package ecoflow-power, found ${field("Package") || "none"}`,
    );
  }
  if (field("Architecture") !== "arm64") {
    throw new RangeError(`Cannot use "${deb}": must be for arm64, found ${field("Architecture")}`);
  }
  return `${field("Package")} ${field("Version")} ${field("Architecture")}, ${
    megabytes(Deno.statSync(deb).size)
  }`;
}

function readStart(path: string): Uint8Array {
  const file = Deno.openSync(path);
  try {
    const bytes = new Uint8Array(512);
    return bytes.subarray(0, file.readSync(bytes) ?? 0);
  } finally {
    file.close();
  }
}

/** A 64-bit system that looks for cloud-init's files. @throws RangeError otherwise */
async function checkBootFiles(place: string, source: string): Promise<void> {
  const names = (await mtools("mdir", ["-b", "-i", place, "::"])).toLowerCase();
  for (const name of ["config.txt", "cmdline.txt"]) {
    if (!names.includes(`/${name}`)) {
      throw new RangeError(`Cannot use "${source}": its boot partition has no ${name}`);
    }
  }
  if (!names.includes("/kernel8.img") && !names.includes("/kernel_2712.img")) {
    throw new RangeError(
      `Cannot use "${source}": must be the 64-bit Raspberry Pi OS, found no 64-bit kernel`,
    );
  }
  if (!names.includes("/user-data")) {
    throw new RangeError(
      `Cannot use "${source}": must be a Raspberry Pi OS with cloud-init (end of 2025 or later), found no user-data on ` +
        "its boot partition",
    );
  }
}

function copyWhole(image: string, target: string): void {
  const from = Deno.openSync(image);
  const to = Deno.openSync(target, { write: true, create: isImageFile(target) });
  try {
    const bytes = new Uint8Array(COPY_BYTES);
    for (let count = from.readSync(bytes); count !== null; count = from.readSync(bytes)) {
      for (let done = 0; done < count;) done += to.writeSync(bytes.subarray(done, count));
    }
    to.syncSync();
  } finally {
    from.close();
    to.close();
  }
}

/** Whether it is one, or is going to be. Never by its name: a link may lead to a disk, and a path to /dev has many spellings. */
function isImageFile(target: string): boolean {
  try {
    return Deno.statSync(target).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound && !target.startsWith("/dev/")) return true;
    throw error;
  }
}

/** @param input What the program reads as its standard input @throws Error with what the program said */
async function mtools(program: string, args: readonly string[], input = ""): Promise<string> {
  const env = { MTOOLS_SKIP_CHECK: "1" };
  try {
    const child = new Deno.Command(program, {
      args: [...args],
      env,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    // A program that ends before it has read all says itself why.
    await writer.write(new TextEncoder().encode(input)).then(() => writer.close()).catch(() => {});
    const { success, stdout, stderr } = await child.output();
    if (success) return new TextDecoder().decode(stdout);
    throw new Error(`Cannot use the boot partition: ${new TextDecoder().decode(stderr).trim()}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`"${program}" is needed: sudo apt install mtools`, { cause: error });
  }
}

function agrees(target: string): boolean {
  return prompt(`Write this to ${target}? Type its name again:`) === target;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function say(text: string): 0 {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  return 0;
}

function complain(text: string, code: number): number {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
  return code;
}
