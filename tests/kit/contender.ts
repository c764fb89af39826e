/**
 * One of several processes at one vault: `contender.ts HOME VAULT_ID PRK SAVING ROLE NUMBER COUNT`.
 * `writer` makes COUNT edits of secrets of its own, two at a time that must always agree, and of one that all writers
 * count up; it prints `acked COUNTED BUSY CONFLICT`. `reader` opens the vault until its standard input ends, checks what
 * it sees, and prints `opened TIMES`. `keeper` changes key slots and compacts until then, and prints `kept TIMES BUSY`.
 * Keys stand in argv: they are made up, and a test alone runs this.
 */
import { fromHex, utf8 } from "../../lib/bytes.ts";
import { homesOf } from "../../lib/paths.ts";
import { KeyTree } from "../../lib/vault/key_tree.ts";
import { newRecoveryCode, openWithPassphrase, setRecovery } from "../../lib/vault/slots.ts";
import { type Edit, type Vault, VaultError, type VaultFault } from "../../lib/vault/vault.ts";
import { put, TEST_PASSPHRASE, textOf } from "./open_vault.ts";
import { compact, openSaving } from "./saving_modes.ts";

/** The secret that every writer counts up, in its description. */
export const SHARED = "SHARED";
/** The two secrets of one writer that are always saved together. */
export const pairOf = (writer: number): [string, string] => [`LEFT_${writer}`, `RIGHT_${writer}`];
const PAUSE_MS = 5;

if (import.meta.main) {
  const [home = "", vaultId = "", prk = "", saving = "", role = "", number, count] = Deno.args;
  const homes = homesOf(home);
  const open = () => openSaving(homes, KeyTree.fromPrk(fromHex(prk), fromHex(vaultId)), saving);
  const say = (line: string) => Deno.stdout.writeSync(utf8(`${line}\n`));
  if (role === "writer") say(await write(await open(), Number(number), Number(count)));
  else if (role === "reader") say(await read(open));
  else say(await keep(homes.vault, await open()));
}

/** Tries again while another process is faster; returns how often each fault came. */
async function insist(vault: Vault, make: () => Edit[]): Promise<Partial<Record<VaultFault, number>>> {
  const met: Partial<Record<VaultFault, number>> = {};
  for (;;) {
    try {
      await vault.change(make());
      return met;
    } catch (error) {
      if (!(error instanceof VaultError) || (error.fault !== "BUSY" && error.fault !== "CONFLICT")) throw error;
      met[error.fault] = (met[error.fault] ?? 0) + 1;
      if (error.fault === "CONFLICT") await vault.reload();
    }
  }
}

async function write(vault: Vault, writer: number, count: number): Promise<string> {
  let [counted, busy, conflicts] = [0, 0, 0];
  for (let i = 1; i <= count; i++) {
    const counts = i % 3 === 0;
    const met = await insist(vault, () => {
      if (!counts) return pairOf(writer).map((name) => put(name, `${i}`));
      const before = Number(vault.find(SHARED)?.description);
      return [put(SHARED, null, { description: `${before + 1}` })];
    });
    counted += counts ? 1 : 0;
    busy += met.BUSY ?? 0;
    conflicts += met.CONFLICT ?? 0;
    await pause();
  }
  return `acked ${counted} ${busy} ${conflicts}`;
}

async function read(open: () => Promise<Vault>): Promise<string> {
  let [opened, generation, shared] = [0, 0, 0];
  for (const ended = inputEnds(); !ended.yet; opened++) {
    const vault = await open();
    const odd = vault.notes.filter((note) => !note.startsWith("TORN_TAIL"));
    if (odd.length > 0) throw new Error(`Cannot accept: ${odd}`);
    if (vault.generation < generation) throw new Error(`Cannot accept: ${vault.generation} after ${generation}`);
    generation = vault.generation;
    const counter = Number(vault.find(SHARED)?.description);
    if (!(counter >= shared)) throw new Error(`Cannot accept: the counter is ${counter} after ${shared}`);
    shared = counter;
    for (const { name } of vault.list()) {
      const other = name.replace("LEFT", "RIGHT");
      if (textOf(vault, name) !== textOf(vault, other)) throw new Error(`Cannot accept: half of a save of ${name}`);
    }
    vault.close();
    await pause();
  }
  return `opened ${opened}`;
}

async function keep(path: string, vault: Vault): Promise<string> {
  let [kept, busy] = [0, 0];
  for (const ended = inputEnds(); !ended.yet;) {
    const opened = await openWithPassphrase(path, utf8(TEST_PASSPHRASE));
    try {
      await setRecovery(homesOf(Deno.args[0] ?? ""), opened, kept % 2 === 0 ? newRecoveryCode().bits : null);
      await compact(vault);
      kept++;
    } catch (error) {
      if (!(error instanceof VaultError) || error.fault !== "BUSY") throw error;
      busy++;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return `kept ${kept} ${busy}`;
}

function inputEnds(): { yet: boolean } {
  const ended = { yet: false };
  void new Response(Deno.stdin.readable).text().then(() => ended.yet = true);
  return ended;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
