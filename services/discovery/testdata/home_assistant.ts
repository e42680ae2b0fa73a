/**
 * What a person would see in Home Assistant: takes discovery, availability and states from a broker as its MQTT
 * integration does, and shows each entity as `unavailable`, `unknown` or a value.
 */
import type { BusMessage } from "../../../lib/workers/bus.ts";
import type { Cancel, Clock } from "../../../lib/time/clock.ts";
import type { MqttClient, MqttConnect } from "../../../lib/mqtt/client.ts";
import { matchesFilter } from "../../../lib/mqtt/topics.ts";
import type { Availability, Component, DevicePayload } from "../payload.ts";
import { LONGEST_STATE, payloadProblems } from "./home_assistant_rules.ts";
import { renderTemplate } from "./template.ts";

interface Entity {
  component: Component;
  available: Map<string, boolean>;
  /** undefined: unknown. */
  value: string | undefined;
  isExpired: boolean;
  cancelExpiry: Cancel;
}

/** One connection, with everything that it learned; nothing survives it, as nothing survives a restart. */
export class TestHomeAssistant {
  readonly #entities = new Map<string, Entity>();
  readonly #devices = new Map<string, DevicePayload>();
  /** What it would have written into its log. */
  readonly complaints: string[] = [];
  /** Events that its event entities have fired, by unique id. */
  readonly events: { readonly id: string; readonly type: string; readonly attributes: unknown }[] = [];
  #client: MqttClient | undefined;
  #subscribed = new Set<string>();

  constructor(private readonly clock: Clock, private readonly prefix = "homeassistant") {}

  /** Connects, subscribes to discovery, and says that it is there. */
  connect(
    connect: MqttConnect,
    { host = "h", port = 1, username, password }: {
      host?: string;
      port?: number;
      username?: string;
      password?: string;
    } = {},
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client = connect({
        host,
        port,
        username,
        password,
        clientId: "home-assistant",
        protocolVersion: 5,
        cleanSession: true,
        keepAliveSec: 60,
        connectTimeoutMs: 10_000,
      }, {
        onUp: () => {
          const subscribed = this.#client?.subscribe(`${this.prefix}/+/+/+/config`, 0);
          subscribed?.then(() => this.#client?.publish("homeassistant/status", "online")).then(
            resolve,
            reject,
          );
        },
        onDown: ({ text }) => reject(new Error(text)),
        onMessage: (message) => this.#hear(message),
      });
    });
  }

  /** Ends it. */
  async close(): Promise<void> {
    for (const { cancelExpiry } of this.#entities.values()) cancelExpiry();
    await this.#client?.close();
  }

  /** Names of the devices, in order. */
  get devices(): string[] {
    return [...this.#devices.values()].map(({ device }) => device.name).toSorted();
  }

  /** The payload of a device, by its name. */
  device(name: string): DevicePayload | undefined {
    return [...this.#devices.values()].find(({ device }) => device.name === name);
  }

  /** What an entity shows; undefined when there is no such entity. */
  state(uniqueId: string): string | undefined {
    const entity = this.#entities.get(uniqueId);
    if (!entity) return undefined;
    const isAvailable = [...entity.available.values()].every(Boolean) && !entity.isExpired;
    return isAvailable ? entity.value ?? "unknown" : "unavailable";
  }

  /** Every entity that shows a value, by unique id. */
  shown(): Record<string, string> {
    const all = [...this.#entities.keys()].map((id) => [id, this.state(id)] as const);
    return Object.fromEntries(
      all.flatMap(([id, state]) => state && !["unavailable", "unknown"].includes(state) ? [[id, state]] : []),
    );
  }

  #hear(message: BusMessage): void {
    const payload = new TextDecoder().decode(message.payload);
    if (matchesFilter(`${this.prefix}/+/+/+/config`, message.topic)) {
      return this.#discover(message.topic, payload);
    }
    for (const entity of this.#entities.values()) {
      const { component } = entity;
      for (const one of component.availability ?? []) {
        if (one.topic === message.topic) this.#setAvailable(entity, one, payload);
      }
      if (component.state_topic !== message.topic) continue;
      if (component.platform === "event") this.#fire(component, payload, message.retained);
      else this.#update(entity, payload);
    }
  }

  #discover(topic: string, payload: string): void {
    const before = this.#devices.get(topic);
    if (payload === "") {
      this.#devices.delete(topic);
      for (const component of Object.values(before?.components ?? {})) this.#drop(component as Component);
      return;
    }
    const parsed = JSON.parse(payload) as DevicePayload;
    const problems = payloadProblems(parsed);
    if (problems.length > 0) return void this.complaints.push(...problems.map((text) => `${topic}: ${text}`));
    this.#devices.set(topic, parsed);
    for (const [key, component] of Object.entries(parsed.components)) {
      if ("unique_id" in component) this.#setUp(component);
      else this.#drop(before?.components[key] as Component | undefined);
    }
  }

  #drop(component: Component | undefined): void {
    if (component === undefined) return;
    this.#entities.get(component.unique_id)?.cancelExpiry();
    this.#entities.delete(component.unique_id);
  }

  #setUp(component: Component): void {
    const topics = [component.state_topic, ...(component.availability ?? []).map(({ topic }) => topic)];
    const before = this.#entities.get(component.unique_id);
    // What has not changed is left as it is, with all that it knows.
    if (before && JSON.stringify(before.component) === JSON.stringify(component)) return;
    const entity = before ?? {
      component,
      available: new Map(),
      value: undefined,
      isExpired: component.expire_after !== undefined,
      cancelExpiry: () => {},
    };
    entity.component = component;
    entity.available = new Map(
      (component.availability ?? []).map(({ topic }) => [topic, entity.available.get(topic) ?? false]),
    );
    this.#entities.set(component.unique_id, entity);
    for (const topic of topics) {
      // A new entity wants what the broker keeps, also of topics that others listen to already.
      if (this.#subscribed.has(topic) && before) continue;
      this.#subscribed.add(topic);
      this.#client?.subscribe(topic, component.qos ?? 0).catch((error) =>
        this.complaints.push(`cannot subscribe "${topic}": ${error.message}`)
      );
    }
  }

  #setAvailable(entity: Entity, { topic, value_template }: Availability, payload: string): void {
    const word = this.#render(value_template, payload, entity.component.unique_id);
    if (word === "online" || word === "offline") entity.available.set(topic, word === "online");
    else this.complaints.push(`${entity.component.unique_id}: availability gave "${word}"`);
  }

  #update(entity: Entity, payload: string): void {
    const { component } = entity;
    if (component.expire_after !== undefined) {
      entity.isExpired = false;
      entity.cancelExpiry();
      entity.cancelExpiry = this.clock.after(component.expire_after * 1000, () => entity.isExpired = true);
    }
    const word = this.#render(component.value_template ?? "{{ value }}", payload, component.unique_id);
    if (word === undefined) return;
    if (word === "None") return void (entity.value = undefined);
    const complain = (why: string) => void this.complaints.push(`${component.unique_id}: ${why}: "${word}"`);
    if (component.platform === "binary_sensor") {
      if (word === "ON") entity.value = "on";
      else if (word === "OFF") entity.value = "off";
      else complain("neither ON nor OFF");
      return;
    }
    const isNumeric = component.unit_of_measurement !== undefined || component.state_class !== undefined;
    if (isNumeric && word === "") return complain("an empty state is ignored, the old value stays");
    if (isNumeric && !/^-?\d+(\.\d+)?(e-?\d+)?$/.test(word)) return complain("not a number");
    if (component.options && !component.options.includes(word)) return complain("not among the options");
    if ([...word].length > LONGEST_STATE) return complain("too long");
    entity.value = word;
  }

  #fire(component: Component, payload: string, retained: boolean): void {
    if (retained || payload === "") return;
    const { event_type, ...attributes } = JSON.parse(payload);
    if (typeof event_type !== "string" || !component.event_types?.includes(event_type)) {
      return void this.complaints.push(`${component.unique_id}: event type "${event_type}"`);
    }
    this.events.push({ id: component.unique_id, type: event_type, attributes });
  }

  #render(template: string, payload: string, id: string): string | undefined {
    const variables: Record<string, unknown> = { value: payload };
    try {
      variables.value_json = JSON.parse(payload);
    } catch {
      // Templates then have no `value_json`.
    }
    try {
      return renderTemplate(template, variables);
    } catch (error) {
      this.complaints.push(`${id}: ${error} in ${template}`);
    }
  }
}
