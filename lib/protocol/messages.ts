/**
 * Every request and reply between tacit's processes, except `fill.ts`, the one reply that carries values.
 * Agent-facing verbs travel on `use.sock`, administrative ones on `admin.sock`; neither socket answers the other's.
 * docs/protocol.md is normative.
 */
import type { Grant, SecretMetadata } from "../grant/grant.ts";
import type { Refusal } from "./refusals.ts";

/** Bumped when an old client could misunderstand a new daemon; both sides refuse another number. */
export const PROTOCOL_VERSION = 1;

/** Who is calling, as far as the caller says: labels for audit and guard rails, never a boundary. */
export interface Caller {
  /** Agent name such as `claude-code`, or null for a human's own terminal. */
  agent: string | null;
  agent_version?: string;
  session: string | null;
  /** Parent session or agent id of a subagent. */
  parent?: string;
  turn?: string;
  tool_call?: string;
  tool?: string;
  /** Canonical project directory. */
  project: string | null;
  cwd: string | null;
}

/** Requests on `use.sock`. The attachment, where one is named, follows the JSON in the same frame. */
export type UseRequest =
  | { verb: "status" }
  | { verb: "list" }
  /** Session registry; `start` and `end` are audited, `seen` is a heartbeat. */
  | { verb: "session"; event: "start" | "seen" | "end"; caller: Caller }
  /**
   * Before a tool call. Attachment: all string leaves of the tool's input, UTF-8, one after the other; `lengths` are
   * their sizes in bytes. `command` is the index of the shell command among them, or null for a tool that runs none.
   * The daemon searches every leaf for literal values and known tokens, and mints a ticket for a command with live placeholders.
   */
  | { verb: "prepare"; caller: Caller; lengths: number[]; command: number | null }
  /** Attachment: leaves as above; the reply's attachment holds them scrubbed, with their new lengths. */
  | { verb: "scrub"; caller: Caller; lengths: number[] }
  /** Turns the connection into a scrub stream: each following frame's attachment is fed, `feed_end` flushes. */
  | { verb: "scrub_stream"; caller: Caller }
  | { verb: "feed" }
  | { verb: "feed_end" }
  /** Attachment: the prompt's text. */
  | { verb: "prompt"; caller: Caller }
  /** Runner only; answered with a fill (fill.ts). `command_sha256` is hex of sha256 of the wrapped command's UTF-8. */
  | { verb: "redeem"; ticket: string; command_sha256: string; cwd: string }
  /** `tacit run`; answered with a fill. */
  | { verb: "run"; caller: Caller; wants: { name: string; mode: "env" | "file" }[] }
  /** The wrapped command has ended. */
  | { verb: "finish"; use: string; exit_status: number; duration_ms: number }
  | { verb: "audit_verify" };

/** Requests on `admin.sock`. What narrows needs no presence; what widens travels only inside `sealed`. */
export type AdminRequest =
  | { verb: "status" }
  | { verb: "lock" }
  /** Ends the daemon: used by `unlock`, which starts a fresh one. */
  | { verb: "stop" }
  /** Mutual challenge, first half: 32 random bytes in hex. */
  | { verb: "challenge"; nonce: string }
  /** Second half; afterwards the connection accepts `sealed`. */
  | { verb: "prove"; proof: string }
  /** Attachment: a sealed WideningRequest with its own attachment inside (frame layout), under the channel key. */
  | { verb: "sealed"; counter: number };

/** What a person says about a secret, besides its grant. */
export type SecretDescription = Pick<SecretMetadata, "name" | "kind" | "tags" | "description" | "provider" | "weak">;

/** One secret to store, its grant spread out. Its value is a slice of the attachment, `length` bytes long. */
export interface NewSecret extends SecretDescription, Grant {
  /** Replace the value (and keep the rest) if the name exists. */
  replace: boolean;
  length: number;
}

/** Requests that widen what is allowed; each needs fresh presence. */
export type WideningRequest =
  | { verb: "add"; secrets: NewSecret[] }
  | { verb: "edit"; name: string; changes: Partial<Omit<NewSecret, "name" | "length" | "replace" | "weak">> }
  | { verb: "remove"; names: string[] }
  /** The vault file was rewritten by a process that holds the data key (passwd, recovery). */
  | { verb: "reload" };

/** A secret as blind rooms see it: metadata plus what the daemon knows of its standing. */
export interface SecretView extends SecretMetadata {
  expired: boolean;
  /** Last use from the audit log, Unix milliseconds, or null. */
  last_used: number | null;
}

/** Rows of docs/protocol.md, "States", that a running daemon can be in: without a key it is one of the last two. */
export type DaemonState = "unlocked" | "locked" | "never_unlocked";

/** What `status` answers on both sockets: counts, times and labels; no name of a secret, no value. */
export interface StatusReply {
  ok: true;
  state: DaemonState;
  version: string;
  pid: number;
  /** How the last unlock proved presence. */
  presence: "prompt" | "pipe" | "file" | null;
  secrets: number;
  /** True if tool output can be scrubbed now (also while locked since an unlock). */
  scrubbing: boolean;
  /** Unix milliseconds; null while locked. */
  idle_deadline: number | null;
  absolute_deadline: number | null;
  sessions: number;
  /** Warnings such as a recovered torn tail or a rollback. */
  notes: string[];
  /** Promise level in force for env/file injection; T1 and up need the proxy. */
  level: "T0";
  /** Result of the hardening calls, by name. */
  hardening: Record<string, boolean>;
}

/** Replies on both sockets; which one answers which verb is docs/protocol.md's table. */
export type Reply =
  | Refusal
  | StatusReply
  | { ok: true; secrets: SecretView[] }
  | { ok: true; state: DaemonState; names: string[]; scrubbing: boolean }
  /** prepare: `ticket` is null where nothing was to be done. */
  | { ok: true; ticket: string | null; names: string[]; passed_marker: boolean }
  /** scrub: attachment carries the leaves. `names` are the secrets that were found. */
  | { ok: true; lengths: number[]; names: string[] }
  /** scrub_stream: false if nothing is known that could be looked for. */
  | { ok: true; scrubbing: boolean }
  /** feed, feed_end: attachment carries what may be shown by now; `held` bytes have not come out yet. */
  | { ok: true; held: number }
  /** finish, lock, stop, and others that only acknowledge. */
  | { ok: true }
  | { ok: true; nonce: string; proof: string }
  | { ok: true; sealed: true; counter: number }
  | { ok: true; verified: boolean; lines: number; keyed: boolean; bad_line: number | null; reason: string }
  /** sealed add/edit/remove: what now holds. */
  | { ok: true; names: string[]; notes: string[] };
