/**
 * Argon2id version 0x13 (RFC 9106), through WebAssembly. The only importer of `hash-wasm`, which has no upper bound
 * of its own: every parameter is checked here before it is called. Associated data is not supported by it.
 */

/** Cost of one derivation. */
export interface KdfParams {
  /** Memory in KiB. */
  memoryKib: number;
  /** Passes over that memory. */
  passes: number;
  /** Lanes. The module is single-threaded, so more than one helps only an attacker. */
  lanes: number;
}

/** OWASP's floor: below it a guess is too cheap. */
export const MIN_MEMORY_KIB = 19_456;
/** 1 GiB: above it a header could exhaust the machine before anything is authenticated. */
export const MAX_MEMORY_KIB = 1_048_576;
/** More passes than anyone needs; with the bound on work only little memory can have so many. */
export const MAX_PASSES = 16;
/** RFC 9106 recommends four. */
export const MAX_LANES = 4;
/** Bound on memory × passes: about 20 s on a slow machine. */
export const MAX_WORK_KIB = 4_194_304;

/** Why `params` are not accepted, or null if they are. */
export function kdfFault(params: KdfParams): string | null {
  const { memoryKib, passes, lanes } = params;
  if (!within(memoryKib, MIN_MEMORY_KIB, MAX_MEMORY_KIB)) {
    return `memory of ${memoryKib} KiB is not in ${MIN_MEMORY_KIB}…${MAX_MEMORY_KIB}`;
  }
  if (!within(passes, 1, MAX_PASSES)) return `${passes} passes are not in 1…${MAX_PASSES}`;
  if (!within(lanes, 1, MAX_LANES)) return `${lanes} lanes are not in 1…${MAX_LANES}`;
  if (memoryKib * passes > MAX_WORK_KIB) return `memory × passes of ${memoryKib * passes} KiB is above ${MAX_WORK_KIB}`;
  return null;
}

/**
 * 32 bytes from `password` and `salt` (8 bytes or more).
 * The module is loaded at the first call, so no other path pays for it.
 * @throws {RangeError} if the parameters are out of bounds; nothing is allocated before.
 */
export async function argon2id(password: Uint8Array, salt: Uint8Array, params: KdfParams): Promise<Uint8Array> {
  const fault = kdfFault(params);
  if (fault !== null) throw new RangeError(`Cannot derive key: ${fault}`);
  return await testOnlyUnboundedArgon2id(password, salt, params);
}

/** The same without bounds, for reference vectors whose costs lie below the floor. Never for a real passphrase. */
export async function testOnlyUnboundedArgon2id(
  password: Uint8Array,
  salt: Uint8Array,
  params: KdfParams,
  secret?: Uint8Array,
): Promise<Uint8Array> {
  const { argon2id: derive } = await import("hash-wasm");
  return await derive({
    password,
    salt,
    ...(secret ? { secret } : {}),
    memorySize: params.memoryKib,
    iterations: params.passes,
    parallelism: params.lanes,
    hashLength: 32,
    outputType: "binary",
  });
}

function within(n: number, low: number, high: number): boolean {
  return Number.isInteger(n) && n >= low && n <= high;
}
