/** What a scenario of the leak test says; the scenarios themselves are data. */
import type { Script } from "./fake_model.ts";

/** The one secret of every scenario. */
export const SECRET = "API_TOKEN";

/** In which state tacit is when the agent starts. */
export type State =
  | "no tacit"
  | "unlocked"
  | "expired"
  | "sealed"
  | "locked"
  | "never unlocked"
  | "no daemon"
  | "binary missing";

/** A place on disk where the value may be found after the run, and why tacit cannot keep it away. */
export interface Place {
  /** The place as docs/agents.md names it. */
  place: string;
  /** Pattern for the path below the searched directory. */
  where: RegExp;
  /** Mirrored in docs/agents.md. */
  why: string;
}

/**
 * One run of the agent, or several alike. In every string, `%UPSTREAM%`, `%WORK%`, `%TMP%`, `%VALUE%`, `%TOKEN%` (has
 * the form of a provider's token, and is in no vault), `%TACIT%` (the installed program) and `%VAULT%` (its home) are
 * filled in before the run.
 */
export interface Scenario {
  /** Short, unique: the first column of the leak table. */
  name: string;
  /** The promise, in one sentence. */
  promise: string;
  state: State;
  prompt: string;
  script: Script;
  /** How often the agent runs, and in how many of these runs, in order, the model must be asked. */
  runs: { times: number; asked: boolean[] };
  /** Files in the working directory, by path from it. */
  files: Record<string, string>;
  /** Merged into the agent's user settings before tacit is installed. */
  settings: Record<string, unknown>;
  /** The agent's mode. All but `bypassed` ask before some calls, and without a terminal asking means no. */
  permissions: "bypassed" | "default" | "acceptEdits" | "plan";
  /** The user's shell, which the agent runs commands with. */
  shell: string;
  /** An MCP server that hands out the value. */
  mcp: boolean;
  /** Requests with the real value that the destination must receive; where it is 0, `because` says why. */
  reaches: number;
  because: string;
  /** What the destination must receive as `Authorization` in place of the value. */
  receives: string[];
  /** Must match somewhere in the first message of a conversation, with what hooks added to it, each. */
  told: RegExp[];
  /** Must match somewhere in the tool results that the model was shown, each. */
  shows: RegExp[];
  /** Must match nowhere in it. */
  hides: RegExp[];
  /** Files of the working directory that must exist afterwards, with what they must hold. */
  leaves: Record<string, RegExp>;
  /** Must match the text of the audit log, each. */
  audited: RegExp[];
  disk: Place[];
  /** Reason why the agent's own output holds the value in spite of tacit; null where it must not. */
  outputLeaks: string | null;
  /**
   * Reason why requests to the model hold the value. `typed`: the model wrote it itself, and no tool result may show
   * it. `hole`: the agent sends it past every hook, a case in which the promise does not hold.
   */
  requestsLeak: { kind: "typed" | "hole"; why: string } | null;
  /** True only for the run without tacit, which must leak into requests, output and disk, or the test proves nothing. */
  control: boolean;
}

const PLAIN: Omit<Scenario, "name" | "promise"> = {
  state: "unlocked",
  prompt: "do it",
  runs: { times: 1, asked: [true] },
  script: { turns: [], final: "finished", threads: [] },
  files: {},
  settings: {},
  permissions: "bypassed",
  shell: "/bin/bash",
  mcp: false,
  reaches: 0,
  because: "",
  receives: [],
  told: [],
  shows: [],
  hides: [],
  leaves: {},
  audited: [],
  disk: [],
  outputLeaks: null,
  requestsLeak: null,
  control: false,
};

/** A scenario from what makes it different. */
export function scenario(own: Partial<Scenario> & Pick<Scenario, "name" | "promise">): Scenario {
  return { ...PLAIN, ...own };
}

/** The usual call: the secret in a header, to a destination that echoes it. */
export const CURL = `curl -s -H "Authorization: Bearer {{${SECRET}}}" %UPSTREAM%/user`;

/** A shell call as the model makes it. */
export function bash(
  command: string,
  more: Record<string, unknown> = {},
): { tool: string; input: Record<string, unknown> } {
  return { tool: "Bash", input: { command, description: "run a command", ...more } };
}

/** A file that the scenario itself puts there. */
export const PLANTED: Place = {
  place: "the project's own file",
  where: /^work\/key\.txt$/,
  why: "it was there before; `tacit import` can move such values into the vault",
};

/** What most scenarios differ in: the model's turns, one after the other. */
export function turns(...all: Script["turns"]): Script {
  return { turns: all, final: "finished", threads: [] };
}

/** What stands where the secret's value stood. */
export const MARKER = new RegExp(`\\[REDACTED:${SECRET}\\]`);

/** The agent's own record of a session. */
const TRANSCRIPT = /^home\/\.claude\/projects\/[^/]+\/[^/]+\.jsonl$/;

/** The agent's transcript, where it holds what went past every hook, or what the model or the person wrote. */
export function inTranscript(why: string): Place {
  return { place: "the session's transcript", where: TRANSCRIPT, why };
}
