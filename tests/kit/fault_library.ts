/**
 * File operations that go wrong on purpose: a library preloaded into a child process counts what it does below one
 * directory and makes the Nth call fail, fall short, or be the last thing that the process ever does.
 */
import { join } from "node:path";

/** What is counted, in the order of fault_library.c. `CREATE` is an open that makes the file. */
export const OPERATIONS = [
  "OPEN",
  "READ",
  "STAT",
  "LIST",
  "LOCK",
  "CREATE",
  "WRITE",
  "TRUNCATE",
  "FSYNC",
  "FDATASYNC",
  "RENAME",
  "LINK",
  "UNLINK",
  "MKDIR",
  "NOTE",
] as const;
export type Operation = typeof OPERATIONS[number];

/** Everything that can go wrong, and that part of it that changes what is on disk. */
export const ALL: readonly Operation[] = OPERATIONS.filter((operation) => operation !== "NOTE");
export const CHANGING: readonly Operation[] = ALL.slice(ALL.indexOf("CREATE"));

/**
 * What becomes of the call. `fill`, as a disk that fills up: the first write falls short and the next ones fail.
 * `die amid` writes the first half and dies. Where a write only replaces bytes within one page there is no half of it.
 */
const FAULTS = ["fail", "half", "fill", "die before", "die amid", "die after"] as const;

/** Linux's numbers of the errors. */
export const ERRNO = { EPERM: 1, EINTR: 4, EIO: 5, ENOSPC: 28, EROFS: 30 } as const;

/** Which calls go wrong, and how. */
export interface Fault {
  /** From 1, among the calls of `operations`; 0 arms nothing and only counts. */
  at: number;
  /** How many calls in a row, 1 if left out. */
  times?: number;
  kind: typeof FAULTS[number];
  /** For `fail` and `fill`. */
  error?: keyof typeof ERRNO;
  operations: readonly Operation[];
}

/** Why the library cannot be built here, or null. */
export const NO_FAULT_LIBRARY: string | null = Deno.build.os !== "linux"
  ? "the fault library is for Linux"
  : hasCompiler()
  ? null
  : "there is no gcc";

/** The compiled library, in a directory of its own. */
export interface FaultLibrary extends Disposable {
  readonly path: string;
  /** What a child's environment needs for its operations below `directory`. */
  environment(directory: string): Record<string, string>;
}

/** Compiles the library; gcc must be there. */
export function buildFaultLibrary(): FaultLibrary {
  const directory = Deno.makeTempDirSync({ prefix: "tacit-fault-" });
  const path = join(directory, "fault.so");
  const source = new URL("fault_library.c", import.meta.url).pathname;
  const args = ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", path, source, "-ldl"];
  const { success, stderr } = new Deno.Command("gcc", { args }).outputSync();
  if (!success) throw new Error(`Cannot compile the fault library: ${new TextDecoder().decode(stderr)}`);
  return {
    path,
    environment: (below) => ({ LD_PRELOAD: path, FAULT_BELOW: Deno.realPathSync(below) }),
    [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }),
  };
}

/** The library as the process sees it into which it was preloaded. */
export class Faults {
  readonly #library;

  /** `path` as in `LD_PRELOAD`: the loader then hands out the very copy that is at work. */
  constructor(path: string) {
    this.#library = Deno.dlopen(path, {
      fault_arm: { parameters: ["i32", "i32", "i32", "i32", "u32"], result: "void" },
      fault_seen: { parameters: [], result: "i32" },
      fault_hits: { parameters: [], result: "i32" },
      fault_last: { parameters: [], result: "pointer" },
      fault_pause: { parameters: ["i32"], result: "void" },
      fault_log: { parameters: ["buffer"], result: "void" },
      fault_note: { parameters: ["buffer"], result: "void" },
    });
  }

  /** Counts from 1 again. */
  arm({ at, times = 1, kind, error = "EIO", operations }: Fault): void {
    const mask = operations.reduce((sum, operation) => sum | 1 << OPERATIONS.indexOf(operation), 0);
    // Without a place to strike, counting is still wanted.
    const place = at === 0 ? 2 ** 31 - 1 : at;
    this.#library.symbols.fault_arm(place, times, FAULTS.indexOf(kind), ERRNO[error], mask);
  }

  /** Calls that were counted since `arm`. */
  get seen(): number {
    return this.#library.symbols.fault_seen();
  }

  /** Those of them that went wrong. */
  get hits(): number {
    return this.#library.symbols.fault_hits();
  }

  /** The last one that went wrong, such as `FSYNC /path`; empty if none did. */
  get last(): string {
    const text = Deno.UnsafePointerView.getCString(this.#library.symbols.fault_last()!);
    return text.replace(/^\d+/, (number) => OPERATIONS[Number(number)] ?? "?");
  }

  /** While it is on, operations are neither counted nor logged, and none goes wrong. */
  pause(on: boolean): void {
    this.#library.symbols.fault_pause(Number(on));
  }

  /** Appends every operation that changes something to the file `path`; operation_log.ts reads it. */
  logTo(path: string): void {
    this.#library.symbols.fault_log(new TextEncoder().encode(`${path}\0`));
  }

  /** Puts a line of the caller's own between the operations of the log. */
  note(text: string): void {
    this.#library.symbols.fault_note(new TextEncoder().encode(`${text}\0`));
  }
}

function hasCompiler(): boolean {
  try {
    return new Deno.Command("gcc", { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}
