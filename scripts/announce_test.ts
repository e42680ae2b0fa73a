/** The files with which the system announces the NUT server, and the page that says where they go. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";

const own = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

Deno.test("systemd/announce announces NUT's own service type and port, and nothing else", () => {
  const resolved = own("systemd/announce/nut.dnssd");
  const keys = Object.fromEntries(
    resolved.split("\n").filter((line) => line.includes("=")).map((line) => line.split("=")),
  );
  deepEqual(keys, { Name: "ecoflow-power on %H", Type: "_nut._tcp", Port: "3493" });
  const avahi = own("systemd/announce/nut.service");
  equal(/<type>([^<]*)<\/type>\s*<port>([^<]*)<\/port>/.exec(avahi)?.slice(1).join(" "), "_nut._tcp 3493");
});

Deno.test("docs/nut.md names every file of systemd/announce where the package puts it", () => {
  const page = own("docs/nut.md");
  for (const name of readdirSync(new URL("../systemd/announce", import.meta.url))) {
    ok(page.includes(`/usr/share/ecoflow-power/announce/${name}`), name);
  }
  ok(own("scripts/build/package_deb.ts").includes("usr/share/ecoflow-power/announce/"));
});
