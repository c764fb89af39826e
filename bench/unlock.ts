/** Unlocking costs what its key derivation costs: Argon2id in WebAssembly against the native tool, equal parameters. */
import { argon2id } from "../wasm/argon2id.ts";
import { report, skipped } from "./report.ts";
import { spread } from "./whole_process.ts";

const ROUNDS = 7;
const COSTS = [{ memoryKib: 65_536, passes: 3, lanes: 1 }, { memoryKib: 262_144, passes: 3, lanes: 1 }];
const TITLE = "Unlock: Argon2id";
/** Nobody's passphrase. */
const PASSWORD = "correct horse battery staple";
const SALT = "bench-salt-16byt";

/** Milliseconds of the native tool, start included (about 1 ms), and the hex of what it derived. */
async function native(memoryKib: number, passes: number): Promise<{ ms: number; hex: string }> {
  const args = [SALT, "-id", "-t", String(passes), "-k", String(memoryKib), "-p", "1", "-l", "32", "-r"];
  const started = performance.now();
  const child = new Deno.Command("argon2", { args, stdin: "piped", stdout: "piped", stderr: "null" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(PASSWORD));
  await writer.close();
  const { code, stdout } = await child.output();
  const ms = performance.now() - started;
  if (code !== 0) throw new Error(`Cannot run "argon2": status ${code}`);
  return { ms, hex: new TextDecoder().decode(stdout).trim() };
}

async function ours(params: (typeof COSTS)[number]): Promise<{ ms: number; hex: string }> {
  const encoder = new TextEncoder();
  const started = performance.now();
  const key = await argon2id(encoder.encode(PASSWORD), encoder.encode(SALT), params);
  return { ms: performance.now() - started, hex: [...key].map((b) => b.toString(16).padStart(2, "0")).join("") };
}

try {
  await native(19_456, 1);
  const figures = [];
  for (const params of COSTS) {
    const times: { ours: number[]; native: number[] } = { ours: [], native: [] };
    for (let round = -1; round < ROUNDS; round++) {
      const [a, b] = [await ours(params), await native(params.memoryKib, params.passes)];
      if (a.hex !== b.hex) throw new Error("Cannot compare: the two derive different keys");
      if (round < 0) continue;
      times.ours.push(a.ms);
      times.native.push(b.ms);
    }
    const [wasm, tool] = [spread(times.ours).median, spread(times.native).median];
    figures.push({
      what: `${params.memoryKib / 1024} MiB, ${params.passes} passes / argon2 tool`,
      value: wasm / tool,
      budget: 1.5,
      unit: "×" as const,
      how: `${wasm.toFixed(0)} ms to ${tool.toFixed(0)} ms, same key`,
    });
  }
  report(TITLE, figures);
} catch (error) {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
  skipped(TITLE, "the argon2 tool is not installed (Debian package argon2)");
}
