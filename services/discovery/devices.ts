/** Puts the devices together: the daemon, each station, each host. Pure. */
import { type Topics, topicsUnder } from "../../lib/mqtt/topics.ts";
import { VERSION } from "../../lib/version.ts";
import { daemonIsThere, DIAGNOSTIC_EXPIRY_SEC, linkIsLive, standsAs } from "./availability.ts";
import type { DiscoveryConfig } from "./config.ts";
import { eventTypes } from "./event_types.ts";
import { DAEMON_ENTITIES, HOST_ENTITIES, hostPhase } from "./host_entities.ts";
import { DAEMON_ID, deviceIdentifier, type DeviceKind, hostId, uniqueId } from "./ids.ts";
import {
  type Availability,
  type Component,
  type DevicePayload,
  type EntityTraits,
  type RemovedComponent,
  whileFresh,
} from "./payload.ts";
import { POLICY_ENTITIES, SENTENCE_KEY } from "./policy_entities.ts";
import { stationEntity } from "./station_entities.ts";
import { put } from "../../lib/own.ts";

/** The key of a device's event entity. */
const EVENT_KEY = "journal";

/** Whether every station has this component, whatever its state says. */
export function isSharedKey(key: string): boolean {
  return key === EVENT_KEY || Object.hasOwn(POLICY_ENTITIES, key);
}

/** A station as it is to be shown. */
export interface ShownStation {
  readonly id: string;
  /** Its name in topics. */
  readonly name: string;
  readonly sn?: string;
  readonly model?: string;
  /** Accessories have no policy. */
  readonly isAccessory: boolean;
  /** Keys of entities that have ever had something to say. */
  readonly keys: Iterable<string>;
}

/** Makes the devices of one house. */
export class Devices {
  readonly #topics: Topics;

  constructor(private readonly config: DiscoveryConfig) {
    this.#topics = topicsUnder(config.roots);
  }

  /** The daemon itself. */
  daemon(): DevicePayload {
    const topics = this.#topics;
    const parts: [string, Component][] = Object.entries(DAEMON_ENTITIES).map(([key, { reads, traits }]) => {
      const isPresence = reads === "presence";
      const component = this.#component(DAEMON_ID, key, traits, {
        topic: isPresence ? topics.orchestratorStatus : topics.cloudStatus,
        // Its own presence says when it is gone; everything else needs it to be there.
        availability: isPresence ? [] : [daemonIsThere(topics, ["cloud_bridge"])],
      });
      return [key, component];
    });
    parts.push(this.#journal(DAEMON_ID, "daemon"));
    return this.#device(DAEMON_ID, { name: "ecoflow-power", sw_version: VERSION }, Object.fromEntries(parts));
  }

  /** A station. @param obsolete Components of an earlier version, by key, with their platforms */
  station(
    { id, name, sn, model, isAccessory, keys }: ShownStation,
    obsolete: Readonly<Record<string, string>> = {},
  ): DevicePayload {
    const topics = this.#topics;
    const bridge = daemonIsThere(topics, ["soc_bridge"]);
    const components: Record<string, Component | RemovedComponent> = {};
    for (const [key, platform] of Object.entries(obsolete)) put(components, key, { platform });
    for (const key of [...keys].toSorted()) {
      const entity = stationEntity(key);
      if (!entity) continue;
      const isMeasured = entity.shows === "measured";
      const { staleAfterSec } = this.config;
      const { traits, ageKey } = entity;
      const shown = {
        ...traits,
        expire_after: isMeasured ? staleAfterSec : DIAGNOSTIC_EXPIRY_SEC,
        ...(ageKey === undefined || traits.value_template === undefined
          ? {}
          : { value_template: whileFresh(traits.value_template, ageKey, staleAfterSec) }),
      };
      put(
        components,
        key,
        this.#component(id, key, shown, {
          topic: topics.state(name),
          availability: isMeasured
            ? [bridge, linkIsLive(topics, name), standsAs(topics, id, "live")]
            : [bridge, standsAs(topics, id, "heard")],
        }),
      );
    }
    if (!isAccessory) {
      const availability = [daemonIsThere(topics, ["policy_engine"])];
      for (const [key, traits] of Object.entries(POLICY_ENTITIES)) {
        const isOurs = key === SENTENCE_KEY;
        put(
          components,
          key,
          this.#component(id, key, traits, {
            topic: isOurs ? topics.shownSentence(id) : topics.policy(name),
            availability: isOurs ? [daemonIsThere(topics, ["policy_engine", "discovery"])] : availability,
          }),
        );
      }
    }
    const [eventKey, journal] = this.#journal(id, "station");
    put(components, eventKey, journal);
    // Without a serial number it is one that only a cable speaks for, of whatever maker, or one that is fed by hand.
    const manufacturer = sn === undefined ? undefined : "EcoFlow";
    return this.#device(id, { name, manufacturer, model, serial_number: sn }, components);
  }

  /** A host. */
  host(agent: string): DevicePayload {
    const topics = this.#topics;
    const id = hostId(agent);
    const isNut = this.config.nutHosts.includes(agent);
    const components: Record<string, Component> = {};
    for (const [key, traits] of Object.entries(HOST_ENTITIES)) {
      put(
        components,
        key,
        this.#component(id, key, traits, {
          topic: topics.agentStatus(agent),
          // An agent says itself, or by its will, whether it is there; for a NUT client the daemon speaks.
          availability: isNut ? [daemonIsThere(topics, ["nut_server"])] : [],
        }),
      );
    }
    const stations = Object.entries(this.config.agentsByStation).filter(([, agents]) =>
      agents.includes(agent)
    );
    for (const [index, [station]] of stations.entries()) {
      const key = index === 0 ? "shutdown" : `shutdown_${index + 1}`;
      const traits = hostPhase(agent);
      const name = stations.length === 1 ? traits.name : `${traits.name} (${station})`;
      put(
        components,
        key,
        this.#component(id, key, { ...traits, name }, {
          topic: topics.policy(station),
          availability: [daemonIsThere(topics, ["policy_engine"])],
        }),
      );
    }
    const [eventKey, journal] = this.#journal(id, "host");
    put(components, eventKey, journal);
    return this.#device(id, { name: agent, model: isNut ? "NUT client" : "Host with agent" }, components);
  }

  #journal(id: string, kind: DeviceKind): [string, Component] {
    const traits = { platform: "event", name: "Journal", event_types: eventTypes(kind), qos: 1 } as const;
    return [
      EVENT_KEY,
      this.#component(id, EVENT_KEY, traits, {
        topic: this.#topics.shownEvent(id),
        availability: [daemonIsThere(this.#topics)],
      }),
    ];
  }

  #component(
    id: string,
    key: string,
    traits: EntityTraits,
    { topic, availability }: { topic: string; availability: readonly Availability[] },
  ): Component {
    return {
      ...traits,
      unique_id: uniqueId(id, key),
      state_topic: topic,
      ...(availability.length > 0 ? { availability, availability_mode: "all" } : {}),
    };
  }

  #device(
    id: string,
    about: Omit<DevicePayload["device"], "identifiers">,
    components: DevicePayload["components"],
  ): DevicePayload {
    return {
      device: { identifiers: [deviceIdentifier(id)], ...about },
      origin: { name: "ecoflow-power", sw_version: VERSION },
      components,
    };
  }
}
