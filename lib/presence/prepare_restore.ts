/**
 * Proves a copy of the vault, and shows what a restore of it would do, before anything is touched.
 * docs/format.md, "Restore".
 */
import { equalConstantTime } from "../crypto/hash.ts";
import { memoryOf } from "../daemon/known_vault.ts";
import type { Homes } from "../paths.ts";
import { type Difference, differenceOf, isSame, ownRecordsOf, secretsOf } from "../vault/difference.ts";
import { stateId } from "../vault/file_outline.ts";
import type { StoredHeader } from "../vault/header.ts";
import type { KeyTree } from "../vault/key_tree.ts";
import { type PresentBytes, presentBytes, resealed } from "../vault/restore.ts";
import type { OpenedSlot, SlotOptions } from "../vault/slots.ts";
import type { Entry, VaultState } from "../vault/state.ts";
import { choose, provable, readSources, type SkippedFile, type Source, unusable } from "./candidates.ts";
import { changedSince, type LoggedChange } from "./changed_since.ts";
import { closeSlot, noteFailure, type Proof } from "./open_slot.ts";
import { PresenceError, withVaultFaults } from "./presence_error.ts";
import { objectionTo } from "./rollback.ts";
import { headerAfterwards, headerOrNull, openAt, openCopy, type OpenedCopy, sameSlots } from "./prove_copy.ts";

/** What a restore would do, by names. */
export interface RestoreView {
  /** The file that is restored, and the state in it. */
  path: string;
  id: string;
  generation: number;
  /** When something in it was last changed, Unix milliseconds; 0 if it holds nothing. */
  changed: number;
  secrets: number;
  /** False if only the frames before some damage could be proven. */
  complete: boolean;
  /** Files that came first in line and cannot be restored. */
  skipped: SkippedFile[];
  /** The vault as it is: its state, or as much of it as can be proven, or why nothing can; null if there is no file. */
  present: { id: string; generation: number; complete: boolean } | { fault: string } | null;
  /** Against what can be read of the vault as it is; null if nothing can. */
  difference: Difference | null;
  /** What the audit log knows to be newer, where the vault is not whole. */
  changedSince: LoggedChange[];
  /** Afterwards the vault opens with what opened it when the copy was made, not with something newer. */
  opensAsThen: boolean;
  /** The vault is this already, and in order. */
  nothingToDo: boolean;
}

/** Everything that is needed to do it. The holder closes the slot. */
export interface RestorePlan {
  view: RestoreView;
  /** Opens the vault afterwards. */
  slot: OpenedSlot;
  header: StoredHeader;
  entries: Entry[];
  /** The vault file that was looked at. */
  expected: PresentBytes;
  /** Highest generation that was seen anywhere. */
  known: number;
}

/**
 * Proves the first of `paths` that is whole, or else the one of which most can be read. With `orVault` a damaged vault is
 * a candidate itself: what can be read of it may be newer than any copy. Wipes the passphrase.
 * @throws {PresenceError} `presence_failed` if what is proven opens neither copy nor vault; `vault_fault`.
 */
export async function prepareRestore(
  homes: Homes,
  paths: readonly string[],
  orVault: boolean,
  proof: Proof,
  options: SlotOptions = {},
): Promise<RestorePlan> {
  try {
    const expected = await withVaultFaults(() => Promise.resolve().then(() => presentBytes(homes)));
    const vault = headerOrNull(expected);
    const { sources, skipped } = readSources(homes, paths, vault);
    const itself = orVault && vault !== null && expected !== null
      ? { path: homes.vault, header: vault, bytes: expected }
      : undefined;
    const first = sources[0] ?? itself;
    if (first === undefined) throw unusable(skipped);
    const opened = await withVaultFaults(() => openCopy(homes, first.path, first.header, vault, proof, options));
    if (opened === null) throw await wrongProof(homes, proof, first, vault);
    const today = await withVaultFaults(() => keysOfToday(homes, first, vault, opened, proof, options));
    const plan = { homes, paths, sources, skipped, expected, vault, opened, today, orVault };
    try {
      return await withVaultFaults(() => planWith(plan));
    } catch (error) {
      closeSlot(today.slot);
      throw error;
    } finally {
      if (today.slot !== opened.slot) closeSlot(opened.slot);
    }
  } finally {
    if (proof.kind === "passphrase") proof.passphrase.fill(0);
  }
}

interface Grounds {
  homes: Homes;
  paths: readonly string[];
  sources: Source[];
  skipped: SkippedFile[];
  expected: PresentBytes;
  vault: StoredHeader | null;
  opened: OpenedCopy;
  today: OpenedCopy;
  orVault: boolean;
}

async function planWith(
  { homes, paths, sources, skipped, expected, vault, opened, today, orVault }: Grounds,
): Promise<RestorePlan> {
  const { slot } = today;
  const present = expected === null ? null : provable(homes.vault, expected, slot.keys);
  const rest = orVault && present !== null && "state" in present && !present.complete ? [present] : [];
  const chosen = choose(sources, rest, opened.slot.keys, skipped);
  const now = present !== null && "state" in present ? present : null;
  const newest = now === null || now.state.generation >= chosen.state.generation;
  const header = headerAfterwards(today, chosen.state.header, vault, newest);
  const entries = entriesOf(chosen.state, now?.state ?? null, opened.slot.keys, slot.keys, header);
  const memory = memoryOf(homes, slot.keys);
  const place = paths.includes(chosen.path) ? paths.indexOf(chosen.path) : paths.length;
  const difference = now === null ? null : differenceOf(now.state, chosen.state);
  const alike = now?.complete === true && difference !== null && isSame(difference);
  const view: RestoreView = {
    path: chosen.path,
    id: stateId(chosen.state),
    generation: chosen.state.generation,
    ...contentsOf(chosen.state),
    complete: chosen.complete,
    skipped: skipped.filter(({ path }) => paths.indexOf(path) < place),
    present: present === null || "fault" in present
      ? present
      : { id: stateId(present.state), generation: present.state.generation, complete: present.complete },
    difference,
    changedSince: now?.complete === true ? [] : changedSince(homes, slot.keys, chosen.state.generation),
    opensAsThen: vault !== null && !sameSlots(header, vault),
    nothingToDo: alike && await objectionTo(homes, slot.keys) === null,
  };
  const known = Math.max(memory.generation, now?.state.generation ?? 0, chosen.state.generation);
  return { view, slot, header, entries, expected, known };
}

async function wrongProof(homes: Homes, proof: Proof, { path, header }: Source, vault: StoredHeader | null) {
  await noteFailure(homes);
  const what = proof.kind === "passphrase" ? "passphrase" : "recovery code";
  const then = vault !== null && !sameSlots(header, vault);
  return new PresenceError(
    "presence_failed",
    `Cannot open "${path}": ${
      then ? `that is neither today's ${what} nor the one of its time` : `the ${what} is wrong`
    }`,
    proof.kind === "passphrase" ? "try again, or use the recovery code: tacit restore … --recovery" : "try again",
  );
}

/**
 * What opens the vault, if its data key was changed since the copy was made: what the copy holds is sealed anew for it,
 * so that a key which was given up does not come back.
 * @throws {PresenceError} `presence_failed` if what was proven opens the copy only.
 */
async function keysOfToday(
  homes: Homes,
  copy: Source,
  vault: StoredHeader | null,
  opened: OpenedCopy,
  proof: Proof,
  options: SlotOptions,
): Promise<OpenedCopy> {
  if (vault === null || equalConstantTime(vault.dkCommit, copy.header.dkCommit)) return opened;
  const slot = await openAt(homes.vault, proof, options);
  if (slot !== null) return { slot, from: "vault" };
  closeSlot(opened.slot);
  throw new PresenceError(
    "presence_failed",
    `Cannot restore "${copy.path}": the vault has another data key since, and what was given opens the copy only`,
    "give the copy a home of its own: tacit --home DIRECTORY restore FILE",
  );
}

/** The copy's secrets; records of tacit's own are not what a person goes back to, so they stay as they are. */
function entriesOf(
  chosen: VaultState,
  now: VaultState | null,
  copyKeys: KeyTree,
  keys: KeyTree,
  header: StoredHeader,
): Entry[] {
  const other = !equalConstantTime(copyKeys.commitment, keys.commitment);
  const secrets = other ? resealed(chosen, copyKeys, keys, header) : secretsOf(chosen);
  const own = now ?? (other ? null : chosen);
  return [...secrets, ...(own === null ? [] : ownRecordsOf(own))];
}

function contentsOf(state: VaultState): { changed: number; secrets: number } {
  const secrets = secretsOf(state);
  return { changed: Math.max(0, ...secrets.map(({ meta }) => meta.updated)), secrets: secrets.length };
}
