/**
 * The hook of each agent, from the JSON on its standard input to what it prints: one answer of a shape that the agent
 * knows or none, no value in it, and nothing passes that holds one. Four bytes before the JSON say which agent, which
 * installed `--event`, what the daemon is like, and what stands in the environment.
 */
import { concat, utf8 } from "../../lib/bytes.ts";
import { homesOf } from "../../lib/paths.ts";
import * as hook from "../../commands/hook.ts";
import { AGENTS, type FuzzedAgent } from "./hook_agents.ts";
import { askStub, DAEMON_STATES, type DaemonStateHere, VALUES } from "./hook_daemon.ts";
import { type Tree, varyTree, type Words } from "./json_tree.ts";
import { textPieces } from "./mutate.ts";
import { demand, type Entry, type Target } from "./target.ts";

/** The function under test. */
export type HookParts = Pick<typeof hook, "answerHook">;

/** Nesting from which on a hook may say that it cannot read its input; string_leaves.ts follows 200 levels. */
const DEEP = 190;
const SELECTORS = 4;

const WORDS: Words = {
  texts: [
    ...Object.values(VALUES),
    ...[
      "{{FIRST_TOKEN}}",
      "{{UNKNOWN}}",
      "[REDACTED:FIRST_TOKEN]",
      "{{",
      "exec --ticket T -- 'x'",
      "cd a && ",
      "; ",
      "#",
    ],
    ...[
      "/",
      "@HOME@",
      "@HOME@/project",
      "../",
      "PreToolUse",
      "PostToolUse",
      "Bash",
      "Write",
      "mcp__a__b",
      "bypassPermissions",
    ],
  ],
  keys: [
    ...["session_id", "transcript_path", "cwd", "hook_event_name", "hookEventName", "cursor_version", "tool_name"],
    ...[
      "tool_input",
      "tool_response",
      "command",
      "prompt",
      "error",
      "permission_mode",
      "persistedOutputPath",
      "agent_id",
    ],
    ...["tool_use_id", "prompt_id", ...Object.values(VALUES)],
  ],
};

export function hookTarget({ answerHook }: HookParts = hook): Target {
  const home = Deno.makeTempDirSync({ prefix: "tacit-fuzz-hook-" });
  const homes = homesOf(home);
  furnish(home);
  return {
    name: "hook",
    corpus: corpus(),
    dictionary: [...WORDS.texts, ...WORDS.keys, "null", "true", "{}", "[]", '"', "\\u0000", "\\ud800", "{", "["].map(
      utf8,
    ),
    maxBytes: 65_536,
    vary(entry, dice) {
      const [selectors = new Uint8Array(SELECTORS), ...rest] = entry.pieces;
      const varied = varyTree(JSON.parse(new TextDecoder().decode(concat(...rest))) as Tree, WORDS, dice);
      const chosen = selectors.slice();
      if (dice.oneIn(3)) chosen[2] = dice.below(256);
      if (dice.oneIn(8)) chosen[1] = dice.below(256);
      if (dice.oneIn(8)) chosen[3] = dice.below(256);
      return concat(chosen, utf8(JSON.stringify(varied)));
    },
    async run(input) {
      const fuzzed = AGENTS[(input[0] ?? 0) % AGENTS.length] as FuzzedAgent;
      const events = [...new Set(fuzzed.events.map(({ event }) => event)), null];
      const event = events[(input[1] ?? 0) % events.length] ?? null;
      const state = DAEMON_STATES[(input[2] ?? 0) % DAEMON_STATES.length] ?? "unlocked";
      const text = new TextDecoder().decode(input.subarray(SELECTORS)).replaceAll("@HOME@", home);
      const variable = (name: string) => {
        const at = Object.keys(fuzzed.environment).indexOf(name);
        const there = at >= 0 && ((input[3] ?? 0) >> at & 1) === 1;
        return there ? fuzzed.environment[name]?.replaceAll("@HOME@", home) : undefined;
      };
      const unread: string[] = [];
      const ask = askStub(state, input.length, (fault) => unread.push(fault));
      const given = await answerHook({ homes, agent: fuzzed.agent, event }, text, variable, ask);
      demand(unread.length === 0, `The daemon cannot read the hook's question: ${unread[0]}`);
      return judge(fuzzed, text, state, given);
    },
    reaches: [
      ...["silent", "PreToolUse deny", "PreToolUse ask", "PreToolUse rewrite", "PreToolUse ask rewrite"],
      ...["PostToolUse replace", "UserPromptSubmit block", "SessionStart context", "PostToolUseFailure context"],
      "blocked: Cannot read the hook's input: it is not JSON",
    ],
    close: () => Deno.removeSync(home, { recursive: true }),
  };
}

/** The outcome, if everything holds. */
function judge(
  { answers }: FuzzedAgent,
  text: string,
  state: DaemonStateHere,
  { stdout, stderr, status }: hook.HookAnswer,
): string {
  demand(status === 0 || status === 2, `The hook ends with status ${status}`);
  // Output that nothing can search now is passed on as it is, where anything has to be said about it at all.
  const searches = state === "unlocked" || state === "locked" || !stdout.includes("updatedToolOutput");
  for (const value of Object.values(VALUES)) {
    demand(!searches || !`${stdout}${stderr}`.includes(value), "The hook prints a value");
  }
  const input = parsed(text);
  if (status === 2) {
    demand(stdout === "" && /^tacit: Cannot [^\n]+\.\n$/.test(stderr), "A blocked call says something else than why");
    const failed = stderr.includes("hook failed");
    demand(!failed || state === "confused" || depthOf(text) > DEEP, "The hook failed inside");
    return `blocked: ${stderr.slice(7, -2)}`;
  }
  demand(stderr === "", "The hook says something although it blocks nothing");
  const answer = answerOf(answers, stdout, searches);
  demandSearched(answers, input, state, answer);
  return answer === null ? "silent" : labelOf(answer);
}

/** The one JSON value that was printed, of a shape that the agent knows; null for none. */
function answerOf(answers: FuzzedAgent["answers"], stdout: string, searches: boolean): unknown {
  if (stdout === "") return null;
  demand(stdout.endsWith("\n"), "An answer does not end its line");
  const answer = parsed(stdout);
  demand(answer !== null, "An answer is not JSON");
  const fault = answers.fault(answer);
  demand(fault === null, `An answer has a shape that the agent does not know: ${fault}`);
  const value = Object.values(VALUES).find((value) => holds(answer as Tree, value, 0));
  demand(!searches || value === undefined, "An answer holds a value");
  return answer;
}

/** A value in what was to be searched stops it, and so does a placeholder that no daemon turns into a value. */
function demandSearched(
  answers: FuzzedAgent["answers"],
  input: Tree | null,
  state: DaemonStateHere,
  answer: unknown,
): void {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return;
  const stopped = answer !== null && answers.stops(answer);
  const searched = answers.searched(input);
  if (state === "unlocked" && searched !== null && !stopped) {
    const found = Object.values(VALUES).some((value) => holds(searched.of, value, 0));
    demand(!found, `A value in a ${searched.kind} passes`);
  }
  const command = answers.command(input);
  const wants = command !== null && /\{\{FIRST_TOKEN\}\}/.test(command) && !command.includes("--ticket");
  if (wants && (state === "away" || state === "locked")) demand(stopped, "A placeholder passes without a daemon");
}

/** True if a text or key of `tree` holds `value`, down to the depth that a walk has to follow. */
function holds(tree: Tree, value: string, depth: number): boolean {
  if (typeof tree === "string") return tree.includes(value);
  if (typeof tree !== "object" || tree === null || depth >= DEEP) return false;
  return Object.entries(tree).some(([key, inner]) => key.includes(value) || holds(inner as Tree, value, depth + 1));
}

function labelOf(answer: unknown): string {
  const { decision, hookSpecificOutput: specific } = answer as Record<string, unknown>;
  const fields = (specific ?? {}) as Record<string, unknown>;
  const words = [
    fields["hookEventName"] ?? "",
    decision,
    fields["permissionDecision"],
    fields["updatedInput"] === undefined ? undefined : "rewrite",
    Object.hasOwn(fields, "updatedToolOutput") ? "replace" : undefined,
    fields["additionalContext"] === undefined ? undefined : "context",
  ];
  return words.filter((word) => typeof word === "string" && word !== "").join(" ");
}

function parsed(text: string): Tree | null {
  try {
    return JSON.parse(text) as Tree;
  } catch {
    return null;
  }
}

/** Brackets that are open at once, counted everywhere: an upper bound. */
function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  for (const c of text) {
    if (c === "[" || c === "{") deepest = Math.max(deepest, ++depth);
    else if (c === "]" || c === "}") depth--;
  }
  return deepest;
}

/** Settings with rules, a transcript's directory with saved output, and a place for the shell's file. */
function furnish(home: string): void {
  const session = "cc4e1b45-dacb-4e46-9065-65e7c6c9d619";
  for (const path of ["project/sub", `.claude/projects/p/${session}/tool-results`, `session-env/${session}`]) {
    Deno.mkdirSync(`${home}/${path}`, { recursive: true });
  }
  const permissions = {
    allow: ["Bash(ls:*)", "Bash(echo:*)"],
    ask: ["Bash(git push:*)"],
    deny: ["Bash(rm:*)", "Read(./.env)"],
  };
  Deno.writeTextFileSync(`${home}/.claude/settings.json`, JSON.stringify({ permissions }));
  Deno.writeTextFileSync(`${home}/.claude/projects/p/${session}/tool-results/1.txt`, "saved\n");
}

function corpus(): Entry[] {
  return AGENTS.flatMap(({ events, environment }, agent) => {
    const names = [...new Set(events.map(({ event }) => event))];
    return events.map(({ event, input, gives }, i): Entry => ({
      name: `${AGENTS[agent]?.agent} ${i}: ${event}`,
      pieces: [
        Uint8Array.of(
          agent,
          names.indexOf(event),
          DAEMON_STATES.indexOf("unlocked"),
          2 ** (Object.keys(environment).length - 1) - 1,
        ),
        ...textPieces(JSON.stringify(input)),
      ],
      gives,
    }));
  });
}
