/** E-mail, handed in by SMTP with verified TLS. */
import type { Socket } from "node:net";
import type { EmailSettings } from "../../../lib/config/notifier/notifier_keys.ts";
import { errorText } from "../../../lib/errors.ts";
import { type Channel, SendError } from "../channel.ts";
import { hideSecrets } from "../../../lib/log/hide_secrets.ts";

/** The part of the library that is used. */
interface Transport {
  sendMail(mail: Readonly<Record<string, unknown>>): Promise<unknown>;
  close(): void;
}

/** For one step of the conversation, ms. */
const STEP_MS = 15_000;

/** What the channel is told besides its settings. */
export interface EmailSurroundings {
  /** An authority to trust besides the public ones. */
  readonly caPem?: string;
  /** This machine's name, with which it greets the server; absent: the address literal of loopback. */
  readonly hostName?: string;
}

/**
 * Makes the channel.
 *
 * The worker may not read the list of public authorities, and need not: the runtime checks against them when it is told of
 * none. So a server is checked against ours, else against the public ones, each in a connection of its own; which of them
 * worked is tried first the next time.
 */
export function email(settings: EmailSettings, { caPem, hostName }: EmailSurroundings): Channel {
  const { host, port, tls, login, from, to } = settings;
  const where = `${host}:${port}${tls === "none" ? "" : " with TLS"}`;
  const secrets = [login?.user, login?.pass];
  let authorities = caPem === undefined || tls === "none" ? [undefined] : [caPem, undefined];
  const sendBy = async (
    mail: Readonly<Record<string, unknown>>,
    ca: string | undefined,
    signal: AbortSignal,
  ) => {
    const transport = await openTransport(settings, ca, greetingName(hostName));
    const onAbort = () => transport.close();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await transport.sendMail(mail);
    } finally {
      signal.removeEventListener("abort", onAbort);
      transport.close();
    }
  };
  return {
    name: "email",
    async send({ title, text, severity, link }, signal) {
      const mail = {
        from,
        to: [...to],
        subject: title,
        text: link === undefined ? `${text}\n` : `${text}\n\n${link}\n`,
        // A danger must not lie at the bottom of a digest.
        priority: severity === "danger" ? "high" : "normal",
        // No holiday reply comes back to it (RFC 3834).
        headers: { "Auto-Submitted": "auto-generated" },
        disableFileAccess: true,
        disableUrlAccess: true,
      };
      for (const [i, ca] of authorities.entries()) {
        try {
          await sendBy(mail, ca, signal);
          authorities = [ca, ...authorities.filter((one) => one !== ca)];
          return;
        } catch (error) {
          signal.throwIfAborted();
          const isLast = i === authorities.length - 1;
          if (isLast || !isUntrusted(error)) throw faultOf(error, where, secrets);
        }
      }
    },
  };
}

/** Whether the server showed a certificate that was not believed; nothing of the mail was said then. */
function isUntrusted(error: unknown): boolean {
  return /certificate|UnknownIssuer|CERT_|self.signed/i.test(errorText(error));
}

/** Servers turn away whoever greets them with a single word (RFC 5321, 4.1.1.1: a full name, or an address literal). */
export function greetingName(hostName: string | undefined): string {
  const name = hostName?.toLowerCase().replace(/\.$/, "") ?? "";
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(name)) return "[127.0.0.1]";
  if (name === "localhost") return "[127.0.0.1]";
  // The name under which the house knows it.
  return name.includes(".") ? name : `${name}.local`;
}

/** Loaded when the first mail is sent: who sends none does not pay for it. @param ca Trusted instead of the public ones */
async function openTransport(
  { host, port, tls, login }: EmailSettings,
  ca: string | undefined,
  name: string,
): Promise<Transport> {
  const { default: nodemailer } = await import("nodemailer");
  const options: Readonly<Record<string, unknown>> = {
    // The library would look the name up by itself, which the worker may not: it may connect to this host and port only.
    getSocket: (_options: unknown, done: (error: Error | null, socket?: { connection: Socket }) => void) =>
      openSocket(host, port).then((connection) => done(null, { connection }), (error) => done(error)),
    host,
    port,
    secure: tls === "implicit",
    requireTLS: tls === "starttls",
    ignoreTLS: tls === "none",
    name,
    ...(login ? { auth: { user: login.user, pass: login.pass } } : {}),
    tls: {
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca }),
    },
    connectionTimeout: STEP_MS,
    greetingTimeout: STEP_MS,
    socketTimeout: STEP_MS,
    logger: false,
  };
  return nodemailer.createTransport(options) as Transport;
}

async function openSocket(host: string, port: number): Promise<Socket> {
  const { connect } = await import("node:net");
  return await new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(STEP_MS, () => fail(new Error(`no connection within ${STEP_MS / 1000} s`)));
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.setTimeout(0);
      socket.removeAllListeners("timeout");
      socket.off("error", fail);
      resolve(socket);
    });
  });
}

/** 5xx replies and refused log-ins stay so; everything else may pass. */
function faultOf(error: unknown, where: string, secrets: readonly (string | undefined)[]): SendError {
  const { responseCode, code } = (typeof error === "object" && error !== null ? error : {}) as {
    responseCode?: number;
    code?: string;
  };
  const isFinal = code === "EAUTH" || (responseCode !== undefined && responseCode >= 500);
  const text = hideSecrets(errorText(error), secrets);
  return new SendError(`${where}: ${text}`.slice(0, 300), isFinal);
}
