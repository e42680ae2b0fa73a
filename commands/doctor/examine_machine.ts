/** Looks at the machine that the daemon runs on: its files, its disk, its clock, its certificate. */
import { isThere } from "../terminal/is_there.ts";
import { X509Certificate } from "node:crypto";
import { statfsSync } from "node:fs";
import type { HouseConfig } from "../../lib/config/load.ts";
import { errorText } from "../../lib/errors.ts";
import { fileErrorText } from "../terminal/file_error.ts";
import type { Finding } from "../../lib/findings.ts";

/** The daemon's own state grows to a few MB; a disk with less than this is about to fail, MB. */
const MIN_FREE_MB = 50;
const DAY_MS = 86_400_000;

/** All looks. `envPath`: the configuration's file; absent: none. `root`: below which Mosquitto's files lie. */
export function examineMachine(
  house: HouseConfig,
  { envPath, root, nowWallMs }: { envPath: string | undefined; root: string; nowWallMs: number },
): Finding[] {
  return [
    ...examineSecrets(envPath),
    examineState(house.stateDir),
    examineClock(nowWallMs),
    ...examineCertificate(`${root}etc/mosquitto/ecoflow-power/server.pem`, nowWallMs),
    ...examineHugePages(`${root}run/ecoflow-power-huge-pages`),
  ];
}

/** Files with secrets in them that anybody on this machine could read. */
function examineSecrets(envPath: string | undefined): Finding[] {
  const what = "secrets";
  if (envPath === undefined || Deno.build.os === "windows") return [];
  const { mode } = Deno.statSync(envPath);
  const holdsSecret = /^\s*[A-Z_]*(PASS|PASSWORD|SECRET_KEY|ACCESS_KEY|TOKEN)\s*=\s*\S/m.test(
    Deno.readTextFileSync(envPath),
  );
  if (holdsSecret && mode !== null && (mode & 0o004) !== 0) {
    return [{ what, verdict: "bad", text: `everybody can read ${envPath}; run: chmod o= ${envPath}` }];
  }
  return [{ what, verdict: "good", text: `${envPath} shows nothing to others` }];
}

function examineState(stateDir: string): Finding {
  const what = "state";
  try {
    const { bavail, bsize } = statfsSync(stateDir);
    const freeMb = Math.floor(Number(bavail) * Number(bsize) / 1e6);
    const isLow = freeMb < MIN_FREE_MB;
    const text = `${stateDir}, ${freeMb} MB free`;
    return { what, verdict: isLow ? "bad" : "good", text: isLow ? `${text}: make room` : text };
  } catch (error) {
    return {
      what,
      verdict: "bad",
      text: `${stateDir}: ${
        error instanceof Deno.errors.PermissionDenied || /EACCES|EPERM/.test(errorText(error))
          ? fileErrorText(error)
          : `${errorText(error)}; the daemon makes it at its start`
      }`,
    };
  }
}

function examineClock(nowWallMs: number): Finding {
  const what = "clock";
  const now = `it says ${new Date(nowWallMs).toISOString()}`;
  if (isThere("/run/systemd/timesync/synchronized")) {
    return { what, verdict: "good", text: `kept by the network; ${now}` };
  }
  const text = `${now}; whether the network keeps it is not known here: timedatectl tells`;
  return { what, verdict: "unsure", text };
}

/** What was found out before the daemon's start, by a script of the package: the kernel's settings are not ours to read. */
export function examineHugePages(note: string): Finding[] {
  if (!isThere(note)) return [];
  return [{ what: "memory", verdict: "bad", text: Deno.readTextFileSync(note).trim() }];
}

/** The certificate of the Mosquitto beside us, where there is one. */
function examineCertificate(path: string, nowWallMs: number): Finding[] {
  const what = "certificate";
  if (!isThere(path)) return [];
  try {
    const { validTo, subjectAltName } = new X509Certificate(Deno.readTextFileSync(path));
    const daysLeft = Math.floor((Date.parse(validTo) - nowWallMs) / DAY_MS);
    if (daysLeft < 30) {
      const text = `of the broker ends in ${daysLeft} days; run: ecoflow-power broker setup --renew`;
      return [{ what, verdict: "bad", text }];
    }
    return [{ what, verdict: "good", text: `of the broker, for ${subjectAltName ?? "nobody"}` }];
  } catch (error) {
    return [{ what, verdict: "unsure", text: `${path}: ${fileErrorText(error)}` }];
  }
}
