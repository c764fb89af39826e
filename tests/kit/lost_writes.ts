/** What a power cut may leave of writes that were not synced. tests/kit/model_disk.ts says what is assumed. */

/** Up to this many unsynced changes of one file or directory every subset is tried; beyond, the likelier ones. */
const EVERY_SUBSET_UP_TO = 4;

/** Bytes that reach the disk together. */
const PAGE = 4096;

export interface Write {
  at: number;
  /** Null cuts the file to `at` bytes. */
  data: Uint8Array | null;
  state: "pending" | "durable" | "doubtful";
}

/** Bytes for a place, or null to end the file there. */
export type Patch = [at: number, data: Uint8Array | null];

/** `base` with the patches applied in their order. */
export function patched(base: Uint8Array, patches: Patch[]): Uint8Array {
  let bytes = base;
  for (const [at, data] of patches) {
    const length = data === null ? at : Math.max(bytes.length, at + data.length);
    const next = new Uint8Array(length);
    next.set(bytes.subarray(0, length));
    if (data !== null) next.set(data, at);
    bytes = next;
  }
  return bytes;
}

/** True if it is not certain to be on disk. */
export function isOpen(write: Write): boolean {
  return write.state !== "durable";
}

/** What may have reached the disk of the writes to a file that held `base`: the durable ones, of the others a part. */
export function variants(base: Uint8Array, writes: Write[]): Patch[][] {
  const open = writes.filter(isOpen);
  const found: Patch[][] = [];
  for (const kept of subsets(open)) {
    const present = writes.filter((write) => write.state === "durable" || kept.includes(write));
    const whole: Patch[] = present.map(({ at, data }) => [at, data]);
    found.push(whole);
    const last = present.at(-1);
    if (last === undefined || last.data === null || last.state === "durable") continue;
    const before = patched(base, whole.slice(0, -1));
    for (const torn of tornWrites(before, last.at, last.data)) found.push([...whole.slice(0, -1), ...torn]);
  }
  return found;
}

/** What a write that was not synced may leave of `data` at `at`, in a file that held `before`. */
function tornWrites(before: Uint8Array, at: number, data: Uint8Array): Patch[][] {
  const end = at + data.length;
  if (end <= before.length && Math.floor(at / PAGE) === Math.floor((end - 1) / PAGE)) return [];
  // The size arrives first: what no page has brought yet reads as zeros.
  const grown = new Uint8Array(Math.max(0, end - before.length));
  const zeros: Patch = [before.length, grown];
  const boundary = Math.ceil((at + 1) / PAGE) * PAGE;
  const found: Patch[][] = [[[at, data.subarray(0, data.length >> 1)]], grown.length > 0 ? [zeros] : []];
  if (boundary < end) {
    const [first, rest]: Patch[] = [[at, data.subarray(0, boundary - at)], [boundary, data.subarray(boundary - at)]];
    found.push([zeros, first!], [zeros, rest!]);
  }
  return found;
}

/** All subsets in their order; of many, all prefixes, all but one, and one alone. */
export function subsets<T>(items: T[]): T[][] {
  if (items.length <= EVERY_SUBSET_UP_TO) {
    return Array.from({ length: 2 ** items.length }, (_, mask) => items.filter((_, i) => mask >> i & 1));
  }
  return [
    ...Array.from({ length: items.length + 1 }, (_, n) => items.slice(0, n)),
    ...items.map((_, i) => items.filter((_, j) => j !== i)),
    ...items.map((item) => [item]),
  ];
}

/** Every way to take one item of each list. */
export function* product<T>(choices: T[][]): Generator<T[]> {
  const [first, ...rest] = choices;
  if (first === undefined) return yield [];
  for (const item of first) for (const tail of product(rest)) yield [item, ...tail];
}
