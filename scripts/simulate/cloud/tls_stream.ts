/** An accepted TLS connection as the stream that the broker package wants. */
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";

/** How much is read at once, bytes. */
const READ_BYTES = 16 * 1024;

type Done = (error?: Error | null) => void;

/**
 * Deno's own TLS connection: behind the server side of `node:tls`, now and then a byte of a busy client's stream was lost.
 *
 * What is written in one go leaves in one piece. In several small ones each packet would wait 40 ms for the other side's
 * acknowledgement, because this connection cannot be told not to.
 */
export class TlsStream extends Duplex {
  #isReading = false;

  constructor(private readonly connection: Deno.TlsConn) {
    super();
  }

  override _read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    const chunk = new Uint8Array(READ_BYTES);
    this.connection.read(chunk).then((size) => {
      this.#isReading = false;
      this.push(size === null ? null : Buffer.from(chunk.buffer, 0, size));
    }, (error) => this.destroy(error));
  }

  override _write(chunk: Uint8Array, _encoding: string, done: Done): void {
    this.#writeAll(chunk).then(() => done(), done);
  }

  override _writev(chunks: { chunk: Uint8Array }[], done: Done): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "buffer", done);
  }

  override _final(done: Done): void {
    this.connection.closeWrite().then(() => done(), done);
  }

  override _destroy(error: Error | null, done: Done): void {
    try {
      this.connection.close();
    } catch {
      // It is closed already.
    }
    done(error);
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.connection.write(bytes.subarray(at));
  }
}
