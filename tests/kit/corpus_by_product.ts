/** Vaults of the corpus that tacit itself wrote, frozen as they were: each differs at every making. */
import { sha256 } from "@noble/hashes/sha2.js";
import { toHex, utf8 } from "../../lib/bytes.ts";
import { emptyGrant } from "../../lib/grant/grant.ts";
import { VERSION } from "../../lib/self.ts";
import {
  changeDataKey,
  newRecoveryCode,
  openWithPassphrase,
  setPassphrase,
  setRecovery,
} from "../../lib/vault/slots.ts";
import { type Edit, Vault } from "../../lib/vault/vault.ts";
import { MIN_MEMORY_KIB } from "../../wasm/argon2id.ts";
import { expectedValue, type Kept } from "./corpus_writer.ts";
import { put } from "./open_vault.ts";
import { tmpHome } from "./tmp_home.ts";

const CHEAP = { memoryKib: MIN_MEMORY_KIB, passes: 1, lanes: 1 };
const FIRST = "the first passphrase";

/** What is done to a vault after it was made, and what it then holds. */
interface Story {
  name: string;
  feature: string;
  kdf?: typeof CHEAP;
  edits: Edit[][];
  /** Values at the end. */
  values: { [name: string]: string };
  internal?: { [name: string]: string };
  /** Gives the vault another passphrase and another code. */
  newSecrets?: string;
  /** Gives it another data key, with this passphrase and another code; then come these edits. */
  newDataKey?: { passphrase: string; edits: Edit[][] };
}

const STORIES: Story[] = [
  { name: "tacit_0_1_new", feature: "written by tacit: new", edits: [], values: {} },
  {
    name: "tacit_0_1_secrets",
    feature: "written by tacit: secrets with and without grants, and records of its own",
    edits: [[
      put("TOKEN", "made-up token", { grant: { ...emptyGrant(), modes: ["env", "file"], expires: 1_900_000_000_000 } }),
      put("PASSWORD", "made-up password", { kind: "password", tags: ["db"], description: "of the made-up database" }),
      put("PIN", "0000", { weak: true, provider: "made-up" }),
    ], [{ op: "put_internal", name: "STATE", value: utf8("made-up state") }]],
    values: { TOKEN: "made-up token", PASSWORD: "made-up password", PIN: "0000" },
    internal: { STATE: "made-up state" },
  },
  {
    name: "tacit_0_1_edited",
    feature: "written by tacit: values replaced, kept and removed over several saves",
    edits: [
      [put("REPLACED", "first value"), put("REMOVED", "first value"), put("KEPT", "first value")],
      [put("REPLACED", "second value")],
      [{ op: "remove", name: "REMOVED" }, put("KEPT", null, { description: "with another description" })],
      [put("ADDED", "x".repeat(5000))],
    ],
    values: { REPLACED: "second value", KEPT: "first value", ADDED: "x".repeat(5000) },
  },
  {
    name: "tacit_0_1_new_secrets",
    feature: "written by tacit: after a change of passphrase and recovery code",
    edits: [[put("TOKEN", "made-up token")]],
    values: { TOKEN: "made-up token" },
    newSecrets: "the second passphrase",
  },
  {
    name: "tacit_0_1_default_cost",
    feature: "written by tacit: the least cost that it chooses by itself",
    kdf: { memoryKib: 65_536, passes: 3, lanes: 1 },
    edits: [],
    values: {},
  },
  {
    name: "tacit_0_1_appended",
    feature: "written by tacit: saves that each added a frame",
    edits: [
      [put("FIRST", "first value")],
      [put("SECOND", "second value"), { op: "put_internal", name: "STATE", value: utf8("made-up state") }],
      [put("FIRST", null, { description: "with a description" })],
    ],
    values: { FIRST: "first value", SECOND: "second value" },
    internal: { STATE: "made-up state" },
  },
  {
    name: "tacit_0_1_second_data_key",
    feature: "written by tacit: under its second data key, with what it keeps of the first one's tree",
    edits: [[put("FIRST", "first value")]],
    values: { FIRST: "first value", SECOND: "second value", THIRD: "third value" },
    newDataKey: {
      passphrase: "the second passphrase",
      edits: [[put("SECOND", "second value")], [put("THIRD", "third value")]],
    },
  },
];

/** Those of them that are missing. */
export async function productVaults(missing: (file: string) => boolean): Promise<{ bytes: Uint8Array; kept: Kept }[]> {
  const made = [];
  for (const story of STORIES) if (missing(`${story.name}.asv1`)) made.push(await told(story));
  return made;
}

async function told(story: Story): Promise<{ bytes: Uint8Array; kept: Kept }> {
  using home = tmpHome();
  const { homes } = home;
  let recovery = newRecoveryCode();
  const options = { passphrase: utf8(FIRST), recovery: recovery.bits, kdf: story.kdf ?? CHEAP };
  let { vault } = await Vault.create(homes, { ...options, saving: "append" });
  for (const edits of story.edits) await vault.change(edits);
  if (story.newSecrets !== undefined) {
    const opened = await openWithPassphrase(homes.vault, utf8(FIRST));
    await setPassphrase(homes, opened, utf8(story.newSecrets), CHEAP);
    recovery = newRecoveryCode();
    await setRecovery(homes, opened, recovery.bits);
    await vault.reload();
  }
  if (story.newDataKey !== undefined) {
    const opened = await openWithPassphrase(homes.vault, utf8(FIRST));
    recovery = newRecoveryCode();
    const passphrase = utf8(story.newDataKey.passphrase);
    const { keys } = await changeDataKey(homes, opened, { passphrase, kdf: CHEAP, recovery: recovery.bits });
    vault = await Vault.open(homes, keys, { saving: "append" });
    for (const edits of story.newDataKey.edits) await vault.change(edits);
  }
  const bytes = Deno.readFileSync(homes.vault);
  const records = vault.list().map((meta) => ({ ...meta, ...expectedValue(story.values[meta.name] ?? "") }));
  const kept = {
    file: `${story.name}.asv1`,
    sha256: toHex(sha256(bytes)),
    feature: story.feature,
    made_by: `tacit ${VERSION}`,
    since: VERSION,
    passphrases: [story.newDataKey?.passphrase ?? story.newSecrets ?? FIRST],
    recovery_codes: [recovery.code],
    expect: {
      ...{ minor: 0, epoch: vault.epoch, generation: vault.generation, torn: false, read_only: false, slots: [1, 2] },
      records: JSON.parse(JSON.stringify(records)),
      internal: story.internal ?? {},
    },
  };
  return { bytes, kept };
}
