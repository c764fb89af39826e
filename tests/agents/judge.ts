/** The verdict on a scenario that has run: what the destination, the model, the agent's output and the disk hold. */
import { join } from "node:path";
import { homesOf } from "../../lib/paths.ts";
import { formsOf, type Hit, searchBytes, searchTree } from "../kit/canary.ts";
import type { CleanHome } from "../kit/clean_home.ts";
import type { FakeModel } from "./fake_model.ts";
import type { Scenario } from "./scenario.ts";
import { authorizationHash, type Upstream } from "./upstream.ts";

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

/** A scenario after its last run, every `%NAME%` filled in; no process of it is left that writes. */
export interface Ran {
  scenario: Scenario;
  value: string;
  passphrase: string;
  user: CleanHome;
  upstream: Upstream;
  model: FakeModel;
  /** For each run, whether the model was asked. */
  asked: boolean[];
  faults: string[];
  ms: number;
}

/** Files that are searched but not for a leak to disk: what went to the model, and what the agent printed. */
const REQUESTS = /^requests\//;
const OUTPUT = /^std(out|err)\.log$/;
/** The program itself: as large as it is unchanging. */
const PROGRAM = /^t\/bin\/tacit$/;

/** Searches everything, and adds to `ran.faults` whatever is not as the scenario says. */
export async function judge(ran: Ran): Promise<Outcome> {
  const { scenario, value, passphrase, user, upstream, asked, faults, ms } = ran;
  const canaries = { value, passphrase };
  const hits = await searchTree(user.root, canaries, (file) => PROGRAM.test(file));
  // Files in memory are files: whatever is left there after the daemon's end lies open to this user.
  const inMemory = await searchTree(homesOf(user.tacit).oneShot, canaries);
  hits.push(...inMemory.map((hit) => ({ ...hit, file: `memory/${hit.file}` })));
  const files = (pattern: RegExp) => new Set(hits.filter((hit) => pattern.test(hit.file)).map((hit) => hit.file)).size;
  const diskHits = hits.filter((hit) => !REQUESTS.test(hit.file) && !OUTPUT.test(hit.file));
  const received = (authorization: string) =>
    upstream.received().filter((hash) => hash === authorizationHash(authorization)).length;
  const reached = received(`Bearer ${value}`);
  const fault = (wrong: boolean, text: string) => void (wrong && faults.push(text));
  fault(asked.join() !== scenario.runs.asked.join(), `the model was asked in these runs: ${asked.join(", ")}`);
  fault(reached !== scenario.reaches, `${reached} of ${scenario.reaches} uses reached the destination`);
  fault(scenario.reaches === 0 && scenario.because === "", "the scenario does not say why nothing reaches it");
  for (const text of scenario.receives) fault(received(text) === 0, `the destination did not receive "${text}"`);

  await judgeTexts(ran, fault);
  const outcome = { scenario, reached, requestHits: files(REQUESTS), outputHits: files(OUTPUT), diskHits, faults, ms };
  if (scenario.control) {
    fault(outcome.requestHits === 0, "no leak into requests: the search is blind");
    fault(outcome.outputHits === 0, "no leak into the agent's output: the search is blind");
    fault(!diskHits.some((hit) => hit.file.startsWith("home/")), "no leak into the transcript: the search is blind");
    return outcome;
  }
  const forms = (pattern: RegExp) =>
    [...new Set(hits.filter((h) => pattern.test(h.file)).map((h) => h.form))].join(", ");
  for (
    const [where, pattern, known] of [
      ["requests to the model", REQUESTS, scenario.requestsLeak !== null],
      ["the agent's output", OUTPUT, scenario.outputLeaks !== null],
    ] as const
  ) {
    fault(files(pattern) > 0 && !known, `in ${where}: ${forms(pattern)}`);
    fault(files(pattern) === 0 && known, `listed in ${where} but not there`);
  }
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

/** What the model was told and shown, what lies in the working directory, and what the audit log says. */
async function judgeTexts(
  { scenario, value, user, model }: Ran,
  fault: (wrong: boolean, text: string) => void,
): Promise<void> {
  const shown = model.shown().join("\n");
  const told = model.told().join("\n");
  for (const pattern of scenario.told) fault(!pattern.test(told), `the model was not told ${pattern}`);
  for (const pattern of scenario.shows) fault(!pattern.test(shown), `the model was not shown ${pattern}`);
  for (const pattern of scenario.hides) fault(pattern.test(shown), `the model was shown ${pattern}`);
  if (scenario.requestsLeak?.kind === "typed") {
    const found = searchBytes(new TextEncoder().encode(`${shown}\n${told}`), formsOf(value));
    fault(found.length > 0, `beside the model's own words: ${found.join(", ")}`);
  }
  for (const [name, pattern] of Object.entries(scenario.leaves)) {
    const text = await Deno.readTextFile(join(user.work, name)).catch(() => null);
    fault(text === null || !pattern.test(text), `work/${name} is ${text === null ? "gone" : "not as it should be"}`);
  }
  if (scenario.audited.length === 0) return;
  const audit = homesOf(user.tacit).audit;
  const files = (await Array.fromAsync(Deno.readDir(audit))).filter((entry) => entry.isFile);
  const log = (await Promise.all(files.map((entry) => Deno.readTextFile(join(audit, entry.name))))).join("\n");
  for (const pattern of scenario.audited) fault(!pattern.test(log), `the audit log has no line like ${pattern}`);
}
