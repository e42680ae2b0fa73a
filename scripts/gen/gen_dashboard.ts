// deno-lint-ignore-file no-console -- a command-line tool speaks on the console
/**
 * `deno task gen:dashboard`: bundles the dashboard's page into `services/dashboard/gen/assets.ts`, so that a compiled daemon
 * carries it. The page has the browser's types, which do not go together with Deno's, so it is kept out of the other checks,
 * and formatted, linted and type-checked here. `--check` writes nothing and ends with exit code 1 when something is wrong or
 * the file differs from what would be written.
 */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../../services/dashboard/", import.meta.url);
const OUT = new URL("gen/assets.ts", ROOT);

interface Asset {
  readonly path: string;
  readonly type: string;
  readonly text: string;
  readonly isLasting: boolean;
}

/** Runs `deno` on the page, with the project's own settings and the browser's types. @throws Error with its output */
async function onPage(command: readonly string[], paths: readonly string[]): Promise<void> {
  const { fmt, lint, imports, compilerOptions } = JSON.parse(
    Deno.readTextFileSync(new URL("../../deno.json", import.meta.url)),
  );
  const config = Deno.makeTempFileSync({ suffix: ".json" });
  try {
    const lib = ["esnext", "dom", "dom.iterable"];
    const own = {
      imports,
      fmt: { lineWidth: fmt.lineWidth },
      lint: { rules: lint.rules },
      compilerOptions: { ...compilerOptions, lib },
      lock: false,
    };
    Deno.writeTextFileSync(config, JSON.stringify(own));
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...command, "--config", config, ...paths.map((path) => fileURLToPath(new URL(path, ROOT)))],
      env: { NO_COLOR: "1" },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (!success) throw new Error(`deno ${command.join(" ")} on the page:\n${text(stdout)}${text(stderr)}`);
  } finally {
    Deno.removeSync(config);
  }
}

async function bundle(name: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--platform",
      "browser",
      "--minify",
      fileURLToPath(new URL(`page/${name}`, ROOT)),
    ],
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) throw new Error(`Cannot bundle ${name}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

function lasting(name: string, type: string, text: string): Asset {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  const [stem, extension] = name.split(".");
  return { path: `/assets/${stem}-${hash}.${extension}`, type, text, isLasting: true };
}

async function makeAssets(): Promise<Asset[]> {
  const read = (name: string) => Deno.readTextFileSync(new URL(`page/${name}`, ROOT));
  const script = "text/javascript; charset=utf-8";
  const files = {
    "app.js": lasting("app.js", script, await bundle("app.ts")),
    "theme.js": lasting("theme.js", script, await bundle("theme.ts")),
    "style.css": lasting("style.css", "text/css; charset=utf-8", read("style.css")),
    "icon.svg": lasting("icon.svg", "image/svg+xml", read("icon.svg")),
  };
  let page = read("index.html");
  for (const [name, { path }] of Object.entries(files)) {
    page = page.replaceAll(new RegExp(`\\{\\{ *${name} *\\}\\}`, "g"), path);
  }
  return [
    { path: "/", type: "text/html; charset=utf-8", text: page, isLasting: false },
    ...Object.values(files),
  ];
}

function moduleText(assets: readonly Asset[]): string {
  return `// Made by \`deno task gen:dashboard\` from services/dashboard/page. Do not edit.

/** One file of the page. */
export interface Asset {
  /** Where it is asked for. */
  readonly path: string;
  readonly type: string;
  readonly text: string;
  /** Its name changes with its content. */
  readonly isLasting: boolean;
}

/** All files of the page. */
export const ASSETS: readonly Asset[] = ${JSON.stringify(assets, undefined, 2)};
`;
}

if (import.meta.main) {
  const isCheck = Deno.args.includes("--check");
  await onPage(isCheck ? ["fmt", "--check"] : ["fmt"], ["page/"]);
  await onPage(["lint", "--quiet"], ["page/"]);
  await onPage(["check", "--quiet"], ["page/app.ts", "page/theme.ts"]);
  const wanted = moduleText(await makeAssets());
  if (!isCheck) {
    Deno.mkdirSync(new URL(".", OUT), { recursive: true });
    Deno.writeTextFileSync(OUT, wanted);
    console.log(`${fileURLToPath(OUT)}: ${wanted.length} characters`);
  } else if (Deno.readTextFileSync(OUT) !== wanted) {
    console.log("services/dashboard/gen/assets.ts differs from the page: run deno task gen:dashboard");
    Deno.exit(1);
  }
}
