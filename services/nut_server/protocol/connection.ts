/** One client's connection: bytes in, lines to the conversation, answers out, at the client's own pace. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../../lib/time/clock.ts";
import { errorLine } from "./answers.ts";
import { LineLexer } from "./lexer.ts";
import { TokenBucket } from "../access/limits.ts";
import type { SessionEffect } from "./session.ts";
import { type ByteStream, type ServerCertificate, startServerTls, writeAll } from "../access/tls.ts";

/** Answers that are held back until they are this long, in characters; more than the longest answer to one line. */
const FLUSH_CHARS = 8 * 1024;

/** What a connection asks of the server. */
export interface ConnectionPort {
  readonly clock: Clock;
  readonly certificate?: ServerCertificate;
  readonly linesPerSec: number;
  /** Failed logins before the connection is closed. */
  readonly failedLogins: number;
  /** Handles a line; returns the answer's lines and what follows from it. */
  line(
    words: readonly string[],
  ): { readonly lines: readonly string[]; readonly effects: readonly SessionEffect[] };
  startedTls(): void;
  /** How long a login has to wait, ms. */
  loginDelayMs(): number;
  loggedIn(): void;
  denied(): void;
}

/** Why a connection ended, for the log. */
export type CloseReason =
  | "client left"
  | "logout"
  | "line too long"
  | "idle"
  | "does not take answers"
  | "too many failed logins"
  | "text in front of TLS"
  | "makes room"
  | "server stops"
  | "error";

const encoder = new TextEncoder();
const LOGIN_VERBS: readonly string[] = ["LOGIN", "PRIMARY", "MASTER", "FSD"];

/** See the file comment. */
export class Connection {
  /** When the last whole line came, or the connection began. */
  lastLineMonoMs: number;
  /** Since when an answer waits for the client to take it. */
  writingSinceMonoMs: number | undefined;
  isLoggedIn = false;
  #reason: CloseReason | undefined;
  #pending = "";
  #failures = 0;
  readonly #lexer = new LineLexer();
  readonly #bucket: TokenBucket;
  readonly #closed = new AbortController();

  constructor(
    readonly address: string,
    private stream: ByteStream,
    private readonly port: ConnectionPort,
  ) {
    const nowMonoMs = port.clock.monoMs();
    this.lastLineMonoMs = nowMonoMs;
    this.#bucket = new TokenBucket(port.linesPerSec, port.linesPerSec * 2, nowMonoMs);
  }

  /** Closed, though its end may still be on the way. */
  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  /** Serves the client until either side ends it; never rejects. */
  async run(): Promise<CloseReason> {
    const buffer = new Uint8Array(4096);
    try {
      while (this.#reason === undefined) {
        const count = await this.stream.read(buffer);
        if (count === null) break;
        await this.#take(buffer.subarray(0, count));
        await this.#flush();
      }
      return this.#reason ?? "client left";
    } catch {
      return this.#reason ?? "error";
    } finally {
      this.close("client left");
    }
  }

  /** Ends it; the first reason counts. */
  close(reason: CloseReason): void {
    if (this.#closed.signal.aborted) return;
    this.#reason ??= reason;
    this.#closed.abort();
    try {
      this.stream.close();
    } catch {
      // The client was faster.
    }
  }

  async #take(bytes: Uint8Array): Promise<void> {
    for (const [index, byte] of bytes.entries()) {
      const event = this.#lexer.push(byte);
      if (!event) continue;
      if (event.kind === "too_long") {
        this.#pending += `${errorLine("INVALID-ARGUMENT")}\n`;
        this.#reason = "line too long";
        return;
      }
      this.lastLineMonoMs = this.port.clock.monoMs();
      await this.#keepPace(event.kind === "line" ? event.words[0] : undefined);
      if (event.kind === "unreadable") continue;
      const { lines, effects } = this.port.line(event.words);
      for (const line of lines) this.#pending += `${line}\n`;
      const isLastByte = index === bytes.length - 1;
      for (const effect of effects) await this.#apply(effect, isLastByte);
      if (this.#reason !== undefined) return;
      if (this.#pending.length < FLUSH_CHARS) continue;
      await this.#flush();
      // A write that the kernel takes at once ends in this very turn: others must get theirs.
      await nextTurn();
    }
  }

  async #apply({ kind }: SessionEffect, isLastByte: boolean): Promise<void> {
    switch (kind) {
      case "close":
        this.#reason = "logout";
        return;
      case "login":
        this.isLoggedIn = true;
        this.port.loggedIn();
        return;
      case "denied":
        this.port.denied();
        if (++this.#failures >= this.port.failedLogins) this.#reason = "too many failed logins";
        return;
      case "start_tls":
        // What follows in clear could be slipped in by somebody else and would count as said inside TLS.
        if (!isLastByte || !this.port.certificate) {
          this.#reason = "text in front of TLS";
          return;
        }
        await this.#flush();
        this.stream = startServerTls(this.stream, this.port.certificate);
        this.port.startedTls();
        return;
      default:
        return;
    }
  }

  /** Makes a client wait that asks too fast, or that logs in after too many failures from its address. */
  async #keepPace(verb: string | undefined): Promise<void> {
    const { clock } = this.port;
    const loginMs = LOGIN_VERBS.includes(verb?.toUpperCase() ?? "") ? this.port.loginDelayMs() : 0;
    const waitMs = Math.max(this.#bucket.take(clock.monoMs()), loginMs);
    if (waitMs === 0) return;
    await this.#flush();
    await clock.sleep(waitMs, this.#closed.signal);
  }

  async #flush(): Promise<void> {
    if (this.#pending === "") return;
    const bytes = encoder.encode(this.#pending);
    this.#pending = "";
    this.writingSinceMonoMs = this.port.clock.monoMs();
    await writeAll(this.stream, bytes);
    this.writingSinceMonoMs = undefined;
  }
}
