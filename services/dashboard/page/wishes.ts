/** The two buttons' way: log in, ask whether it is meant, send it, show the answer. */
import type { WishView } from "../page_contract.ts";
import { confirm, type LoginDialog } from "./dialogs.ts";
import { byId, setAttributes, setText, show } from "./dom.ts";
import { daemonWords } from "../shown/daemon_words.ts";
import { langOf, reader } from "./language.ts";
import { type Refusal, refusalText, type Server } from "./server.ts";

/** How long an answer to a wish stays on the page, ms. */
const ANSWER_MS = 15_000;

/** See the file comment. */
export class Wishes {
  #untilMs = 0;

  constructor(
    private readonly server: Server,
    private readonly login: LoginDialog,
    private readonly isSignedIn: () => boolean,
  ) {}

  /** Calls a pending shutdown off. */
  async abort(device: string): Promise<void> {
    if (!this.isSignedIn()) return this.login.open(reader.say("abort_login"));
    const question = reader.say("abort_question", { device });
    const isMeant = await confirm(question, reader.say("abort_detail"), reader.say("abort"));
    if (isMeant) this.#answer(await this.server.abort(device));
  }

  /** Starts a drill. */
  async drill(device: string): Promise<void> {
    if (!this.isSignedIn()) return this.login.open(reader.say("drill_login"));
    const question = reader.say("drill_question", { device });
    const isMeant = await confirm(question, reader.say("drill_detail"), reader.say("drill_yes"));
    if (isMeant) this.#answer(await this.server.drill(device));
  }

  /** Takes an answer away that was there long enough. */
  draw(): void {
    if (performance.now() > this.#untilMs) show(byId("answer"), false);
  }

  #answer(given: WishView | Refusal): void {
    const isRefusal = "error" in given;
    const box = byId("answer");
    box.className = isRefusal || given.isTaken === false ? "refused" : "taken";
    const words = isRefusal ? undefined : daemonWords(reader, given.text);
    setAttributes(box, { lang: words && langOf(words) });
    setText(box, isRefusal ? refusalText(given) : words?.text ?? "");
    show(box, true);
    this.#untilMs = performance.now() + ANSWER_MS;
  }
}
