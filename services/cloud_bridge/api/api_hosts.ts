/** In which order the API hosts are tried. Pure but for its own order. */

/** See the file comment. */
export class ApiHosts {
  #order: readonly string[];

  /** @param configured `host` or `host:port`, one at least */
  constructor(configured: readonly string[]) {
    this.#order = [...new Set(configured)];
  }

  /** The hosts, the one to try first at the front. */
  get order(): readonly string[] {
    return this.#order;
  }

  /** This host accepted us: it is used from now on. */
  accept(host: string): void {
    this.#order = [host, ...this.#order.filter((other) => other !== host)];
  }

  /** What this host gave was of no use (another region): it is tried last from now on. */
  postpone(host: string): void {
    if (this.#order.includes(host)) this.#order = [...this.#order.filter((other) => other !== host), host];
  }
}
