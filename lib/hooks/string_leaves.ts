/**
 * All text of a JSON value, object keys included, taken out in one order and put back in the same. A value of digits
 * alone may stand as a JSON number, so numbers count as text where they are long enough to be one.
 */
import { isObject, type Json, type JsonObject } from "./event.ts";

/** Nesting that a walk follows; deeper values are no tool's, and could exhaust the stack. */
const MAX_DEPTH = 200;
/** Shorter values are never looked for (docs/scrubbing.md, "Weak values"). */
const LEAST_DIGITS = 4;

/**
 * Every string and every number of four characters or more of `value`: keys before what they hold, in order.
 * @throws {RangeError} if it is nested deeper than 200 levels.
 */
export function stringLeaves(value: Json): string[] {
  const leaves: string[] = [];
  mapStrings(value, (text) => {
    leaves.push(text);
    return text;
  }, 0);
  return leaves;
}

/**
 * `value` with its strings replaced by `leaves`, which are in the order of `stringLeaves`. A number stays one unless
 * its leaf was changed.
 * @throws {RangeError} if there are fewer leaves than strings.
 */
export function withStringLeaves(value: Json, leaves: readonly string[]): Json {
  let at = 0;
  return mapStrings(value, () => {
    const leaf = leaves[at++];
    if (leaf === undefined) throw new RangeError("Cannot rebuild the value: too few strings");
    return leaf;
  }, 0);
}

/** `value` with `text` in place of whatever is nested too deeply for `stringLeaves`. */
export function cutDepths(value: Json, text: string, depth = 0): Json {
  if (depth >= MAX_DEPTH) return text;
  if (Array.isArray(value)) return value.map((item) => cutDepths(item, text, depth + 1));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cutDepths(item, text, depth + 1)]));
}

function mapStrings(value: Json, map: (text: string) => string, depth: number): Json {
  if (depth > MAX_DEPTH) throw new RangeError("Cannot walk the value: nested too deeply");
  if (typeof value === "string") return map(value);
  if (typeof value === "number") return mapNumber(value, map);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, map, depth + 1));
  if (!isObject(value)) return value;
  const mapped: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    // A key such as `__proto__` must stay a plain property.
    const name = map(key);
    const inner = mapStrings(item, map, depth + 1);
    Object.defineProperty(mapped, name, { value: inner, enumerable: true, writable: true, configurable: true });
  }
  return mapped;
}

function mapNumber(value: number, map: (text: string) => string): Json {
  const text = String(value);
  if (text.length < LEAST_DIGITS) return value;
  const mapped = map(text);
  return mapped === text ? value : mapped;
}
