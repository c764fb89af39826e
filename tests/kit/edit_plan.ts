/**
 * A stream of edits that follows from a seed and from what the vault holds, so that two processes know it alike: one
 * carries it out and may be killed at any moment, the other knows what must then be in the vault.
 */
import { utf8 } from "../../lib/bytes.ts";
import { Secret } from "../../lib/secret.ts";
import type { Edit, Vault } from "../../lib/vault/vault.ts";
import type { Chance } from "./chance.ts";
import { recordOf } from "./open_vault.ts";

/** Secrets that take part. */
const NAMES = Array.from({ length: 16 }, (_, i) => `SECRET_${i}`);
const LARGE = 100_000;

/** What is known of one secret. */
interface Held {
  readonly value: string;
  readonly description: string;
}

/** Everything a vault holds, by name. */
export type Contents = ReadonlyMap<string, Held>;

/** One save, and what the vault holds after it. No edits: the file is compacted. */
export interface Step {
  readonly edits: Edit[];
  readonly after: Contents;
}

/** The next save on top of `before`. */
export function nextStep(chance: Chance, before: Contents): Step {
  const after = new Map(before);
  const edits: Edit[] = [];
  const put = (name: string, length: number, mark = chance.below(1e9)) => {
    const held = { value: `${mark} `.repeat(1 + length / 10), description: `${mark}` };
    edits.push({ op: "put", record: described(name, held), value: new Secret(name, utf8(held.value)) });
    after.set(name, held);
  };
  const kind = chance.below(20);
  const known = [...before.keys()];
  if (known.length < 3 || kind < 6) put(chance.pick(NAMES), chance.below(2_000));
  else if (kind < 12) {
    const name = chance.pick(known);
    const held = { value: before.get(name)?.value ?? "", description: `edited ${chance.below(1e9)}` };
    edits.push({ op: "put", record: described(name, held), value: null });
    after.set(name, held);
  } else if (kind < 15) {
    const name = chance.pick(known);
    edits.push({ op: "remove", name });
    after.delete(name);
  } else if (kind < 18) {
    // Two secrets of one save carry one mark: half of it would show.
    const mark = chance.below(1e9);
    for (const name of [NAMES[0] ?? "", NAMES[1] ?? ""]) put(name, 200, mark);
  } else if (kind < 19) put(chance.pick(NAMES), chance.below(LARGE));
  return { edits, after };
}

function described(name: string, { description }: Held) {
  return recordOf(name, { description });
}

/** What `vault` holds, every value opened. */
export function contentsOf(vault: Vault): Contents {
  return new Map(
    vault.list().map(({ name, description }) => {
      const secret = vault.read(name);
      const value = new TextDecoder().decode(secret.reveal());
      secret.wipe();
      return [name, { value, description }];
    }),
  );
}

export function sameContents(a: Contents, b: Contents): boolean {
  return a.size === b.size && [...a].every(([name, held]) => {
    const other = b.get(name);
    return other !== undefined && other.value === held.value && other.description === held.description;
  });
}

/** For a person who has to see where two contents differ. */
export function summaryOf(contents: Contents): string {
  const lines = [...contents].map(([name, { value, description }]) => {
    const whole = new Set(value.trim().split(" ")).size === 1;
    return `${name}: "${description}", ${value.length} bytes of ${whole ? value.split(" ")[0] : "several saves"}`;
  });
  return lines.sort().join("\n");
}
