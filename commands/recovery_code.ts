/**
 * How a fresh recovery code reaches its owner: on the terminal, where two of its groups are asked back, or through a
 * descriptor of the caller's. Never on stdout, which ends up in logs and transcripts. docs/cli.md, "init".
 */
import { type RecoveryCode } from "../lib/presence/slot_changes.ts";
import { hasTerminal, NoTerminalError, readVisible, showOnTerminal } from "../lib/tty.ts";
import { CommandError } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { asksOnTerminal } from "./passphrase.ts";
import { note } from "./terminal.ts";

/** Where the code goes: nowhere since none is wanted, the terminal, or a descriptor. */
export type RecoveryWay = "none" | "terminal" | number;

const TRIES = 3;

/**
 * Decides where the code will go before it exists.
 * @throws {CommandError} if a script has not said where; {NoTerminalError} without a terminal.
 */
export function recoveryWay(
  invocation: Invocation,
  verb: "init" | "recovery" | "rekey",
  wanted: boolean,
  fd: number | undefined,
): RecoveryWay {
  if (!wanted) return "none";
  if (fd !== undefined) {
    if (Number.isInteger(fd) && fd >= 2) return fd;
    throw new CommandError(
      "usage",
      "Cannot write the recovery code: stdin and stdout are no place for it",
      "--recovery-code-to-fd 3 3> file, or 2 for stderr",
    );
  }
  if (!asksOnTerminal(invocation)) {
    throw new CommandError(
      "usage",
      "Cannot hand over a recovery code: the passphrase does not come from a person, so nobody would write it down",
      `add ${verb === "init" ? "--no-recovery, or " : ""}--recovery-code-to-fd 4 4> file`,
    );
  }
  if (!hasTerminal()) throw new NoTerminalError("Cannot ask: there is no terminal");
  return "terminal";
}

/**
 * Hands over `recovery`; on the terminal, only returns once two groups were typed back.
 * @throws {CommandError} after three wrong answers, or if the descriptor cannot be written.
 */
export async function handOverRecoveryCode(recovery: RecoveryCode, way: RecoveryWay): Promise<void> {
  if (typeof way === "number") return writeTo(way, `${recovery.code}\n`);
  showOnTerminal(
    "\nYour recovery code. It opens the vault if the passphrase is forgotten, and it is not shown again:\n" +
      `\n    ${recovery.code}\n\nWrite it down and keep it away from this machine.\n\n`,
  );
  const groups = recovery.code.split("-");
  for (const index of twoOf(groups.length)) {
    for (let left = TRIES;; left--) {
      const typed = await readVisible(`To be sure, type group ${index + 1} of ${groups.length}: `);
      if (plain(typed) === plain(groups[index] ?? "")) break;
      if (left === 1) {
        throw new CommandError(
          "usage",
          "Cannot go on: the recovery code was not copied; nothing was changed",
          "run the command again",
        );
      }
      note("That is not it. Look again.");
    }
  }
}

/** Crockford's base32 reads O as 0 and I, L as 1; case and blanks do not matter. */
function plain(group: string): string {
  return group.toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
}

function twoOf(groups: number): number[] {
  const [a, b] = crypto.getRandomValues(new Uint32Array(2));
  const first = (a ?? 0) % groups;
  const second = (first + 1 + (b ?? 0) % (groups - 1)) % groups;
  return [first, second].sort((x, y) => x - y);
}

function writeTo(fd: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    if (fd === 2) {
      Deno.stderr.writeSync(bytes);
      return;
    }
    const file = Deno.openSync(`/dev/fd/${fd}`, { append: true });
    file.writeSync(bytes);
    file.close();
  } catch {
    throw new CommandError(
      "usage",
      `Cannot write the recovery code: descriptor ${fd} is not open for writing`,
      `tacit … ${fd}> file`,
    );
  }
}
