/** `tacit backup`: lists the copies that tacit keeps, makes one elsewhere, proves them. docs/cli.md, "backup". */
import { escapeForDisplay } from "../lib/display.ts";
import { type Copy, CopyError, copyVault, listCopies, type MadeCopy, proveCopies } from "../lib/presence/copies.ts";
import { refuseUnderAgent } from "./agent_markers.ts";
import { copyDocument, copyTable, showAge, showSize, typed } from "./copy_list.ts";
import { hasVault, requireVault } from "./daemon_state.ts";
import { CommandError, EXIT, type ExitName } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { withPresence } from "./passphrase.ts";
import { answerEither, count, hint } from "./terminal.ts";

export interface BackupOptions {
  /** Replace another file. */
  force?: boolean;
  /** Prove every seal with the passphrase. */
  check?: boolean;
}

export async function runBackup(
  invocation: Invocation,
  destination: string | undefined,
  options: BackupOptions,
): Promise<number> {
  if (options.check === true) refuseUnderAgent("backup --check");
  if (destination !== undefined) return await copy(invocation, destination, options);
  if (options.force === true) {
    throw new CommandError(
      "usage",
      "Cannot list backups with --force: it belongs to a file",
      "tacit backup FILE --force",
    );
  }
  return options.check === true ? await check(invocation) : list(invocation);
}

function list({ homes, json }: Invocation): number {
  const { vault, copies } = listCopies(homes);
  answerEither(
    { vault: vault === null ? null : copyDocument(vault), backups: copies.map(copyDocument) },
    () => [...(copies.length === 0 ? ["No backups yet."] : copyTable(copies)), "", vaultLine(vault)],
  );
  if (!json) hint(hintAfter(vault, copies));
  return EXIT.ok.code;
}

async function check(invocation: Invocation): Promise<number> {
  requireVault(invocation.homes);
  const proven = await withPresence(invocation, (slot) => {
    const { vault, copies } = listCopies(invocation.homes);
    return Promise.resolve({
      vault: vault === null ? [] : proveCopies([vault], slot),
      copies: proveCopies(copies, slot),
    });
  });
  const [vault] = proven.vault;
  const bad = [...proven.vault, ...proven.copies].filter(({ fault }) => fault !== null).length;
  answerEither(
    {
      ok: bad === 0,
      vault: vault === undefined ? null : copyDocument(vault),
      backups: proven.copies.map(copyDocument),
    },
    () => [
      ...(proven.copies.length === 0 ? ["No backups yet."] : copyTable(proven.copies)),
      "",
      vaultLine(vault ?? null),
      bad === 0 ? "Every seal holds." : `${count(bad, "file")} cannot be restored as a whole.`,
    ],
  );
  return bad === 0 ? EXIT.ok.code : EXIT.vault.code;
}

async function copy(invocation: Invocation, destination: string, options: BackupOptions): Promise<number> {
  if (destination === "-") {
    throw new CommandError(
      "usage",
      "Cannot write a backup to a pipe: what arrived could not be read back, and a copy that was cut short looks like one",
      "tacit backup FILE, then send the file",
    );
  }
  const { homes } = invocation;
  if (!hasVault(homes)) requireVault(homes);
  const made = await copyOrExplain(homes, destination, options.force === true);
  const quoted = typed(made.path);
  const asCopy = { ...made, written: Date.now(), replaced: null, fault: null, opensToday: true };
  const proven = options.check === true
    ? await withPresence(invocation, (slot) => Promise.resolve(proveCopies([asCopy], slot)[0]))
    : undefined;
  answerEither({
    path: made.path,
    id: made.id,
    generation: made.generation,
    size: made.size,
    unchanged: made.unchanged,
    ...(proven !== undefined && { secrets: proven.secrets, fault: proven.fault }),
  }, () => [
    made.unchanged
      ? `Generation ${made.generation} is there already: ${escapeForDisplay(made.path)}`
      : `Copied generation ${made.generation} to ${escapeForDisplay(made.path)} (${showSize(made.size)}).`,
    ...(proven === undefined ? [] : [
      proven.fault === null
        ? `Every seal holds: ${count(proven.secrets ?? 0, "secret")}.`
        : `It is damaged: ${proven.fault}`,
    ]),
    "It opens with today's passphrase and recovery code, also after you change them.",
  ]);
  if (proven === undefined) {
    if (!invocation.json) hint(`tacit restore ${quoted} --dry-run proves it with the passphrase and changes nothing`);
    return EXIT.ok.code;
  }
  return proven.fault === null ? EXIT.ok.code : EXIT.vault.code;
}

const EXIT_OF_COPY: Record<CopyError["reason"], ExitName> = {
  exists: "name",
  ours: "usage",
  not_a_file: "usage",
  unreadable: "vault",
  system: "usage",
};

async function copyOrExplain(homes: Invocation["homes"], destination: string, force: boolean): Promise<MadeCopy> {
  try {
    return await copyVault(homes, destination, force);
  } catch (error) {
    if (!(error instanceof CopyError)) throw error;
    const hints: Record<CopyError["reason"], string> = {
      exists: `tacit backup ${typed(destination)} --force`,
      ours: "name a place of your own, best on another disk",
      not_a_file: "name a file or a directory",
      unreadable: "tacit restore latest",
      system: "name a directory that you may write to, or make room there",
    };
    throw new CommandError(EXIT_OF_COPY[error.reason], error.message, hints[error.reason]);
  }
}

function vaultLine(vault: Copy | null): string {
  if (vault === null) return "There is no vault: it is missing.";
  const state = vault.generation === 0 ? "damaged" : `at generation ${vault.generation}`;
  return `The vault itself is ${state}, written ${showAge(vault.written)}${
    vault.fault === null ? "" : `: ${vault.fault}`
  }.`;
}

function hintAfter(vault: Copy | null, copies: readonly Copy[]): string {
  if (vault === null) return copies.length === 0 ? "tacit init" : "tacit restore latest";
  if (copies.length === 0) return "tacit backup FILE makes a copy elsewhere";
  return "tacit restore goes back to one; tacit backup FILE makes a copy elsewhere";
}
