/** What a scenario of the leak test says; the scenarios themselves are data. */
import type { Script } from "./fake_model.ts";

/** The one secret of every scenario. */
export const SECRET = "API_TOKEN";

/** In which state tacit is when the agent starts. */
export type State =
  | "no tacit"
  | "unlocked"
  | "expired"
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
 * One run of the agent. In every string, `%UPSTREAM%`, `%WORK%`, `%TMP%`, `%TACIT%` (the installed program) and
 * `%VALUE%` are filled in before the run.
 */
export interface Scenario {
  /** Short, unique: the first column of the leak table. */
  name: string;
  /** The promise, in one sentence. */
  promise: string;
  state: State;
  prompt: string;
  script: Script;
  /** Files in the working directory. */
  files: Record<string, string>;
  /** Merged into the agent's user settings before tacit is installed. */
  settings: Record<string, unknown>;
  /** `default` asks before each call, and without a terminal asking means no. */
  permissions: "bypassed" | "default";
  /** An MCP server that hands out the value. */
  mcp: boolean;
  /** Requests with the real value that the destination must receive; where it is 0, `because` says why. */
  reaches: number;
  because: string;
  /** Must match somewhere in the first message of a conversation, with what hooks added to it, each. */
  told: RegExp[];
  /** Must match somewhere in the tool results that the model was shown, each. */
  shows: RegExp[];
  /** Must match nowhere in it. */
  hides: RegExp[];
  /** Files of the working directory that must exist afterwards, with what they must hold. */
  leaves: Record<string, RegExp>;
  disk: Place[];
  /** Reason why the agent's own output holds the value in spite of tacit; null where it must not. */
  outputLeaks: string | null;
  /** True only for the run without tacit, which must leak into requests, output and disk, or the test proves nothing. */
  control: boolean;
  /** True if the model must not be asked at all. */
  silent: boolean;
}

const PLAIN: Omit<Scenario, "name" | "promise"> = {
  state: "unlocked",
  prompt: "do it",
  script: { turns: [], final: "finished", threads: [] },
  files: {},
  settings: {},
  permissions: "bypassed",
  mcp: false,
  reaches: 0,
  because: "",
  told: [],
  shows: [],
  hides: [],
  leaves: {},
  disk: [],
  outputLeaks: null,
  control: false,
  silent: false,
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

/** The agent's own record of a session. */
export const TRANSCRIPT = /^home\/\.claude\/projects\/[^/]+\/[^/]+\.jsonl$/;
