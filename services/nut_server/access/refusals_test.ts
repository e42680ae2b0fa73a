import { deepEqual, equal } from "node:assert/strict";
import type { NutUps, NutUser } from "./nut_house.ts";
import { refusalOf, unsendableRefusal } from "./refusals.ts";
import { MOST_TOLD, RefusedLogins, REPEAT_MS } from "./refused_logins.ts";

const USERS: readonly NutUser[] = [
  { name: "monuser", password: "secret", role: "secondary" },
  { name: "pve", password: "pvepw", role: "secondary", host: "pve" },
];
const UPSES: readonly NutUps[] = [
  { name: "ups", device: "Study", host: "nas" },
  { name: "plain", device: "Study" },
];

Deno.test("refusalOf() says why, and which host it would have been", () => {
  const rows: readonly (readonly [
    username: string | undefined,
    password: string | undefined,
    upsWords: readonly string[],
    why: RegExp,
    host: string | undefined,
  ])[] = [
    ["monuser", "wrong", ["ups"], /^the password is wrong$/, "nas"],
    ["monuser", "wrong", ["UPS"], /^the password is wrong$/, "nas"],
    ["pve", "wrong", ["plain"], /^the password is wrong$/, "pve"],
    ["nobody", "secret", ["ups"], /^there is no user of this name$/, "nas"],
    ["nobody", "secret", ["plain"], /^there is no user of this name$/, undefined],
    ["pve", "pvepw", ["nope"], /^this address sees no UPS of this name$/, "pve"],
    ["pve", "pvepw", ["ups"], /^the user is the host "pve", the UPS is for the host "nas"$/, "nas"],
    ["pve", "wrong", ["ups"], /^the password is wrong$/, "nas"],
    ["pve", "pvepw", [], /^it named no UPS/, "pve"],
    ["pve", "pvepw", ["my", "ups"], /^the UPS name has a blank$/, "pve"],
    [undefined, undefined, ["ups"], /^it gave no user$/, "nas"],
    ["monuser", undefined, ["ups"], /^it gave no password$/, "nas"],
  ];
  for (const [username, password, upsWords, why, host] of rows) {
    const refusal = refusalOf({ username, password, upsWords }, { users: USERS, upses: UPSES });
    const name = `${username} ${password} ${upsWords}`;
    equal(why.test(refusal.why), true, `${name}: ${refusal.why}`);
    equal(refusal.host, host, name);
  }
});

Deno.test("refusalOf() shows neither a password, also one that was typed as a name, nor a name without end", () => {
  const refusal = refusalOf({ username: "pvepw", password: "secret", upsWords: ["x".repeat(500)] }, {
    users: USERS,
    upses: UPSES,
  });
  deepEqual([refusal.user, refusal.ups], ["(a password)", "x".repeat(32)]);
});

Deno.test("unsendableRefusal() says that it cannot be sent, and whose it is", () => {
  deepEqual(unsendableRefusal("pve", "password", { users: USERS }), {
    user: "pve",
    ups: "",
    why: 'its password is empty, or has a blank, "=" or "#", which it cannot send',
    host: "pve",
    isUser: true,
  });
  deepEqual(unsendableRefusal(undefined, "user", { users: USERS }).host, undefined);
});

Deno.test("RefusedLogins tells each once an hour, few in all, and counts the rest", () => {
  const logins = new RefusedLogins();

  const refused = (user: string) => ({
    user,
    ups: "ups",
    why: "the password is wrong",
    address: "::1",
    host: "nas",
  });
  deepEqual(logins.note(refused("a"), 0), { isTold: true, untold: 0 });
  for (let i = 1; i <= 100; i++) equal(logins.note(refused("a"), i).isTold, false);
  deepEqual(logins.note(refused("b"), 200), { isTold: true, untold: 100 });
  equal(logins.note(refused("a"), REPEAT_MS - 1).isTold, false);
  equal(logins.note(refused("a"), REPEAT_MS).isTold, true);
  let told = 0;
  for (let i = 0; i < 1000; i++) told += logins.note(refused(`guess ${i}`), REPEAT_MS + 1).isTold ? 1 : 0;
  equal(told, MOST_TOLD - 2);
  equal(logins.lastOf("nas")?.user, "guess 999");
  logins.forgetHost("nas");
  equal(logins.lastOf("nas"), undefined);
});

Deno.test("RefusedLogins tells of a user of the configuration, whatever strangers tried before", () => {
  const logins = new RefusedLogins();
  const of = (user: string, isUser?: true) => ({
    user,
    ups: "ups",
    why: "no",
    address: "192.168.1.9",
    isUser,
  });
  for (let i = 0; i < 10 * MOST_TOLD; i++) logins.note(of(`stranger${i}`), 0);
  const known = logins.note(of("pve", true), 1);
  deepEqual([known.isTold, known.untold], [true, 9 * MOST_TOLD]);
  deepEqual(logins.note(of("another"), 2).isTold, false);
});
