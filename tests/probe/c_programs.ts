/** The probe's own tools, in C, since they must be nothing but what they try. */
import { fileURLToPath } from "node:url";

const source = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Compiles `prober.c` or `keeper.c` to `out`. */
export function buildProgram(name: "prober.c" | "keeper.c", out: string): string {
  return compile(["-O1", "-Wall", "-Werror", "-o", out, source(name)], out);
}

/** Compiles `spy.c` to the library `out`, which notes what it sees in `log`. */
export function buildSpy(out: string, log: string): string {
  return compile(
    ["-O1", "-Wall", "-Werror", "-shared", "-fPIC", `-DSPY_LOG="${log}"`, "-o", out, source("spy.c")],
    out,
  );
}

function compile(args: string[], out: string): string {
  const { success, stderr } = new Deno.Command("gcc", { args, stdout: "null", stderr: "piped" }).outputSync();
  if (!success) throw new Error(`Cannot build the probe's tool: ${new TextDecoder().decode(stderr)}`);
  Deno.chmodSync(out, 0o755);
  return out;
}
