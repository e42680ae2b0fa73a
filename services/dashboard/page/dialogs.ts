/** The two questions that the page asks: for the password, and whether something is really meant. */
import type { SessionView } from "../page_contract.ts";
import { byId, setText, show } from "./dom.ts";
import { reader } from "./language.ts";
import { type Refusal, refusalText } from "./server.ts";

/** Asks; resolves with whether it is meant. */
export function confirm(question: string, detail: string, yes: string): Promise<boolean> {
  const dialog = byId<HTMLDialogElement>("confirm");
  setText(byId("confirm-question"), question);
  setText(byId("confirm-detail"), detail);
  setText(byId("confirm-yes"), yes);
  dialog.returnValue = "";
  dialog.showModal();
  byId("confirm-no").focus();
  return new Promise((resolve) =>
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true })
  );
}

/** Makes the two buttons of the question work; call once. */
export function prepareConfirm(): void {
  const dialog = byId<HTMLDialogElement>("confirm");
  byId("confirm-yes").addEventListener("click", () => dialog.close("yes"));
  byId("confirm-no").addEventListener("click", () => dialog.close("no"));
}

/** The log-in; its text counts the wait down when there were too many attempts. */
export class LoginDialog {
  readonly #dialog = byId<HTMLDialogElement>("login");
  readonly #input = byId<HTMLInputElement>("password");
  readonly #problem = byId("login-problem");
  readonly #submit = byId<HTMLButtonElement>("login-submit");
  #waitUntilMs = 0;

  constructor(
    private readonly login: (password: string) => Promise<SessionView | Refusal>,
    private readonly onSession: (session: SessionView) => void,
  ) {
    byId("login-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    byId("login-cancel").addEventListener("click", () => this.#dialog.close());
    setInterval(() => this.#count(), 500);
  }

  /** Shows it. @param why A sentence; absent: none */
  open(why?: string): void {
    this.#input.value = "";
    this.#say(why ?? "");
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#input.focus();
  }

  async #send(): Promise<void> {
    if (performance.now() < this.#waitUntilMs) return;
    this.#submit.disabled = true;
    const answer = await this.login(this.#input.value);
    this.#submit.disabled = false;
    if (!("error" in answer)) {
      this.#input.value = "";
      this.#dialog.close();
      return this.onSession(answer);
    }
    this.#say(refusalText(answer));
    if (answer.retryS !== undefined) this.#waitUntilMs = performance.now() + answer.retryS * 1000;
    this.#input.select();
    this.#count();
  }

  #count(): void {
    if (this.#waitUntilMs === 0) return;
    const seconds = Math.ceil((this.#waitUntilMs - performance.now()) / 1000);
    this.#submit.disabled = seconds > 0;
    if (seconds > 0) {
      return setText(byId("login-wait"), reader.say("try_again_in", { left: reader.duration(seconds) }));
    }
    this.#waitUntilMs = 0;
    setText(byId("login-wait"), "");
    this.#say("");
  }

  #say(text: string): void {
    setText(this.#problem, text);
    show(this.#problem, text !== "");
  }
}
