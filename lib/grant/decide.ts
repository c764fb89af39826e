/**
 * May this secret be used so, now, here? The answer is no unless the grant says yes. docs/architecture.md, "grant".
 *
 * Boundaries are checked before guard rails: expiry and mode hold against anyone, agent and project only against
 * accidents, since a process of the same user can call itself anything.
 */
import { escapeForDisplay } from "../display.ts";
import { showDestination } from "./destination.ts";
import type { InjectionMode, SecretMetadata } from "./grant.ts";

/** The refusals that a grant can lead to; each is one of lib/protocol/refusals.ts. */
export type GrantRefusal =
  | "expired"
  | "no_grant"
  | "no_env_grant"
  | "sealed_unavailable"
  | "agent_not_granted"
  | "project_not_granted"
  | "presence_required";

/** `message` is for the agent, `hint` the one command for the human. Neither holds anything but names. */
export type Decision = { ok: true } | { ok: false; code: GrantRefusal; message: string; hint: string };

/** One intended use. */
export interface IntendedUse {
  /** How the value would reach the use. */
  mode: InjectionMode;
  /** Null for a human's own terminal. */
  agent: string | null;
  /** Canonical directory, or null if unknown. */
  project: string | null;
  /** Unix milliseconds, never behind the latest time that was seen: the daemon keeps that floor. */
  now: number;
}

/** Decides `use` of `secret`. Expired exactly at its time counts as expired. */
export function decideUse(secret: SecretMetadata, use: IntendedUse): Decision {
  const { name, grant } = secret;
  const no = (code: GrantRefusal, state: string, hint: string): Decision => {
    return { ok: false, code, message: `Cannot use "${name}": ${state}`, hint };
  };
  if (grant.expires !== null && use.now >= grant.expires) {
    const when = new Date(grant.expires).toISOString();
    return no("expired", `it expired at ${when}; ask the human to renew it`, `tacit edit ${name} --expires 30d`);
  }
  const missing = !grant.modes.includes(use.mode);
  if (grant.modes.includes("sealed") && (missing || use.mode === "sealed")) {
    const hosts = grant.destinations.map(showDestination).join(", ") || "no host";
    const state = `it is sealed to ${hosts}, and this version has no proxy that could place it there`;
    return no("sealed_unavailable", state, `tacit edit ${name} --inject env`);
  }
  if (missing) {
    const code = use.mode === "env" ? "no_env_grant" : "no_grant";
    const inject = use.mode === "file" ? "file" : "env";
    const state = `its grant does not allow injection by ${use.mode}; ask the human`;
    // --inject replaces the list: what is granted already stays granted.
    const modes = [...grant.modes.filter((mode) => mode === "env" || mode === "file"), inject];
    return no(code, state, `tacit edit ${name} ${modes.map((mode) => `--inject ${mode}`).join(" ")}`);
  }
  if (use.mode !== "env" && use.mode !== "file") {
    return no("no_grant", `this version has no injection by ${use.mode}`, `tacit edit ${name} --inject env`);
  }
  if (grant.agents.length > 0 && (use.agent === null || !grant.agents.includes(use.agent))) {
    const who = use.agent === null ? "a caller that names no agent" : `agent "${shown(use.agent)}"`;
    return no("agent_not_granted", `it is not granted to ${who}`, addHint(name, "--agent", grant.agents, use.agent));
  }
  if (grant.projects.length > 0 && (use.project === null || !grant.projects.includes(use.project))) {
    const where = use.project === null ? "outside a project" : `in "${shown(use.project)}"`;
    const hint = addHint(name, "--project", grant.projects, use.project);
    return no("project_not_granted", `it is not granted ${where}`, hint);
  }
  if (grant.confirm !== "never") {
    const state = `its grant asks a person to confirm each ${grant.confirm}, and nothing can ask yet`;
    return no("presence_required", state, `tacit edit ${name} --confirm never`);
  }
  return { ok: true };
}

/** A caller's own words, safe to print and not longer than a message should be. */
function shown(text: string): string {
  return escapeForDisplay(text.slice(0, 200));
}

/** Words that mean themselves to every shell; a hint is copied into one. */
const PLAIN_WORD = /^[A-Za-z0-9_./][A-Za-z0-9_./-]{0,199}$/;

/** The command that grants what is granted and `wanted` too, or the one that shows the grant if it cannot be plain. */
function addHint(name: string, flag: string, granted: readonly string[], wanted: string | null): string {
  const words = wanted === null ? [] : [...granted, wanted];
  if (words.length === 0 || words.length > 4 || !words.every((word) => PLAIN_WORD.test(word))) {
    return `tacit show ${name}`;
  }
  return `tacit edit ${name} ${words.map((word) => `${flag} ${word}`).join(" ")}`;
}
