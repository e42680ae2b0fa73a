/** Makes certificates: an authority of the house's own, and what it signs. Nothing is written to disk. */
// The certificate package needs it to be loaded before itself.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { isIP } from "node:net";

/** A certificate with its private key, both PEM. */
export interface IssuedCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What to put into a certificate. */
export interface CertificateOptions {
  /** DNS names and IP addresses that it is good for; `localhost` and `127.0.0.1` when absent. */
  readonly names?: readonly string[];
  /** Subject; the first name when absent. Mosquitto takes it as the user name of a client certificate. */
  readonly commonName?: string;
  /** When it begins to hold, ms since 1970; a day ago when absent. */
  readonly notBeforeMs?: number;
  /** When it ends, ms since 1970; in a year when absent. */
  readonly notAfterMs?: number;
  /** Whom it identifies; a server when absent. */
  readonly usage?: "server" | "client";
}

/** A certificate authority that nobody trusts unless told to. */
export interface Authority {
  /** Its own certificate, PEM: what the other side is told to trust. */
  readonly caPem: string;
  /** Its private key, PEM: whoever has it can pose as any server of the house. */
  readonly keyPem: string;
  issue(options?: CertificateOptions): Promise<IssuedCertificate>;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 86_400_000;
const EXTENDED_USAGE = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" };

/** How an authority shall be. */
export interface AuthorityOptions {
  readonly commonName?: string;
  /** When it begins to hold, ms since 1970; two days ago when absent. */
  readonly notBeforeMs?: number;
  /** When it ends, ms since 1970; in two years when absent. */
  readonly notAfterMs?: number;
  /** Its private key, PEM; a fresh one when absent. Whoever trusts an authority of the same key and name trusts this one. */
  readonly keyPem?: string;
}

/** Makes an authority. @throws Error when `keyPem` is no key */
export async function createAuthority(options: AuthorityOptions = {}): Promise<Authority> {
  const keys = options.keyPem === undefined ? await newKeys() : await keysOf(options.keyPem);
  const name = `CN=${options.commonName ?? "ecoflow-power simulation"}`;
  const nowMs = Date.now();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name,
    notBefore: new Date(options.notBeforeMs ?? nowMs - 2 * DAY_MS),
    notAfter: new Date(options.notAfterMs ?? nowMs + 730 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    caPem: ca.toString("pem") + "\n",
    keyPem: await privatePem(keys.privateKey),
    issue: (options = {}) => issue(ca, keys.privateKey, options),
  };
}

/** The authority that these two texts are. @throws Error when they are no certificate and key, or not each other's */
export async function loadAuthority(caPem: string, keyPem: string): Promise<Authority> {
  const ca = new x509.X509Certificate(caPem);
  const { privateKey } = await keysOf(keyPem);
  return { caPem, keyPem, issue: (options = {}) => issue(ca, privateKey, options) };
}

async function keysOf(keyPem: string): Promise<CryptoKeyPair> {
  const [der] = x509.PemConverter.decode(keyPem);
  if (!der) throw new Error("Cannot load the authority: its key must be PEM, found none of its markers");
  const privateKey = await crypto.subtle.importKey("pkcs8", der, ALGORITHM, true, ["sign"]);
  const { d: _secret, key_ops: _operations, ...open } = await crypto.subtle.exportKey("jwk", privateKey);
  return { privateKey, publicKey: await crypto.subtle.importKey("jwk", open, ALGORITHM, true, ["verify"]) };
}

async function issue(
  ca: x509.X509Certificate,
  caKey: CryptoKey,
  options: CertificateOptions,
): Promise<IssuedCertificate> {
  const { names = ["localhost", "127.0.0.1"], usage = "server" } = options;
  const nowMs = Date.now();
  const keys = await newKeys();
  const cert = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    issuer: ca.subject,
    subject: `CN=${options.commonName ?? names[0]}`,
    notBefore: new Date(options.notBeforeMs ?? nowMs - DAY_MS),
    notAfter: new Date(options.notAfterMs ?? nowMs + 365 * DAY_MS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: caKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([EXTENDED_USAGE[usage]]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) ? "ip" as const : "dns" as const, value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
    ],
  });
  return { cert: cert.toString("pem") + "\n", key: await privatePem(keys.privateKey) };
}

async function privatePem(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY") + "\n";
}

function newKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]) as Promise<CryptoKeyPair>;
}

/** Positive and unique: 16 random bytes with the first bit off. */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0] ?? 0) & 0x7f | 0x40;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
