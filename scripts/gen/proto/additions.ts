/** Fields that are known from elsewhere than `messages.json`: `../shared/protocol/framing.md` §9c. Added before anything is written. */
import type { FamilyFacts, ProtocolFacts } from "./facts.ts";

type Message = FamilyFacts["messages"][number];

const field = (number: number, name: string, type: string, unit?: string): Message["fields"][number] => ({
  number,
  name,
  type,
  repeated: false,
  ...(unit === undefined ? {} : { unit }),
});

/** Family to messages: new ones, or more fields for known ones. */
const MESSAGES: Readonly<Record<string, readonly Message[]>> = {
  // STREAM 5000 (ES21, ES22) says 254/39 instead of 254/21. Whole in seven recordings, where 11.5 is what 32/2 says; the rest of it
  // is not known, and 16.7 to 16.9 (volts) are in none of them. The names are ours.
  stream: [
    {
      name: "Stream5000Report",
      fields: [field(11, "energy", "Stream5000Energy"), field(15, "grid_meter", "Stream5000GridMeter")],
    },
    { name: "Stream5000Energy", fields: [field(5, "soc", "uint32", "%")] },
    { name: "Stream5000GridMeter", fields: [field(3, "grid_watts", "float", "W")] },
  ],
  // Smart Home Panel 3; the names are those of the same numbers in other families.
  deltaproultrax: [
    {
      name: "DisplayPropertyUpload",
      fields: [
        field(515, "pow_get_sys_grid", "float", "W"),
        field(516, "pow_get_sys_load", "float", "W"),
        field(956, "grid_connection_vol_l1", "float", "V"),
        field(957, "grid_connection_vol_l2", "float", "V"),
      ],
    },
  ],
};

/** New messages by the pair that carries them. */
const DISPATCH: Readonly<Record<string, readonly FamilyFacts["dispatch"][number][]>> = {
  stream: [{ cmd_func: 254, cmd_id: 39, message: "Stream5000Report" }],
};

/** The facts with what is added. @throws Error when a number of a message is there already: then the addition is to go */
export function withAdditions(facts: ProtocolFacts): ProtocolFacts {
  const families = Object.entries(facts.families).map(([name, family]) => {
    const messages: Message[] = [...family.messages];
    for (const added of MESSAGES[name] ?? []) {
      const at = messages.findIndex((message) => message.name === added.name);
      const before = messages[at];
      if (!before) messages.push(added);
      else messages[at] = { ...before, fields: withFields(before, added) };
    }
    const dispatch = [...family.dispatch, ...DISPATCH[name] ?? []];
    return [name, { ...family, messages, dispatch }] as const;
  });
  return { families: Object.fromEntries(families) };
}

function withFields(before: Message, added: Message): Message["fields"] {
  const twice = added.fields.find(({ number }) => before.fields.some((known) => known.number === number));
  if (twice) {
    throw new Error(`${before.name} has field ${twice.number} already: take it out of the additions`);
  }
  return [...before.fields, ...added.fields].sort((a, b) => a.number - b.number);
}
