/** Runs a command on a pseudo-terminal, types when a text appears on its screen, and keeps what the screen showed. */
import { plainEnvironment } from "./test_home.ts";

/** Why no terminal can be had here, or null. */
export function noTerminalReason(): string | null {
  try {
    const { success } = new Deno.Command("script", { args: ["--version"], stdout: "null", stderr: "null" })
      .outputSync();
    return success ? null : "script(1) of util-linux does not work here";
  } catch {
    return "script(1) of util-linux is not installed";
  }
}

/** Wait for `expect` on the screen (after what was matched before), then type. */
export interface Step {
  expect: string;
  type: string | ((screen: string) => string);
}

export interface Shown {
  status: number;
  screen: string;
  /** Steps whose text never appeared. */
  left: number;
}

// Longer than any derivation on a busy machine.
const PATIENCE_MS = 120_000;

/** Plays `steps` against `command`. */
export async function onTerminal(command: string[], steps: Step[], env: Record<string, string> = {}): Promise<Shown> {
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const child = new Deno.Command("script", {
    args: ["-qefc", quoted, "/dev/null"],
    env: { ...plainEnvironment(), ...env, SHELL: "/bin/sh" },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const keys = child.stdin.getWriter();
  const waiting = [...steps];
  let screen = "";
  let seen = 0;
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    screen += decoder.decode(chunk, { stream: true });
    for (let step = waiting[0]; step !== undefined; step = waiting[0]) {
      const at = screen.indexOf(step.expect, seen);
      if (at === -1) break;
      seen = at + step.expect.length;
      waiting.shift();
      // The terminal is switched just after the prompt is shown.
      await new Promise((resolve) => setTimeout(resolve, 80));
      const text = typeof step.type === "string" ? step.type : step.type(screen);
      await keys.write(new TextEncoder().encode(text)).catch(() => {});
    }
  }
  await keys.close().catch(() => {});
  const { code } = await child.status;
  clearTimeout(timer);
  return { status: code, screen, left: waiting.length };
}
