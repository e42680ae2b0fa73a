/** The two buttons: start a drill, call a pending shutdown off. Both only ask the policy. */
import * as v from "valibot";
import { parseJson, textUpTo } from "../../../lib/messages/parse.ts";
import { errorReply, type HttpReply, jsonReply } from "../http/message.ts";
import type { House } from "../house/house.ts";
import type { WishView } from "../page_contract.ts";
import type { WishRequests } from "../wishes.ts";
import type { Route } from "./route.ts";
import { strictObject } from "../../../lib/strict_object.ts";

const name = v.pipe(textUpTo(64), v.minLength(1, "must not be empty"));
const abortSchema = strictObject({ device: name });
const drillSchema = v.union([
  strictObject({ all: v.literal(true) }),
  strictObject({ device: name }),
  strictObject({ agents: v.pipe(v.array(name), v.minLength(1), v.maxLength(100)) }),
]);
/** Nobody presses a button more often than this at a time. */
const MAX_AT_ONCE = 8;

/** Makes the routes. */
export function wishRoutes(desk: WishRequests, house: House): readonly Route[] {
  let underWay = 0;
  const ask = async (wish: () => Promise<WishView>): Promise<HttpReply> => {
    if (!house.isBrokerUp) {
      return errorReply(503, "The broker in the house cannot be reached: nobody can be asked");
    }
    if (underWay >= MAX_AT_ONCE) return errorReply(429, "One after the other", { "retry-after": "5" });
    underWay++;
    try {
      return jsonReply(200, await wish());
    } finally {
      underWay--;
    }
  };
  return [
    {
      method: "POST",
      path: "/api/abort",
      access: "write",
      handle: ({ body }) => {
        const { device } = parseJson(abortSchema, body, "the request to abort");
        return ask(() => desk.abort(device));
      },
    },
    {
      method: "POST",
      path: "/api/drill",
      access: "write",
      handle: ({ body }) => {
        const who = parseJson(drillSchema, body, "the request for a drill");
        return ask(() => desk.drill(who));
      },
    },
  ];
}
