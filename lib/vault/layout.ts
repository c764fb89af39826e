/** Numbers of the vault format and its hard limits, each checked before anything is allocated. docs/format.md. */

/** First eight bytes: a high byte, the name, and line ends that text-mode transfers mangle. */
export const MAGIC = Uint8Array.of(0x89, 0x41, 0x53, 0x56, 0x0d, 0x0a, 0x1a, 0x0a);
export const MAJOR = 1;
export const MINOR = 0;
/** The one suite: XChaCha20-Poly1305, HKDF- and HMAC-SHA-256, Argon2id. */
export const SUITE = 1;

export const PREAMBLE_LENGTH = 64;
export const MIN_HEADER_LENGTH = 256;
export const MAX_HEADER_LENGTH = 65_536;
export const MAX_SLOTS = 32;
/** 256 MiB: no vault of 100,000 secrets comes near, and the whole file is held in memory. */
export const MAX_FILE_LENGTH = 256 * 1024 * 1024;
/** 64 MiB for an index or a blob area. */
export const MAX_FRAME_PART = 64 * 1024 * 1024;
export const MAX_SECRETS = 100_000;
/** 1 MiB: keys and certificates are far below. */
export const MAX_VALUE_LENGTH = 1024 * 1024;

export const FRAME_MAGIC = Uint8Array.of(0x46, 0x52, 0x4d, 0x31);
export const FRAME_HEAD_LENGTH = 48;
export const MAC_LENGTH = 32;
export const CHECKPOINT = 1;
export const DELTA = 2;
/** An index is padded to a multiple of this, so that its size tells little of its contents. */
export const INDEX_PADDING = { [CHECKPOINT]: 4096, [DELTA]: 512 } as const;

/** Passphrase through Argon2id. */
export const SLOT_PASSPHRASE = 1;
/** 160 random bits a person keeps on paper. */
export const SLOT_RECOVERY = 2;
