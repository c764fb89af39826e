/**
 * The child's environment: the caller's own, plus what the fill brought. Values stay bytes all the way to execve.
 */
import { concat, utf8 } from "../bytes.ts";
import type { Secret } from "../secret.ts";
import type { OneShotFiles } from "./one_shot.ts";

/** The kernel's limit for one environment string (MAX_ARG_STRLEN), name, `=` and NUL included. */
const MAX_ENV_STRING = 131072;

/** One value and the variable that brings it into the child. */
export interface Injection {
  secret: Secret;
  variable: string;
  mode: "env" | "file";
}

/** A value that cannot travel this way: `name` is the secret, `message` the sentence for the person. */
export class InjectionError extends Error {
  override readonly name = "InjectionError";
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

/**
 * `NAME=value` entries for the child: `base` without the injected names, then the injections. `files` takes the values
 * that go into files; null where there are none.
 * @throws {InjectionError} for a value with a NUL byte or above the kernel's size for one string.
 */
export function childEnvironment(
  base: Record<string, string>,
  injections: Injection[],
  files: OneShotFiles | null,
): Uint8Array[] {
  const replaced = new Set(injections.map((i) => i.variable));
  const entries = Object.entries(base).filter(([k]) => !replaced.has(k)).map(([k, v]) => utf8(`${k}=${v}`));
  for (const { secret, variable, mode } of injections) {
    const value = secret.reveal();
    if (mode === "file") {
      if (files === null) throw new TypeError(`Cannot inject "${secret.name}": no place for files was given`);
      entries.push(utf8(`${variable}=${files.write(secret.name, value)}`));
      continue;
    }
    if (value.includes(0)) {
      throw new InjectionError(
        `Cannot put "${secret.name}" into the environment: its value holds a NUL byte`,
        `tacit edit ${secret.name} --inject file`,
      );
    }
    const entry = concat(utf8(`${variable}=`), value);
    if (entry.length >= MAX_ENV_STRING) {
      throw new InjectionError(
        `Cannot put "${secret.name}" into the environment: its value is larger than the system allows for one variable`,
        `tacit edit ${secret.name} --inject file`,
      );
    }
    entries.push(entry);
  }
  return entries;
}
