/** How a secret is shown: metadata only, never the value, its length, or a part of it. docs/cli.md, "list". */
import { showDestination } from "../lib/grant/destination.ts";
import type { InjectionMode } from "../lib/grant/grant.ts";
import { showDuration } from "../lib/duration.ts";
import type { SecretView } from "../lib/protocol/messages.ts";
import { ENV_PROMISE } from "./grant_options.ts";
import { showTime } from "./terminal.ts";

/** The label of each mode, as `show` prints it and `--json` carries it. */
export const MODE_LABELS: Record<InjectionMode, string> = {
  sealed: "sealed: goes only to the named hosts; not usable in this version",
  env: `env: ${ENV_PROMISE}`,
  file: `file: ${ENV_PROMISE}`,
  "ssh-agent": "ssh-agent: not usable in this version",
  database: "database: not usable in this version",
};

/** One secret as `--json` carries it; fields are only ever added. */
export function secretDocument(secret: SecretView): Record<string, unknown> {
  const { grant } = secret;
  return {
    name: secret.name,
    kind: secret.kind,
    tags: secret.tags,
    description: secret.description,
    modes: grant.modes,
    mode_labels: grant.modes.map((mode) => MODE_LABELS[mode]),
    destinations: grant.destinations.map(showDestination),
    agents: grant.agents,
    projects: grant.projects,
    confirm: grant.confirm,
    expires: isoTime(grant.expires),
    expired: secret.expired,
    weak: secret.weak,
    created: isoTime(secret.created),
    updated: isoTime(secret.updated),
    rev: secret.rev,
    last_used: isoTime(secret.last_used),
  };
}

/** Modes in a table's cell; env and file carry a mark that the line below the table explains. */
export function modesCell(secret: SecretView): string {
  return secret.grant.modes.map((mode) => mode === "env" || mode === "file" ? `${mode}*` : mode).join(",") || "none";
}

/**
 * The hosts a secret names. Only a sealed use is held to them; for a value in the environment or a file they say what
 * the person had in mind, and nothing enforces it.
 */
export function hostsCell(secret: SecretView): string {
  const hosts = secret.grant.destinations.map(showDestination).join(", ");
  if (hosts === "") return "-";
  return secret.grant.modes.some((mode) => mode === "env" || mode === "file") ? `${hosts} (not enforced)` : hosts;
}

/** The line that explains the mark. */
export const MODES_FOOTNOTE = `* ${ENV_PROMISE}`;

/** `in 12d 3h`, `expired`, or `-`. */
export function expiryCell(secret: SecretView, now = Date.now()): string {
  const { expires } = secret.grant;
  if (expires === null) return "-";
  return secret.expired ? "expired" : `in ${showDuration(expires - now)}`;
}

/** `name: value` pairs for `show`. */
export function secretProperties(secret: SecretView): [string, string][] {
  const { grant } = secret;
  const list = (items: string[], none: string) => items.join(", ") || none;
  return [
    ["name", secret.name],
    ["kind", secret.kind],
    ["description", secret.description || "-"],
    ["tags", list(secret.tags, "-")],
    ["use", list(grant.modes.map((mode) => MODE_LABELS[mode]), "none: every use is refused")],
    ["hosts", hostsCell(secret)],
    ["agents", list(grant.agents, "any")],
    ["projects", list(grant.projects, "any")],
    ...(grant.confirm === "never" ? [] : [["confirm", `each ${grant.confirm}`] as [string, string]]),
    ["expires", grant.expires === null ? "never" : `${showTime(grant.expires)}${secret.expired ? " (expired)" : ""}`],
    ["strength", secret.weak ? "weak: too short or too common to be found in output" : "ok"],
    ["created", showTime(secret.created)],
    ["changed", `${showTime(secret.updated)} (revision ${secret.rev} of the value)`],
    ["last used", secret.last_used === null ? "never" : showTime(secret.last_used)],
  ];
}

function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
