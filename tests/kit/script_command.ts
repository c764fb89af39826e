/** How a script of tests/kit is started as a process of its own. */

const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

/** Arguments of the runtime for `script`, without the checks that the test itself has been through. */
export function scriptCommand(script: string): string[] {
  const path = new URL(script, import.meta.url).pathname;
  return ["run", "-A", "--no-prompt", "--no-check", "--cached-only", "--config", CONFIG, path];
}
