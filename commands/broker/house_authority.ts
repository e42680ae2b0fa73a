/**
 * The house's authority and the certificate of its broker, as files. Hosts are paired with the authority: what they know of it stays
 * for as long as it can be used. What cannot be used, as after a cut of power, is made anew out of what can.
 */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { createAuthority, loadAuthority } from "../../lib/certificates.ts";
import type { TextFile } from "../../lib/files/text_file.ts";

/**
 * Certificates begin to hold in 1970: a host's clock may have lost its battery, and in an outage no network tells it the time. A Pi
 * without a clock may issue one in what it takes for 1970, too.
 */
const NOT_BEFORE_MS = 0;
/** A clock that says less was not set yet, ms since 1970. */
const LEAST_NOW_MS = Date.UTC(2026, 0, 1);
const YEAR_MS = 365 * 86_400_000;
const AUTHORITY_YEARS = 30;
const SERVER_YEARS = 20;

/** Where they lie. */
export interface AuthorityFiles {
  readonly caPem: TextFile;
  readonly caKey: TextFile;
  readonly serverCert: TextFile;
  readonly serverKey: TextFile;
}

/** What of them can be used; undefined: it is not there, or cannot. */
export interface AuthorityState {
  readonly ca?: X509Certificate;
  readonly caKey?: KeyObject;
  readonly server?: X509Certificate;
  /** The server's certificate and key are each other's, and the authority's. */
  readonly canServe: boolean;
}

/** Looks at them. @throws Error when one may not be read */
export function authorityState(files: AuthorityFiles): AuthorityState {
  const ca = certificateIn(files.caPem.read());
  const caKey = keyIn(files.caKey.read());
  const server = certificateIn(files.serverCert.read());
  const serverKey = keyIn(files.serverKey.read());
  const signer = caKey ? createPublicKey(caKey) : ca?.publicKey;
  const canServe = server !== undefined && serverKey !== undefined && signer !== undefined &&
    server.checkPrivateKey(serverKey) && server.verify(signer);
  return { ca, caKey, server, canServe };
}

/**
 * Makes what is missing or cannot be used.
 *
 * @param names By which hosts reach this machine; a certificate that was not renewed keeps those of the one before
 * @param renew Issues a new certificate of the server
 * @returns what was made, in words
 */
export async function keepAuthority(
  files: AuthorityFiles,
  names: readonly string[],
  renew: boolean,
): Promise<string[]> {
  const { ca, caKey, server, canServe } = authorityState(files);
  const isGood = canServe && Date.parse(server?.validFrom ?? "") <= NOT_BEFORE_MS;
  // By another authority no paired host would come in any more: while this one's broker serves them, it stays.
  if (!renew && canServe && ca && (isGood || !caKey) && (!caKey || ca.checkPrivateKey(caKey))) return [];

  const nowMs = Math.max(Date.now(), LEAST_NOW_MS);
  const made: string[] = [];
  const [caText, keyText] = [files.caPem.read(), files.caKey.read()];
  const isWhole = ca !== undefined && caKey !== undefined && ca.checkPrivateKey(caKey);
  const authority = isWhole && caText !== undefined && keyText !== undefined
    ? await loadAuthority(caText, keyText)
    : await createAuthority({
      commonName: "ecoflow-power of this house",
      notBeforeMs: NOT_BEFORE_MS,
      notAfterMs: nowMs + AUTHORITY_YEARS * YEAR_MS,
      // By the same key and name: hosts go on trusting what it signs.
      keyPem: caKey && keyText,
    });
  if (!isWhole) {
    for (const [file, text] of [[files.caPem, caText], [files.caKey, keyText]] as const) {
      if (text !== undefined && (file === files.caPem || !caKey)) file.setAside();
    }
    files.caKey.write(authority.keyPem);
    files.caPem.write(authority.caPem);
    if (caKey) made.push("the authority's certificate by its own key");
    else if (caText === undefined && keyText === undefined) made.push("an authority of this house");
    else {made.push(
        "another authority, because the one before cannot be used: EVERY HOST MUST BE PAIRED ANEW",
      );}
  }
  if (isGood && caKey && !renew) return made;
  const wanted = renew ? names : namesIn(server) ?? names;
  const { cert, key } = await authority.issue({
    names: wanted,
    notBeforeMs: NOT_BEFORE_MS,
    notAfterMs: nowMs + SERVER_YEARS * YEAR_MS,
  });
  files.serverKey.write(key);
  files.serverCert.write(cert);
  made.push(`a certificate for ${wanted.join(", ")}`);
  return made;
}

function certificateIn(text: string | undefined): X509Certificate | undefined {
  try {
    return text === undefined ? undefined : new X509Certificate(text);
  } catch {
    return undefined;
  }
}

function keyIn(text: string | undefined): KeyObject | undefined {
  try {
    return text === undefined ? undefined : createPrivateKey(text);
  } catch {
    return undefined;
  }
}

/** What the certificate is good for: `DNS:pi, IP Address:192.168.1.2`. */
function namesIn(server: X509Certificate | undefined): readonly string[] | undefined {
  const names = server?.subjectAltName?.split(", ").map((one) => one.replace(/^[^:]*:/, ""));
  return names !== undefined && names.length > 0 && names.every((name) => /^[\w.:-]+$/.test(name))
    ? names
    : undefined;
}
