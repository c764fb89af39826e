/** `tacit status`: locked or not, and until when. Exit 0 only if unlocked. docs/cli.md, "unlock". */
import { backupsOf } from "../lib/presence/backup_files.ts";
import { showAge } from "./copy_list.ts";
import { hasVault, hintWithoutVault, readStatus } from "./daemon_state.ts";
import { EXIT } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { showDeadlines } from "./lifetime.ts";
import { answerEither, hint, properties, warn } from "./terminal.ts";

export async function runStatus(invocation: Invocation): Promise<number> {
  const { homes } = invocation;
  const status = await readStatus(homes);
  const vault = hasVault(homes);
  const { count: backups, newest } = backupsOf(homes);
  const document = { count: backups, newest };
  const missing = backups > 0 ? "the vault is missing" : "no vault yet";
  if (status === null) {
    answerEither({ state: "not_running", home: homes.data, vault, backups: document }, () =>
      properties([
        ["state", vault ? "locked (the daemon does not run)" : missing],
        ["home", homes.data],
        ...backupLine(backups, newest),
      ]));
    hint(vault ? "tacit unlock" : hintWithoutVault(homes));
    return EXIT.locked.code;
  }
  const { ok: _ok, v: _v, ...rest } = status as typeof status & { v?: number };
  const unlocked = status.state === "unlocked";
  answerEither({ ...rest, home: homes.data, vault, backups: document }, () =>
    properties([
      ["state", status.state.replace("_", " ")],
      ...(unlocked ? [["locks", showDeadlines(status)] as [string, string]] : []),
      ["home", homes.data],
      ["secrets", String(status.secrets)],
      ...backupLine(backups, newest),
      ["scrubbing", status.scrubbing ? "on" : "off: output of tools is not searched for values"],
      ["presence", showPresence(status.presence)],
      ["sessions", String(status.sessions)],
      [
        "level",
        `${status.level}: values stay out of the transcript; a hostile command can still read what it is given`,
      ],
      ["daemon", `pid ${status.pid}, version ${status.version}`],
    ]));
  status.notes.forEach(warn);
  if (!unlocked || !vault) hint(vault ? "tacit unlock" : hintWithoutVault(homes));
  return unlocked ? EXIT.ok.code : EXIT.locked.code;
}

function backupLine(backups: number, newest: number | null): [string, string][] {
  return newest === null ? [] : [["backups", `${backups}, the newest written ${showAge(newest)}`]];
}

function showPresence(presence: "prompt" | "pipe" | "file" | null): string {
  switch (presence) {
    case "prompt":
      return "prompt: the passphrase was typed";
    case "pipe":
      return "pipe: the passphrase came through a descriptor";
    case "file":
      return "file: the passphrase lies in a file; whoever reads it is present too";
    case null:
      return "none yet";
  }
}
