/** The texts that a package carries beside the program: man page, changelog, control. Pure. */
import type { CommandRow } from "../../commands/command.ts";

/** What `control` says of a package. */
export interface ControlFields {
  readonly version: string;
  readonly architecture: "amd64" | "arm64";
  /** What is unpacked, KiB. */
  readonly installedKib: number;
}

/** `DEBIAN/control`. */
export function controlText({ version, architecture, installedKib }: ControlFields): string {
  return `Package: ecoflow-power
Version: ${version}
Architecture: ${architecture}
Maintainer: ecoflow-power maintainers <maintainers@ecoflow-power.invalid>
Section: admin
Priority: optional
Installed-Size: ${installedKib}
Depends: libc6 (>= 2.36), libgcc-s1, systemd (>= 252) | systemd-sysusers, init-system-helpers (>= 1.62)
Recommends: mosquitto (>= 2.0.11)
Description: EcoFlow power stations as a UPS for the whole house
 Watches EcoFlow power stations through the maker's cloud, and when the grid is
 gone and the battery runs low it shuts computers, servers and storage down, in
 time and in order. When the grid comes back first, it aborts the
 shutdown.
 .
 It never switches anything at a power station.
`;
}

/** The manual page, from the table of commands. @param dateIso As `2026-11-24` */
export function manPage(commands: readonly CommandRow[], version: string, dateIso: string): string {
  const line = (text: string) =>
    text.replaceAll("\\", "\\\\").replaceAll("-", "\\-").replace(/^([.'])/, "\\&$1");
  const options = (help: string) =>
    help.trimEnd().split("\n").filter(Boolean).map((one) => `${line(one.trim())}\n.br`).join("\n");
  return [
    `.TH ECOFLOW\\-POWER 1 "${dateIso}" "ecoflow\\-power ${version}"`,
    ".SH NAME",
    "ecoflow\\-power \\- EcoFlow power stations as a UPS for the whole house",
    ".SH SYNOPSIS",
    ".B ecoflow\\-power",
    ".I COMMAND",
    "[options]",
    ".SH DESCRIPTION",
    line(
      "Watches EcoFlow power stations, and shuts hosts down in time and in order when the grid is gone and the battery runs low.",
    ),
    ".SH COMMANDS",
    ...commands.flatMap(({ name, summary, help }) => [
      ".TP",
      `.B ${line(name)}`,
      line(summary),
      ...(help ? [".br", options(help)] : []),
    ]),
    ".SH FILES",
    ".TP",
    ".I /etc/ecoflow\\-power/ecoflow\\-power.env",
    "The configuration.",
    ".TP",
    ".I /etc/ecoflow\\-power/credentials/",
    "Secrets, a file each, named like their key in small letters.",
    ".TP",
    ".I /var/lib/ecoflow\\-power/",
    "What outlives a restart.",
    ".TP",
    ".I /usr/share/doc/ecoflow\\-power/docs/",
    "The documents that messages name as docs/….",
    "",
  ].join("\n");
}

/** Debian's changelog with the one entry of this build. @param date As `date -R` prints it */
export function debianChangelog(version: string, date: string): string {
  return `ecoflow-power (${version}) unstable; urgency=medium

  * See CHANGELOG.md of the project.

 -- ecoflow-power maintainers <maintainers@ecoflow-power.invalid>  ${date}
`;
}
