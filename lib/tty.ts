/**
 * Asks a person on the controlling terminal, whatever stdin and stdout are. Hidden answers are never echoed and never
 * become a string. The terminal is put back on every way out, Ctrl-C and SIGTERM included.
 *
 * A terminal proves nothing about who types (an agent can own one); it only keeps answers off the screen and out of
 * argv. docs/threat_model.md.
 */

/** No terminal to ask on. `hint` says how to answer without one. */
export class NoTerminalError extends Error {
  override readonly name = "NoTerminalError";
  readonly hint = "run this in a terminal, or give the passphrase with --passphrase-fd N";
}

/** Ctrl-C, Ctrl-D on an empty line, a closed terminal, or a signal. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";
  constructor() {
    super("Cannot go on: interrupted, nothing was changed by this step");
  }
}

/** Several lines arrived for a one-line answer and the terminal did not mark them as one paste. */
export class SeveralLinesError extends Error {
  override readonly name = "SeveralLinesError";
  readonly hint = "tacit add NAME < file";
  constructor() {
    super("Cannot read the value: several lines came at once, and the terminal did not mark them as one paste");
  }
}

/** What a hidden prompt accepts. */
export interface HiddenOptions {
  /** A paste may hold line breaks; one at its end is dropped. */
  readonly multiline: boolean;
  /** Bytes above which the answer is refused. */
  readonly limit: number;
}

/** True if there is a controlling terminal to ask on. */
export function hasTerminal(): boolean {
  try {
    Deno.openSync(DEVICE, { read: true, write: true }).close();
    return true;
  } catch {
    return false;
  }
}

/**
 * Writes `text` to the terminal itself, past stdout and stderr.
 * @throws {NoTerminalError} without a terminal.
 */
export function showOnTerminal(text: string): void {
  openTerminal().write(text);
}

/**
 * Shows `prompt` and reads one answer that is not echoed. The caller owns the bytes and wipes them.
 * @throws {NoTerminalError} without a terminal.
 * @throws {InterruptedError} on Ctrl-C or a signal.
 * @throws {SeveralLinesError} on unmarked lines at a multiline prompt; none of them is left for the shell to run.
 * @throws {RangeError} above the limit.
 */
export async function readHidden(prompt: string, options: HiddenOptions): Promise<Uint8Array> {
  const line = new HiddenLine(options);
  return await onTerminal(async (terminal) => {
    terminal.file.setRaw(true);
    try {
      terminal.write(options.multiline ? `${prompt}${PASTE_ON}` : prompt);
      for (;;) {
        const byte = await terminal.byte();
        if (byte === null) throw new InterruptedError();
        if (line.feed(byte)) break;
      }
      // Lines of a paste that the terminal did not mark would otherwise be typed into the shell, visibly.
      if (options.multiline && await terminal.drain(QUIET_MS) > 0) {
        throw new SeveralLinesError();
      }
      return line.take();
    } finally {
      line.wipe();
      terminal.write(options.multiline ? `${PASTE_OFF}\r\n` : "\r\n");
      terminal.file.setRaw(false);
    }
  });
}

/**
 * Shows `prompt` and reads one visible line, without its line break and surrounding blanks.
 * @throws {NoTerminalError} without a terminal.
 * @throws {InterruptedError} on Ctrl-D, a closed terminal, or a signal.
 */
export async function readVisible(prompt: string): Promise<string> {
  return await onTerminal(async (terminal) => {
    terminal.write(prompt);
    const bytes: number[] = [];
    try {
      for (;;) {
        const byte = await terminal.byte();
        if (byte === null) throw new InterruptedError();
        if (byte === LF || byte === CR) break;
        bytes.push(byte);
      }
    } catch (error) {
      // What is said next begins its own line, as after an answer.
      terminal.write("\n");
      throw error;
    }
    return new TextDecoder().decode(Uint8Array.from(bytes)).trim();
  });
}

const DEVICE = Deno.build.os === "windows" ? "CON" : "/dev/tty";
const PASTE_ON = "\x1b[?2004h";
const PASTE_OFF = "\x1b[?2004l";
// A paste arrives without pauses; a person needs longer than this between Enter and the next key.
const QUIET_MS = 60;
const [CTRL_C, CTRL_D, BACKSPACE, LF, CR, CTRL_U, ESC, DEL] = [3, 4, 8, 10, 13, 21, 27, 127];

/** Line editing over bytes: Backspace, Ctrl-U, Ctrl-C, Ctrl-D; arrow keys are ignored, marked pastes are taken whole. */
export class HiddenLine {
  #bytes = new Uint8Array(256);
  #length = 0;
  #escape: number[] | null = null;
  #pasting = false;
  #afterCr = false;
  readonly #options: HiddenOptions;

  constructor(options: HiddenOptions) {
    this.#options = options;
  }

  /** True once the line is complete. */
  feed(byte: number): boolean {
    if (this.#escape !== null) {
      this.#feedEscape(byte);
    } else if (byte === ESC) {
      this.#escape = [];
    } else if (this.#pasting) {
      // Terminals send a pasted line break as CR; CR LF is one break.
      if (byte !== LF || !this.#afterCr) this.#append(byte === CR ? LF : byte);
      this.#afterCr = byte === CR;
    } else if (byte === CR || byte === LF) {
      return true;
    } else if (byte === CTRL_C) {
      throw new InterruptedError();
    } else if (byte === CTRL_D) {
      if (this.#length === 0) throw new InterruptedError();
      return true;
    } else if (byte === CTRL_U) {
      this.wipe();
    } else if (byte === BACKSPACE || byte === DEL) {
      this.#erase();
    } else if (byte >= 0x20 || byte === 0x09) {
      this.#append(byte);
    }
    return false;
  }

  /** The answer, without one line break at its end. */
  take(): Uint8Array {
    const end = this.#length > 0 && this.#bytes[this.#length - 1] === LF ? this.#length - 1 : this.#length;
    if (end > this.#options.limit) throw new RangeError("Cannot read the answer: it is too long");
    return this.#bytes.slice(0, end);
  }

  wipe(): void {
    this.#bytes.fill(0);
    this.#length = 0;
  }

  /** `ESC [ … final` is a key or a paste mark; within a paste anything else belongs to the value. */
  #feedEscape(byte: number): void {
    const seen = this.#escape ?? [];
    seen.push(byte);
    const text = String.fromCharCode(...seen);
    if (this.#pasting) {
      if ("[201~".startsWith(text)) {
        if (text === "[201~") [this.#pasting, this.#escape] = [false, null];
        return;
      }
      this.#escape = null;
      [ESC, ...seen].forEach((b) => this.#append(b));
      return;
    }
    const started = text.startsWith("[") || text.startsWith("O");
    const finished = seen.length > 1 && byte >= 0x40 && byte <= 0x7e;
    if (started && !finished && seen.length < 16) return;
    if (text === "[200~" && this.#options.multiline) this.#pasting = true;
    this.#escape = null;
  }

  #append(byte: number): void {
    if (this.#length > this.#options.limit) throw new RangeError("Cannot read the answer: it is too long");
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 4);
      larger.set(this.#bytes);
      this.#bytes.fill(0);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
  }

  /** Removes one character: its UTF-8 continuation bytes too. */
  #erase(): void {
    while (this.#length > 0) {
      const byte = this.#bytes[--this.#length] ?? 0;
      this.#bytes[this.#length] = 0;
      if ((byte & 0xc0) !== 0x80) return;
    }
  }
}

/** The controlling terminal while questions are asked: one reader, so that nothing typed ahead is lost between them. */
class Terminal {
  readonly file: Deno.FsFile;
  #typed = new Uint8Array(0);
  #reading: Promise<Uint8Array<ArrayBuffer> | null> | null = null;
  readonly #interrupted: Promise<never>;
  interrupt!: () => void;

  constructor(file: Deno.FsFile) {
    this.file = file;
    this.#interrupted = new Promise((_, reject) => this.interrupt = () => reject(new InterruptedError()));
    this.#interrupted.catch(() => {});
  }

  write(text: string): void {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += this.file.writeSync(bytes.subarray(at));
  }

  /** The next byte, or null once the terminal is closed. */
  async byte(): Promise<number | null> {
    while (this.#typed.length === 0) {
      const chunk = await Promise.race([this.#read(), this.#interrupted]);
      if (chunk === null) return null;
      this.#typed = chunk;
    }
    const [first] = this.#typed;
    this.#typed[0] = 0;
    this.#typed = this.#typed.subarray(1);
    return first ?? null;
  }

  /** Forgets what is typed until nothing has come for `quiet` ms; returns how many bytes that was. */
  async drain(quiet: number): Promise<number> {
    let dropped = 0;
    for (;;) {
      dropped += this.#typed.length;
      this.#typed.fill(0);
      this.#typed = new Uint8Array(0);
      const { promise, resolve } = Promise.withResolvers<"quiet">();
      const timer = setTimeout(() => resolve("quiet"), quiet);
      const chunk = await Promise.race([this.#read(), promise]);
      clearTimeout(timer);
      if (chunk === "quiet" || chunk === null) return dropped;
      this.#typed = chunk;
    }
  }

  /** A read that outlives `drain` is the next one's. */
  #read(): Promise<Uint8Array<ArrayBuffer> | null> {
    this.#reading ??= this.#readChunk();
    return this.#reading;
  }

  async #readChunk(): Promise<Uint8Array<ArrayBuffer> | null> {
    const buffer = new Uint8Array(4096);
    const n = await this.file.read(buffer);
    this.#reading = null;
    return n === null || n === 0 ? null : buffer.subarray(0, n);
  }
}

let terminal: Terminal | null = null;

function openTerminal(): Terminal {
  try {
    return terminal ??= new Terminal(Deno.openSync(DEVICE, { read: true, write: true }));
  } catch {
    throw new NoTerminalError("Cannot ask: there is no terminal");
  }
}

async function onTerminal<T>(ask: (terminal: Terminal) => Promise<T>): Promise<T> {
  const current = openTerminal();
  const signals: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM", "SIGHUP"];
  const interrupt = () => current.interrupt();
  for (const signal of signals) Deno.addSignalListener(signal, interrupt);
  try {
    return await ask(current);
  } finally {
    for (const signal of signals) Deno.removeSignalListener(signal, interrupt);
  }
}
