/** How long an unlock lasts, as flags say it. docs/cli.md, "unlock". */
import { parseDuration, showDuration } from "../lib/duration.ts";
import { DEFAULT_LIFETIME, type Lifetime } from "../lib/presence/start_daemon.ts";
import type { StatusReply } from "../lib/protocol/messages.ts";
import { CommandError } from "./exit_codes.ts";
import { showTime } from "./terminal.ts";

export interface LifetimeFlags {
  idle?: string;
  absolute?: string;
}

/** @throws {CommandError} (exit "usage") on something that is no duration. */
export function readLifetime(flags: LifetimeFlags): Lifetime {
  return {
    idleMs: flags.idle === undefined ? DEFAULT_LIFETIME.idleMs : read("--idle", flags.idle),
    absoluteMs: flags.absolute === undefined ? DEFAULT_LIFETIME.absoluteMs : read("--absolute", flags.absolute),
  };
}

/** `after 8h without use, and at 2030-01-01 12:00 in any case`. */
export function showDeadlines(status: StatusReply, now = Date.now()): string {
  const { idle_deadline: idle, absolute_deadline: absolute } = status;
  const parts = [
    ...(idle === null ? [] : [`in ${showDuration(roundedUp(idle - now))} unless used`]),
    ...(absolute === null ? [] : [`at ${showTime(absolute)} in any case`]),
  ];
  return parts.join(", ") || "never";
}

/** To whole minutes, or to seconds where a minute would be too much to say. */
function roundedUp(ms: number): number {
  const unit = ms < 60e3 ? 1e3 : 60e3;
  return Math.ceil(ms / unit) * unit;
}

function read(flag: string, text: string): number {
  try {
    return parseDuration(text);
  } catch {
    throw new CommandError(
      "usage",
      `Cannot use ${flag}: the word is not a duration`,
      `${flag} 8h (s, m, h, d or w)`,
    );
  }
}
