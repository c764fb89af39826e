/** A daemon as a process, of this user or, where the tests run as root, of one without rights. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toHex } from "../../lib/bytes.ts";
import { encodeFrame, FrameReader } from "../../lib/protocol/frame.ts";
import type { Stage } from "./daemon_stage.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** `nobody` on every Linux system. */
export const OTHER_UID = 65534;

/** How to start it. */
export interface SpawnOptions {
  /** Hand the key over its standard input. */
  key?: boolean;
  /** Run it as this user, with a runtime made readable for it by `runtimeFor`. */
  as?: { uid: number; runtime: Runtime };
  env?: Record<string, string>;
}

/** A runtime and package cache that another user can reach. */
export interface Runtime {
  readonly program: string;
  readonly cache: string;
}

/** A daemon's process. `reply` is what it answered to the key, null if it was given none. */
export interface SpawnedDaemon {
  readonly pid: number;
  readonly reply: Record<string, unknown> | null;
  /** Everything that it printed, once it has ended. */
  readonly printed: Promise<{ code: number; stdout: Uint8Array; stderr: Uint8Array }>;
  stop(): Promise<void>;
}

/** Copies what a process of another user needs into `directory`. */
export async function runtimeFor(directory: string): Promise<Runtime> {
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stdout: "piped" }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(info.stdout)) as { npmCache: string };
  const cache = join(directory, "cache");
  const program = join(directory, "deno");
  Deno.mkdirSync(cache, { recursive: true });
  await Deno.copyFile(Deno.execPath(), program);
  await new Deno.Command("cp", { args: ["-r", npmCache, join(cache, "npm")] }).output();
  await new Deno.Command("chown", { args: ["-R", `${OTHER_UID}:${OTHER_UID}`, cache] }).output();
  await new Deno.Command("chmod", { args: ["-R", "a+rX", directory] }).output();
  return { program, cache };
}

/** Starts a daemon for `stage` and waits until it answers, or, without a key, until it listens or has ended. */
export async function spawnDaemon(stage: Stage, options: SpawnOptions = {}): Promise<SpawnedDaemon> {
  const { homes, prk, vaultId } = stage;
  const env: Record<string, string> = { ...options.env };
  const kept = ["HOME", "DENO_DIR", "XDG_CACHE_HOME", "DENO_TLS_CA_STORE"];
  for (const name of kept) if (Deno.env.has(name)) env[name] ??= Deno.env.get(name) ?? "";
  if (options.as !== undefined) env["DENO_DIR"] = options.as.runtime.cache;
  const child = new Deno.Command(options.as?.runtime.program ?? Deno.execPath(), {
    args: [
      ...["run", "-A", "--no-prompt", "--no-check", "--cached-only", "--config", join(ROOT, "deno.json")],
      ...[join(ROOT, "tests/kit/daemon_entry.ts"), homes.chosen ?? ""],
    ],
    clearEnv: true,
    env,
    cwd: "/",
    stdin: options.key === true ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
    ...(options.as === undefined ? {} : { uid: options.as.uid, gid: options.as.uid }),
  }).spawn();
  const status = child.status;
  let ended = false;
  void status.then(() => ended = true);
  const [forReply, forPrint] = child.stdout.tee();
  const printed = Promise.all([status, new Response(forPrint).bytes(), new Response(child.stderr).bytes()])
    .then(([{ code }, stdout, stderr]) => ({ code, stdout, stderr }));
  let reply: Record<string, unknown> | null = null;
  if (options.key === true) {
    const writer = child.stdin.getWriter();
    const limits = { idle_ms: 3_600_000, absolute_ms: 3_600_000 };
    const frame = encodeFrame({ vault_id: toHex(vaultId), epoch: 1, presence: "pipe", ...limits }, prk);
    await writer.write(frame).then(() => writer.close()).catch(() => {});
    reply = await firstFrame(forReply);
  } else {
    for (let i = 0; i < 6000 && !ended && !exists(homes.adminSocket); i++) await new Promise((r) => setTimeout(r, 10));
    void forReply.cancel();
  }
  return {
    pid: child.pid,
    reply,
    printed,
    async stop() {
      if (!ended) child.kill("SIGTERM");
      await printed;
    },
  };
}

async function firstFrame(stream: ReadableStream<Uint8Array>): Promise<Record<string, unknown> | null> {
  const reader = stream.getReader();
  let rest = new Uint8Array(0);
  try {
    const frames = new FrameReader(async (p) => {
      if (rest.length === 0) {
        const { value, done } = await reader.read();
        if (done) return null;
        rest = new Uint8Array(value);
      }
      const n = Math.min(p.length, rest.length);
      p.set(rest.subarray(0, n));
      rest = rest.subarray(n);
      return n;
    });
    return (await frames.next())?.message ?? null;
  } finally {
    // The other branch goes on, so this would not settle before it ends.
    void reader.cancel().catch(() => {});
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
