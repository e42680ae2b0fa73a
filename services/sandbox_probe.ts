/** A worker that tries what it is told to try, and says which attempts the sandbox let through. */

/** One thing to try. */
export interface Attempt {
  readonly kind: "read" | "write" | "net" | "env" | "run" | "ffi" | "sys";
  readonly target: string;
}

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<Attempt[]>) => void;
  postMessage(allowed: boolean[]): void;
};

scope.onmessage = async ({ data }) => scope.postMessage(await Promise.all(data.map(isAllowed)));

/** Really tries it: anything but the sandbox's refusal counts as allowed. */
async function isAllowed({ kind, target }: Attempt): Promise<boolean> {
  try {
    switch (kind) {
      case "read":
        await Deno.readTextFile(target);
        break;
      case "write":
        await Deno.writeTextFile(target, "probe");
        break;
      case "net": {
        const [hostname = "", port = ""] = target.split(":");
        (await Deno.connect({ hostname, port: Number(port) })).close();
        break;
      }
      case "env":
        Deno.env.get(target);
        break;
      case "run":
        await new Deno.Command(target).output();
        break;
      case "ffi":
        Deno.dlopen(target, {});
        break;
      case "sys":
        Deno.hostname();
        break;
    }
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotCapable);
  }
}
