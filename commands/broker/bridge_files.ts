/** The files of the bridge to a cluster, below Mosquitto's folder of ours. Written by an administrator. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { X509Certificate } from "node:crypto";
import type { HouseConfig } from "../../lib/config/load.ts";
import { textFile } from "../../lib/files/text_file.ts";
import { isThisMachine } from "../../lib/this_machine.ts";
import { agentsOf, SITE_BRIDGE_USER } from "../../services/broker_access.ts";
import { BRIDGE_STATE_DIR, bridgeConf, type BridgeConfOptions } from "./bridge_conf.ts";
import { BridgeInputError } from "./bridge_target.ts";
import type { ManagedBroker } from "./managed_broker.ts";

/** What the person said, read and checked. */
export interface BridgeWishes extends Pick<BridgeConfOptions, "site" | "to" | "login"> {
  /** The authority's PEM text, and its file for an error; absent: those that the system trusts. */
  readonly ca?: { readonly pem: string; readonly path: string };
}

/** See the file comment. `root`: the files lie below it. */
export class BridgeFiles {
  readonly #conf;
  readonly #ca;

  constructor(private readonly root: string, private readonly managed: ManagedBroker) {
    const dir = join(root, "etc/mosquitto/ecoflow-power");
    this.confPath = join(dir, "bridge.conf");
    this.caPath = join(dir, "bridge_ca.pem");
    this.#conf = textFile(this.confPath, 0o640);
    this.#ca = textFile(this.caPath, 0o640);
  }

  /** Mosquitto's configuration: `mosquitto -c` of it is the bridge. */
  readonly confPath: string;
  /** The authority of the cluster, where one was named. */
  readonly caPath: string;

  /** Whether there is one. */
  get isThere(): boolean {
    return this.#conf.read() !== undefined;
  }

  /**
   * Writes it, and lets it log in at the house's broker to read. Said twice, it is written anew.
   *
   * @throws BridgeInputError when this house cannot be bridged; Error when a file cannot be written
   */
  write(house: HouseConfig, { ca, ...wishes }: BridgeWishes): void {
    const problem = this.managed.caPem === undefined
      ? "There is no broker of ours here to bridge; make its files first with: sudo ecoflow-power broker setup"
      : problemOf(house);
    if (problem !== undefined) throw new BridgeInputError(problem);
    if (ca) {
      this.#ca.write(checkedAuthority(ca));
    } else {
      rmSync(this.caPath, { force: true });
    }
    const password = this.managed.newPassword();
    this.#conf.write(bridgeConf({
      ...wishes,
      roots: house.roots,
      caFile: ca ? this.caPath : undefined,
      house: { port: house.broker?.port ?? house.embeddedPort, user: SITE_BRIDGE_USER, password },
    }));
    this.managed.setPassword(SITE_BRIDGE_USER, password);
    this.managed.refresh(house);
  }

  /** Takes it away, with what waited: the bridge can log in no more. @returns whether there was one */
  remove(house: HouseConfig): boolean {
    const wasThere = this.isThere;
    for (const path of [this.confPath, this.caPath]) rmSync(path, { force: true });
    // A later bridge must not say what this one did not: months ago, and perhaps for another cluster.
    rmSync(join(this.root, BRIDGE_STATE_DIR, "mosquitto.db"), { force: true });
    this.managed.removeUser(SITE_BRIDGE_USER);
    this.managed.refresh(house);
    return wasThere;
  }
}

function problemOf(house: HouseConfig): string | undefined {
  const { broker } = house;
  if (broker && !isThisMachine(broker.host)) {
    return `Cannot bridge: MQTT_HOST must be this machine, found "${broker.host}"; bridge where that broker is (docs/fleet.md)`;
  }
  if (broker?.tls) return "Cannot bridge: MQTT_TLS must be off for a broker on this machine, found on";
  if (agentsOf(house).includes(SITE_BRIDGE_USER)) {
    return `Cannot bridge: no agent may be called "${SITE_BRIDGE_USER}", the bridge's own user; give that host another name`;
  }
}

/** Mosquitto says little about a file that is no certificate, and only when it starts. */
function checkedAuthority({ pem, path }: { readonly pem: string; readonly path: string }): string {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  const refuse = (found: string) =>
    new BridgeInputError(
      `Cannot use --ca "${path}": must hold PEM certificates of authorities, found ${found}`,
    );
  if (/PRIVATE KEY/.test(pem)) throw refuse("a private key");
  if (blocks.length === 0) throw refuse("none");
  for (const block of blocks) {
    try {
      if (new X509Certificate(block).ca === false) throw refuse("a certificate that is no authority's");
    } catch (error) {
      if (error instanceof BridgeInputError) throw error;
      throw refuse("a block that is no certificate");
    }
  }
  return pem.endsWith("\n") ? pem : `${pem}\n`;
}
