/** For tests: a NUT client that sends lines and waits for whole answers. */
import { once } from "node:events";
import { connect as connectTcp } from "node:net";

/** See the file comment. */
export class LineClient {
  #text = "";
  #isOver = false;
  #reading: Promise<void> | undefined;

  private constructor(private readonly stream: Pick<Deno.Conn, "read" | "write" | "close">) {}

  /** The connection, to begin TLS on it. */
  get conn(): Deno.Conn {
    return this.stream as Deno.Conn;
  }

  static async connect(port: number): Promise<LineClient> {
    return new LineClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** From another address of loopback, as if it were another machine. */
  static async connectFrom(address: string, port: number): Promise<LineClient> {
    const socket = connectTcp({ host: "127.0.0.1", port, localAddress: address });
    await once(socket, "connect");
    // What the server does to the connection is seen by whoever reads.
    socket.on("error", () => {});
    const chunks = socket[Symbol.asyncIterator]();
    return new LineClient({
      async read(into) {
        const { value, done } = await chunks.next();
        if (done) return null;
        // Answers are far shorter than the buffer.
        into.set(value);
        return value.length;
      },
      write: (bytes) =>
        new Promise((resolve, reject) =>
          socket.write(bytes, (error) => error ? reject(error) : resolve(bytes.length))
        ),
      close: () => void socket.destroy(),
    });
  }

  /** Over a connection that is there already. */
  static over(conn: Deno.Conn): LineClient {
    return new LineClient(conn);
  }

  /** Sends text as it is; characters up to 255 are single bytes. */
  async send(text: string | Uint8Array): Promise<void> {
    const bytes = typeof text === "string" ? Uint8Array.from(text, (char) => char.charCodeAt(0)) : text;
    for (let sent = 0; sent < bytes.length;) sent += await this.stream.write(bytes.subarray(sent));
  }

  /** The next line; undefined when the server has closed. */
  async line(): Promise<string | undefined> {
    while (!this.#text.includes("\n")) {
      if (this.#isOver) return undefined;
      await this.#more();
    }
    const end = this.#text.indexOf("\n");
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }

  /** Sends a line and returns its whole answer; empty when the server has closed. */
  async ask(line: string): Promise<string[]> {
    await this.send(`${line}\n`).catch(() => {});
    return await this.#answer();
  }

  /** Like {@link LineClient.ask}, for a line that may have no answer: empty when none begins within `waitMs`. */
  async askWithin(line: string, waitMs: number): Promise<string[]> {
    await this.send(`${line}\n`).catch(() => {});
    const endMs = Date.now() + waitMs;
    while (!this.#text.includes("\n") && !this.#isOver && Date.now() < endMs) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const tooLate = new Promise<void>((resolve) => timer = setTimeout(resolve, endMs - Date.now()));
      await Promise.race([this.#more(), tooLate]);
      clearTimeout(timer);
    }
    if (!this.#text.includes("\n")) return [];
    return await this.#answer();
  }

  /** Asks lines one after the other and returns the first line of each answer. */
  async askAll(...lines: readonly string[]): Promise<string[]> {
    const answers: string[] = [];
    for (const line of lines) answers.push((await this.ask(line))[0] ?? "closed");
    return answers;
  }

  close(): void {
    try {
      this.stream.close();
    } catch {
      // Already closed.
    }
  }

  async #answer(): Promise<string[]> {
    const lines: string[] = [];
    do {
      const next = await this.line();
      if (next === undefined) break;
      lines.push(next);
    } while (lines[0]?.startsWith("BEGIN ") && !lines.at(-1)?.startsWith("END "));
    return lines;
  }

  /** Waits for more text; several waiters share one read. */
  #more(): Promise<void> {
    this.#reading ??= this.#read().finally(() => this.#reading = undefined);
    return this.#reading;
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(4096);
    const count = await this.stream.read(buffer).catch(() => null);
    if (count === null) this.#isOver = true;
    else this.#text += new TextDecoder().decode(buffer.subarray(0, count));
  }
}
