/** STARTTLS: turns an accepted connection into the server's end of a TLS connection. */
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { createSecureContext, type SecureContext, TLSSocket } from "node:tls";

/** What a conversation needs of a connection; `Deno.Conn` is one. */
export interface ByteStream {
  /** Resolves with the number of bytes, or null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Resolves with the number of bytes taken. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends a pending read or write with an error. */
  close(): void;
}

/** A certificate ready for use. */
export type ServerCertificate = SecureContext;

/** Reads the server's certificate (with its chain) and key. @throws Error when they are unusable */
export function loadCertificate(certPem: string, keyPem: string): ServerCertificate {
  return createSecureContext({ cert: certPem, key: keyPem, minVersion: "TLSv1.2" });
}

/**
 * Begins TLS as the server; `Deno.startTls` can only be the client. The handshake happens with the first read.
 *
 * @param plain Nothing may be read from or written to it any more; closing the result closes it
 */
export function startServerTls(plain: ByteStream, certificate: ServerCertificate): ByteStream {
  const socket = new TLSSocket(asDuplex(plain) as unknown as ConstructorParameters<typeof TLSSocket>[0], {
    isServer: true,
    secureContext: certificate,
  });
  // Errors reach the reader through the iterator; without a listener they would end the process.
  socket.on("error", () => {});
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let rest: Uint8Array = new Uint8Array(0);
  return {
    async read(into) {
      if (rest.length === 0) {
        const { value, done } = await chunks.next();
        if (done) return null;
        rest = value;
      }
      const piece = rest.subarray(0, into.length);
      into.set(piece);
      rest = rest.subarray(piece.length);
      return piece.length;
    },
    write: (bytes) =>
      new Promise((resolve, reject) => {
        socket.write(bytes, (error) => error ? reject(error) : resolve(bytes.length));
      }),
    close() {
      socket.destroy();
      plain.close();
    },
  };
}

/** The plain connection as Node knows it. */
function asDuplex(plain: ByteStream): Duplex {
  return new Duplex({
    read() {
      const buffer = new Uint8Array(16 * 1024);
      plain.read(buffer).then(
        (count) => this.push(count === null ? null : Buffer.from(buffer.subarray(0, count))),
        (error) => this.destroy(error),
      );
    },
    write(chunk: Uint8Array, _encoding, done) {
      writeAll(plain, chunk).then(() => done(), done);
    },
    destroy(error, done) {
      plain.close();
      done(error);
    },
  });
}

/** Writes every byte. */
export async function writeAll(stream: ByteStream, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await stream.write(bytes.subarray(sent));
}
