/** Reads the fields of one decoded map by name and type, and notices what was not read. */
import type { Packable } from "../msgpack.ts";

/** A map as it was decoded, or is about to be encoded. */
export type PackableMap = { [key: string]: Packable };

/** A map whose fields are taken one by one. All methods throw `TypeError` naming the field, never its contents. */
export class Fields {
  readonly #map: PackableMap;
  readonly #what: string;
  #taken = 0;

  constructor(value: Packable | undefined, what: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Uint8Array) {
      throw new TypeError(`Cannot read ${what}: not a map`);
    }
    this.#map = value;
    this.#what = what;
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#map, key);
  }

  /** The field, or undefined where it is absent. */
  take(key: string): Packable | undefined {
    if (!this.has(key)) return undefined;
    this.#taken++;
    return this.#map[key];
  }

  /** A text of at most `max` UTF-16 units. */
  text(key: string, fallback: string | undefined, max: number): string {
    const value = this.#takeOr(key, fallback);
    if (typeof value !== "string" || value.length > max) throw this.#wrong(key);
    return value;
  }

  textOrNull(key: string, max: number): string | null {
    return this.has(key) ? this.text(key, undefined, max) : null;
  }

  integer(key: string, fallback: number | undefined, min: number, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.#takeOr(key, fallback);
    if (typeof value !== "number" || value < min || value > max) throw this.#wrong(key);
    return value;
  }

  /** False where absent. */
  flag(key: string): boolean {
    const value = this.#takeOr(key, false);
    if (typeof value !== "boolean") throw this.#wrong(key);
    return value;
  }

  bytes(key: string, length: number): Uint8Array {
    const value = this.take(key);
    if (!(value instanceof Uint8Array) || value.length !== length) throw this.#wrong(key);
    return value;
  }

  /** Each item read by `read`; empty where absent. */
  list<T>(key: string, max: number, read: (item: Packable) => T): T[] {
    const value = this.#takeOr(key, []);
    if (!Array.isArray(value) || value.length > max) throw this.#wrong(key);
    return value.map(read);
  }

  /** A frozen list of texts. */
  texts(key: string, fallback: string[], maxItems: number, maxLength: number): string[] {
    if (!this.has(key)) return fallback;
    const texts = this.list(key, maxItems, (item) => {
      if (typeof item !== "string" || item.length > maxLength) throw this.#wrong(key);
      return item;
    });
    return Object.freeze(texts) as string[];
  }

  /** True if fields were left over, which throws unless `lenient`. Each field must have been taken at most once. */
  end(lenient: boolean): boolean {
    const left = Object.keys(this.#map).length > this.#taken;
    if (left && !lenient) throw new TypeError(`Cannot read ${this.#what}: it has an unknown field`);
    return left;
  }

  /** Nil is a value of its own and stands for no default. */
  #takeOr(key: string, fallback: Packable | undefined): Packable | undefined {
    return this.has(key) ? this.take(key) : fallback;
  }

  #wrong(key: string): TypeError {
    return new TypeError(`Cannot read ${this.#what}: field "${key}" is missing, too long or of the wrong type`);
  }
}
