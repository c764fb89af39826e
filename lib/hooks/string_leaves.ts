/** All text of a JSON value, object keys included, taken out in one order and put back in the same. */
import { isObject, type Json, type JsonObject } from "./event.ts";

/** Nesting that a walk follows; deeper values are no tool's, and could exhaust the stack. */
const MAX_DEPTH = 200;

/**
 * Every string of `value`: keys before what they hold, in order.
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
 * `value` with its strings replaced by `leaves`, which are in the order of `stringLeaves`.
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

function mapStrings(value: Json, map: (text: string) => string, depth: number): Json {
  if (depth > MAX_DEPTH) throw new RangeError("Cannot walk the value: nested too deeply");
  if (typeof value === "string") return map(value);
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
