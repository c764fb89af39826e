/** One scenario from a clean home to a verdict. */
import { join } from "node:path";
import { type Hit, newCanary, searchTree } from "../kit/canary.ts";
import { type CleanHome, cleanHome } from "../kit/clean_home.ts";
import { type FakeModel, startFakeModel } from "./fake_model.ts";
import { runAgent } from "./run_agent.ts";
import { type Scenario } from "./scenario.ts";
import { TacitHome } from "./tacit_home.ts";
import { bearerHash, startUpstream, type Upstream } from "./upstream.ts";

/** What came of a scenario; `faults` is empty if it passed. */
export interface Outcome {
  scenario: Scenario;
  /** Requests at the destination that carried the real value. */
  reached: number;
  requestHits: number;
  outputHits: number;
  diskHits: Hit[];
  faults: string[];
  ms: number;
}

/** Files that are searched but not for a leak to disk: what went to the model, and what the agent printed. */
const REQUESTS = /^requests\//;
const OUTPUT = /^std(out|err)\.log$/;
/** The program itself: as large as it is unchanging. */
const PROGRAM = /^t\/bin\/tacit$/;

/**
 * Runs `scenario` with the agent at `program`; with `keep` the directories stay for a look.
 * A fault of the harness itself is an exception; whatever the agent or tacit did wrong is a fault of the outcome.
 */
export async function runScenario(scenario: Scenario, program: string, keep = false): Promise<Outcome> {
  const value = newCanary();
  const user = await cleanHome();
  const tacit = new TacitHome(user);
  const upstream = startUpstream({ "/kill-daemon": () => tacit.killDaemon() });
  const fill = filler({
    UPSTREAM: upstream.url,
    WORK: user.work,
    TMP: user.tmp,
    TACIT: tacit.program,
    VALUE: value,
  });
  const filled = fill(scenario) as Scenario;
  await Deno.mkdir(join(user.root, "requests"));
  const model = startFakeModel(filled.script, join(user.root, "requests"));
  try {
    for (const [name, text] of Object.entries(filled.files)) await Deno.writeTextFile(join(user.work, name), text);
    await Deno.mkdir(join(user.home, ".claude"));
    await Deno.writeTextFile(join(user.home, ".claude/settings.json"), JSON.stringify(filled.settings, null, 2));
    if (scenario.state !== "no tacit") await tacit.prepare(scenario.state, value);
    const mcpConfig = scenario.mcp ? await writeMcpConfig(user, value) : null;
    const end = await runAgent({
      program,
      prompt: filled.prompt,
      model: model.url,
      permissions: scenario.permissions,
      mcpConfig,
      cwd: user.work,
      env: user.env,
      directory: user.root,
    });
    const faults = end.timedOut ? ["the agent did not end in time"] : [];
    return await judge({ scenario, value, tacit, user, upstream, model, faults, ms: end.ms });
  } finally {
    await tacit.killDaemon();
    await Promise.all([model.stop(), upstream.stop()]);
    if (keep) console.log(`kept: ${scenario.name}: ${user.root}`);
    else await user.remove();
  }
}

interface Ran {
  scenario: Scenario;
  value: string;
  tacit: TacitHome;
  user: CleanHome;
  upstream: Upstream;
  model: FakeModel;
  faults: string[];
  ms: number;
}

async function judge({ scenario, value, tacit, user, upstream, model, faults, ms }: Ran): Promise<Outcome> {
  await tacit.killDaemon();
  const canaries = { value, passphrase: tacit.passphrase };
  const hits = await searchTree(user.root, canaries, (file) => PROGRAM.test(file));
  const files = (pattern: RegExp) => new Set(hits.filter((hit) => pattern.test(hit.file)).map((hit) => hit.file)).size;
  const diskHits = hits.filter((hit) => !REQUESTS.test(hit.file) && !OUTPUT.test(hit.file));
  const outcome: Outcome = {
    scenario,
    reached: upstream.received().filter((hash) => hash === bearerHash(value)).length,
    requestHits: files(REQUESTS),
    outputHits: files(OUTPUT),
    diskHits,
    faults,
    ms,
  };
  const fault = (wrong: boolean, text: string) => void (wrong && faults.push(text));
  fault(model.requests() === 0 && !scenario.silent, "the model was never asked");
  fault(scenario.silent && (await asked(user)) > 0, "the model was asked");
  fault(outcome.reached !== scenario.reaches, `${outcome.reached} of ${scenario.reaches} uses reached the destination`);
  fault(scenario.reaches === 0 && scenario.because === "", "the scenario does not say why nothing reaches it");

  const shown = model.shown().join("\n");
  const told = model.told().join("\n");
  for (const pattern of scenario.told) fault(!pattern.test(told), `the model was not told ${pattern}`);
  for (const pattern of scenario.shows) fault(!pattern.test(shown), `the model was not shown ${pattern}`);
  for (const pattern of scenario.hides) fault(pattern.test(shown), `the model was shown ${pattern}`);
  for (const [name, pattern] of Object.entries(scenario.leaves)) {
    const text = await Deno.readTextFile(join(user.work, name)).catch(() => null);
    fault(text === null || !pattern.test(text), `work/${name} is ${text === null ? "gone" : "not as it should be"}`);
  }
  if (scenario.control) {
    fault(outcome.requestHits === 0, "no leak into requests: the search is blind");
    fault(outcome.outputHits === 0, "no leak into the agent's output: the search is blind");
    fault(!diskHits.some((hit) => hit.file.startsWith("home/")), "no leak into the transcript: the search is blind");
    return outcome;
  }
  const forms = (pattern: RegExp) =>
    [...new Set(hits.filter((h) => pattern.test(h.file)).map((h) => h.form))].join(", ");
  fault(outcome.requestHits > 0, `in requests to the model: ${forms(REQUESTS)}`);
  fault(outcome.outputHits > 0 && scenario.outputLeaks === null, `in the agent's output: ${forms(OUTPUT)}`);
  for (const file of new Set(diskHits.map((hit) => hit.file))) {
    const listed = scenario.disk.some((place) => place.where.test(file));
    const which = diskHits.filter((hit) => hit.file === file).map((hit) => `${hit.canary}: ${hit.form}`).join(", ");
    fault(!listed, `on disk at an unlisted place: ${file} (${which})`);
  }
  for (const place of scenario.disk) {
    fault(!diskHits.some((hit) => place.where.test(hit.file)), `listed on disk but not there: ${place.where}`);
  }
  return outcome;
}

/** Requests that asked the model for an answer; probes and token counts hold no prompt. */
async function asked(user: CleanHome): Promise<number> {
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

/** Fills `%NAME%` in every string of a plain value; patterns and everything else pass as they are. */
function filler(names: Record<string, string>): (value: unknown) => unknown {
  const fill = (value: unknown): unknown => {
    if (typeof value === "string") return value.replace(/%([A-Z]+)%/g, (all, name: string) => names[name] ?? all);
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== "object" || value === null || value instanceof RegExp) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item)]));
  };
  return fill;
}
