/** Trials of a vault: edits, changes of key slots, its creation, the healing of its anchor. */
import { lstatSync } from "node:fs";
import { utf8 } from "../../lib/bytes.ts";
import { type Homes, homesOf } from "../../lib/paths.ts";
import { readAnchor } from "../../lib/vault/anchor.ts";
import { changeDataKey, openWithPassphrase, setPassphrase, setRecovery } from "../../lib/vault/slots.ts";
import { type Edit, Vault, VaultError } from "../../lib/vault/vault.ts";
import { put } from "./open_vault.ts";
import { leftBehind } from "./saved_home.ts";
import { type Contents, type Step, textOf, type Trial } from "./trial.ts";
import { badBackups, CODES, lookAtVault, openAny, PASSPHRASES, retiredWaysIn } from "./vault_sight.ts";

/** How a vault is saved, with what `Vault.open` and `Vault.create` are told for it. */
export const OPTIONS = { append: { saving: "append" }, rewrite: { saving: "rewrite" } } as const;
export type Saving = keyof typeof OPTIONS;
export const SAVINGS = Object.keys(OPTIONS) as Saving[];

export const VAULT_STORIES = ["edits", "recovery", "passphrase", "key", "create", "heal"] as const;
export type VaultStory = typeof VAULT_STORIES[number];

const EMPTY: Contents = { "(code)": "1", "(passphrase)": "1" };
const SEEDED: Contents = { ...EMPTY, A: "a", B: "b", C: "c" };

/** Makes what the trials of a story begin with. */
export async function seedVault(home: string, story: VaultStory, saving: Saving): Promise<void> {
  if (story === "create") return;
  const homes = homesOf(home);
  const { vault } = await create(homes, saving);
  const older = story === "heal" ? Deno.readFileSync(homes.anchor) : null;
  await vault.change([put("A", "a"), put("B", "b"), put("C", "c")]);
  if (older !== null) Deno.writeFileSync(homes.anchor, older);
  vault.close();
}

/** The trial of one story on a home that was seeded for it. */
export function vaultTrial(home: string, story: VaultStory, saving: Saving): Trial {
  const homes = homesOf(home);
  const session = new Session(homes, saving);
  return {
    before: story === "create" ? {} : SEEDED,
    begin: async () => {
      if (story !== "create" && story !== "heal") await session.open();
    },
    steps: stepsOf(story, homes, session),
    last: edit(session, "add Z", [put("Z", "z")], (c) => ({ ...c, Z: "z" })),
    look: () => lookAtVault(homes),
    faultOf: (error) => error instanceof VaultError ? error.fault : null,
    finish: (possible, excuse) => finish(homes, saving, possible, excuse),
  };
}

/** The one `Vault` that the steps of a trial share. */
class Session {
  readonly #homes: Homes;
  readonly #saving: Saving;
  vault: Vault | null = null;

  constructor(homes: Homes, saving: Saving) {
    this.#homes = homes;
    this.#saving = saving;
  }

  async open(): Promise<Vault> {
    this.vault = await Vault.open(this.#homes, (await openAny(this.#homes)).keys, OPTIONS[this.#saving]);
    return this.vault;
  }

  async create(): Promise<Vault> {
    this.vault = (await create(this.#homes, this.#saving)).vault;
    return this.vault;
  }

  /** After a refused creation or opening a person tries again with what is there. */
  async any(): Promise<Vault> {
    if (this.vault !== null) return this.vault;
    const there = lstatSync(this.#homes.vault, { throwIfNoEntry: false }) !== undefined;
    return there ? await this.open() : await this.create();
  }
}

function stepsOf(story: VaultStory, homes: Homes, session: Session): Step[] {
  const add = edit(session, "add D", [put("D", "d")], (c) => ({ ...c, D: "d" }));
  switch (story) {
    case "edits":
      // Two that add nothing but new bytes, and two that drop old values.
      return [
        add,
        edit(session, "describe B", [put("B", null, { description: "x" })], (c) => ({ ...c, B: "b x" })),
        edit(session, "two at once", [put("A", "a2"), put("E", "e")], (c) => ({ ...c, A: "a2", E: "e" })),
        edit(session, "remove C", [{ op: "remove", name: "C" }], ({ C: _, ...rest }) => rest),
      ];
    case "recovery":
      return [{
        name: "set recovery",
        run: async () => void await setRecovery(homes, await openAny(homes), CODES[1] ?? null),
        effect: (c) => ({ ...c, "(code)": "2" }),
      }, add];
    case "passphrase":
      return [{
        name: "set passphrase",
        run: async () => {
          const { text, kdf } = PASSPHRASES[1]!;
          await setPassphrase(homes, await openAny(homes), utf8(text), kdf);
        },
        effect: (c) => ({ ...c, "(passphrase)": "2" }),
      }, add];
    case "key":
      return [{
        name: "change the data key",
        run: async () => {
          const { text, kdf } = PASSPHRASES[1]!;
          const opened = await openAny(homes);
          // Whatever becomes of it, a person unlocks again.
          session.vault = null;
          await changeDataKey(homes, opened, { passphrase: utf8(text), kdf, recovery: CODES[1] ?? null });
        },
        effect: (c) => ({ ...c, "(code)": "2", "(passphrase)": "2" }),
      }, add];
    case "create":
      return [{ name: "create", run: async () => void await session.create(), effect: () => EMPTY }, addOrCreate(add)];
    case "heal":
      return [{ name: "open", run: async () => void await session.open(), effect: (c) => c }, add];
  }
}

function edit(session: Session, name: string, edits: Edit[], effect: Step["effect"]): Step {
  return { name, run: async () => void await (await session.any()).change(edits), effect };
}

/** If the creation was refused and left nothing, the next step makes the vault. */
function addOrCreate(add: Step): Step {
  return { ...add, effect: (c) => add.effect("(code)" in c ? c : EMPTY) };
}

async function create(homes: Homes, saving: Saving) {
  const { text, kdf } = PASSPHRASES[0]!;
  const options = { passphrase: utf8(text), recovery: CODES[0] ?? null, kdf, ...OPTIONS[saving] };
  return await Vault.create(homes, options);
}

async function finish(
  homes: Homes,
  saving: Saving,
  possible: Contents[],
  excuse: string,
): Promise<string[]> {
  const breaches: string[] = [];
  const texts = possible.map(textOf);
  try {
    const found = await lookAtVault(homes);
    const text = textOf(found?.contents ?? {});
    if (!texts.includes(text)) breaches.push(`afterwards there is ${text}`);
    if (found === null) return breaches;
    const anchor = readAnchor(homes, (await openAny(homes)).keys);
    if (typeof anchor !== "string" && anchor.generation > found.rank) breaches.push("the anchor is ahead of the vault");
    const vault = await new Session(homes, saving).open();
    await vault.change([put("AFTER", "all")]);
    const { AFTER: _, ...rest } = (await lookAtVault(homes))?.contents ?? {};
    if (textOf(rest) !== text) breaches.push(`one more edit made ${text} into ${textOf(rest)}`);
    const { notes } = await new Session(homes, saving).open();
    if (notes.length > 0) breaches.push(`after one more edit there is still noted: ${notes}`);
    // Costs more than all the rest.
    if (excuse === "" || excuse === "crash") {
      const passphrase = PASSPHRASES[Number(rest["(passphrase)"]) - 1]?.text ?? "";
      await openWithPassphrase(homes.vault, utf8(passphrase));
    }
    breaches.push(...await badBackups(homes), ...leftBehind(homes.data, excuse));
    // A single file that cannot be removed is told to the person; a power cut tells nobody anything.
    if (excuse === "power cut") breaches.push(...await retiredWaysIn(homes, possible));
  } catch (error) {
    breaches.push(`afterwards: ${error instanceof VaultError ? error.fault : "untyped"}: ${error}`);
  }
  return breaches;
}
