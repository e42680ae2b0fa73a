/** Reads back what an earlier run has published of a device: the broker is this service's only memory. Pure. */
import * as v from "valibot";
import { parseJson, textUpTo } from "../../lib/messages/parse.ts";
import { recordOf } from "../../lib/record_of.ts";

const schema = v.object({
  device: v.object({ name: textUpTo(64) }),
  components: recordOf(v.looseObject({ platform: v.optional(textUpTo(32)) })),
});

/** An earlier configuration of a device. */
export interface EarlierConfig {
  readonly name: string;
  /** Platform by key, without components that were being taken away already. */
  readonly platforms: ReadonlyMap<string, string>;
}

/** Reads a retained configuration. @throws InvalidInputError naming each wrong key */
export function parseOwnConfig(payload: Uint8Array | string, source: string): EarlierConfig {
  const { device, components } = parseJson(schema, payload, source);
  const platforms = new Map<string, string>();
  for (const [key, { platform, ...rest }] of Object.entries(components)) {
    if (platform !== undefined && Object.keys(rest).length > 0) platforms.set(key, platform);
  }
  return { name: device.name, platforms };
}
