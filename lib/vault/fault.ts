/** The one error of this room. `fault` is what callers branch on; docs/format.md, "Open order and results". */

/** Why a vault file was not opened or not saved. */
export type VaultFault =
  /** The file does not begin as a vault does. */
  | "NOT_A_VAULT"
  /** Another major version, suite, or an unknown critical flag or item. */
  | "UNSUPPORTED_VERSION"
  /** The header does not match its own checksum or grammar. */
  | "DAMAGED_HEADER"
  /** A slot asks for more (or less) key stretching than is accepted. */
  | "KDF_OUT_OF_BOUNDS"
  /** No slot opens with this passphrase or code, or the key belongs to another vault. */
  | "WRONG_SECRET"
  /** The header or a seal does not match under the right key: no accident of a disk or a transfer. */
  | "TAMPERED"
  /** A frame does not match its MAC, or the index inside it breaks the format. */
  | "CORRUPT_FRAME"
  /** Only in notes: the last frame was incomplete and the generation before it was taken. */
  | "TORN_TAIL"
  /** The file is older than the anchor. */
  | "ROLLED_BACK"
  /** The file has the anchor's generation and other contents. */
  | "FORKED"
  /** A limit of the format. */
  | "TOO_LARGE"
  /** Another process holds the lock. */
  | "BUSY"
  /** The same secret was changed by another process. */
  | "CONFLICT"
  /** The new file could not be made durable; the old one stands. */
  | "WRITE_FAILED"
  /** A link, FIFO, directory, foreign or too openly readable file. */
  | "UNSAFE_FILE"
  /** The file was written by a newer version. */
  | "READ_ONLY"
  /** There is no such file, or no such secret. */
  | "MISSING"
  /** There is already a vault. */
  | "EXISTS";

/** A vault was not opened or not saved. The message never holds a value, a passphrase or a key. */
export class VaultError extends Error {
  /** The class, for callers that look at names. */
  override name = "VaultError";
  /** What callers branch on. */
  readonly fault: VaultFault;
  /** What a person can do about it, without the full stop. */
  readonly hint: string | undefined;

  /** `message` names action, subject and state; `hint` what to do. */
  constructor(fault: VaultFault, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
    this.hint = hint;
  }
}
