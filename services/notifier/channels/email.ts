/** E-mail, handed in by SMTP with verified TLS. */
import type { EmailSettings } from "../../../lib/config/notifier_keys.ts";
import { errorText } from "../../../lib/errors.ts";
import { type Channel, SendError } from "../channel.ts";
import { hideSecrets } from "../../../lib/hide_secrets.ts";

/** The part of the library that is used. */
interface Transport {
  sendMail(mail: Readonly<Record<string, unknown>>): Promise<unknown>;
  close(): void;
}

/** For one step of the conversation, ms. */
const STEP_MS = 15_000;

/** Makes the channel. @param caPem An authority to trust besides the public ones */
export function email(settings: EmailSettings, caPem: string | undefined): Channel {
  const { host, port, tls, login, from, to } = settings;
  return {
    name: "email",
    async send({ title, text, severity, link }, signal) {
      const transport = await openTransport(settings, caPem);
      const onAbort = () => transport.close();
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        await transport.sendMail({
          from,
          to: [...to],
          subject: title,
          text: link === undefined ? `${text}\n` : `${text}\n\n${link}\n`,
          // A danger must not lie at the bottom of a digest.
          priority: severity === "danger" ? "high" : "normal",
          disableFileAccess: true,
          disableUrlAccess: true,
        });
      } catch (error) {
        signal.throwIfAborted();
        throw faultOf(error, `${host}:${port}${tls === "none" ? "" : " with TLS"}`, [
          login?.user,
          login?.pass,
        ]);
      } finally {
        signal.removeEventListener("abort", onAbort);
        transport.close();
      }
    },
  };
}

/** Loaded when the first mail is sent: who sends none does not pay for it. */
async function openTransport({ host, port, tls, login }: EmailSettings, caPem?: string): Promise<Transport> {
  const { default: nodemailer } = await import("nodemailer");
  const { rootCertificates } = await import("node:tls");
  return nodemailer.createTransport({
    host,
    port,
    secure: tls === "implicit",
    requireTLS: tls === "starttls",
    ignoreTLS: tls === "none",
    // Named to the server; our own name is nobody's business.
    name: "ecoflow-power",
    ...(login ? { auth: { user: login.user, pass: login.pass } } : {}),
    tls: {
      rejectUnauthorized: true,
      ...(caPem === undefined ? {} : { ca: [...rootCertificates, caPem] }),
    },
    connectionTimeout: STEP_MS,
    greetingTimeout: STEP_MS,
    socketTimeout: STEP_MS,
    logger: false,
  }) as Transport;
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
