/** One scenario from a clean home to a verdict. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { newCanary } from "../kit/canary.ts";
import { type CleanHome, cleanHome } from "../kit/clean_home.ts";
import { startFakeModel } from "./fake_model.ts";
import { judge, type Outcome } from "./judge.ts";
import { runAgent } from "./run_agent.ts";
import { type Scenario } from "./scenario.ts";
import { TacitHome } from "./tacit_home.ts";
import { startUpstream } from "./upstream.ts";

/**
 * Runs `scenario` with the agent at `program`; with `keep` the directories stay for a look.
 * A fault of the harness itself is an exception; whatever the agent or tacit did wrong is a fault of the outcome.
 */
export async function runScenario(scenario: Scenario, program: string, keep = false): Promise<Outcome> {
  if (!existsSync(scenario.shell)) throw new Error(`Cannot run in "${scenario.shell}": it is not installed`);
  const value = newCanary();
  const user = await cleanHome();
  const tacit = new TacitHome(user);
  const upstream = startUpstream({ "/kill-daemon": () => tacit.killDaemon() });
  const fill = filler({
    UPSTREAM: upstream.url,
    WORK: user.work,
    TMP: user.tmp,
    TACIT: tacit.program,
    VAULT: user.tacit,
    VALUE: value,
    TOKEN: newToken(),
  });
  const filled = fill(scenario) as Scenario;
  await Deno.mkdir(join(user.root, "requests"));
  const model = startFakeModel(filled.script, join(user.root, "requests"));
  try {
    for (const [name, text] of Object.entries(filled.files)) {
      await Deno.mkdir(dirname(join(user.work, name)), { recursive: true });
      await Deno.writeTextFile(join(user.work, name), text);
    }
    await Deno.mkdir(join(user.home, ".claude"));
    await Deno.writeTextFile(join(user.home, ".claude/settings.json"), JSON.stringify(filled.settings, null, 2));
    if (scenario.state !== "no tacit") await tacit.prepare(scenario.state, value);
    const mcpConfig = scenario.mcp ? await writeMcpConfig(user, value) : null;
    const faults: string[] = [];
    const asked: boolean[] = [];
    const started = performance.now();
    for (let run = 0; run < scenario.runs.times; run++) {
      const before = await questions(user);
      const end = await runAgent({
        program,
        prompt: filled.prompt,
        model: model.url,
        permissions: scenario.permissions,
        mcpConfig,
        cwd: user.work,
        env: { ...user.env, SHELL: scenario.shell },
        directory: user.root,
      });
      if (end.timedOut) faults.push("the agent did not end in time");
      asked.push(await questions(user) > before);
    }
    const ms = performance.now() - started;
    await tacit.killDaemon();
    const { passphrase } = tacit;
    return await judge({ scenario, value, passphrase, user, upstream, model, asked, faults, ms });
  } finally {
    await tacit.killDaemon();
    await Promise.all([model.stop(), upstream.stop()]);
    if (keep) console.log(`kept: ${scenario.name}: ${user.root}`);
    else await user.remove();
  }
}

/** Requests that asked the model for an answer; probes and token counts hold no prompt. */
async function questions(user: CleanHome): Promise<number> {
  let count = 0;
  for await (const entry of Deno.readDir(join(user.root, "requests"))) {
    if (/^POST \/v1\/messages(\?\S*)?\n/.test(await Deno.readTextFile(join(user.root, "requests", entry.name)))) {
      count++;
    }
  }
  return count;
}

async function writeMcpConfig(user: CleanHome, value: string): Promise<string> {
  const config = join(user.aside, "mcp.json");
  const secret = join(user.aside, "note");
  await Deno.writeTextFile(secret, value, { mode: 0o600 });
  const server = new URL("mcp_server.ts", import.meta.url).pathname;
  const args = ["run", "--no-config", "--no-lock", "-A", server, secret];
  const env = { DENO_DIR: join(user.aside, "deno") };
  await Deno.writeTextFile(config, JSON.stringify({ mcpServers: { notes: { command: Deno.execPath(), args, env } } }));
  return config;
}

/** A text of the form of a GitHub token, made up. */
function newToken(): string {
  // Two digits and two cases whatever the draw: the forms are recognised by their variety.
  const draw = randomBytes(64).toString("base64").replace(/[^A-Za-z0-9]/g, "").slice(0, 32);
  return `gh${"p_"}${draw}7kQ2`;
}

/** Fills `%NAME%` in every string of a plain value; patterns and everything else pass as they are. */
function filler(names: Record<string, string>): (value: unknown) => unknown {
  const fill = (value: unknown): unknown => {
    if (typeof value === "string") return value.replace(/%([A-Z]+)%/g, (all, name: string) => names[name] ?? all);
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== "object" || value === null || value instanceof RegExp) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [fill(key), fill(item)]));
  };
  return fill;
}
