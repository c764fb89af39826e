/** Changes JSON as a tree, so that most of what comes out still is JSON and gets past the parser. */
import type { Dice } from "./dice.ts";

/** Any JSON value. */
export type Tree = null | boolean | number | string | Tree[] | { [key: string]: Tree };

/** What a change may put in: words for texts, keys for objects. */
export interface Words {
  texts: readonly string[];
  keys: readonly string[];
}

const NUMBERS = [0, -0, -1, 1, 0.5, 255, 256, 4096, 65536, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 1e21, -1e308];
const ODD_TEXTS = [
  "",
  " ",
  "\0",
  "\ud800",
  "\u2028\u2029",
  "\u202e",
  "é🦀",
  "\x1b[31m",
  "\\",
  '"',
  "\r\n",
  "__proto__",
];
const ODD_KEYS = ["__proto__", "constructor", "toString", "length", "0", "", "then", "toJSON", "hasOwnProperty"];

/** `tree` with one to four changes. */
export function varyTree(tree: Tree, words: Words, dice: Dice): Tree {
  let varied = tree;
  let changes = 1;
  while (changes < 4 && dice.oneIn(2)) changes++;
  for (; changes > 0; changes--) {
    const target = dice.below(countOf(varied));
    varied = changeAt(varied, target, words, dice);
  }
  return varied;
}

/** Nodes of a tree, itself included. */
function countOf(tree: Tree): number {
  if (typeof tree !== "object" || tree === null) return 1;
  return Object.values(tree).reduce<number>((n, inner) => n + countOf(inner as Tree), 1);
}

/** `tree` with its node number `target`, counted from the root, changed. */
function changeAt(tree: Tree, target: number, words: Words, dice: Dice): Tree {
  if (target === 0) return changed(tree, words, dice);
  if (typeof tree !== "object" || tree === null) return tree;
  let left = target - 1;
  const entries = Object.entries(tree).map(([key, inner]): [string, Tree] => {
    const size = countOf(inner);
    const here = left >= 0 && left < size;
    const next = here ? changeAt(inner, left, words, dice) : inner;
    left -= size;
    return [key, next];
  });
  return Array.isArray(tree) ? entries.map(([, inner]) => inner) : objectOf(entries);
}

function changed(tree: Tree, words: Words, dice: Dice): Tree {
  if (typeof tree === "object" && tree !== null && !dice.oneIn(4)) {
    return Array.isArray(tree) ? changedList(tree, words, dice) : changedObject(tree, words, dice);
  }
  if (typeof tree === "string" && !dice.oneIn(3)) return changedText(tree, words, dice);
  return anything(words, dice);
}

function changedText(text: string, words: Words, dice: Dice): string {
  const at = dice.below(text.length + 1);
  const put = dice.pick([...words.texts, ...ODD_TEXTS]);
  switch (dice.below(6)) {
    case 0:
      return put;
    case 1:
      return text.slice(0, at);
    case 2:
      return text.slice(0, at) + put + text.slice(at + dice.below(4));
    case 3:
      return text.slice(0, at) + String.fromCharCode(dice.below(dice.pick([128, 65536]))) + text.slice(at);
    case 4: {
      const size = dice.pick([64, 65, 128, 129, 255, 256, 257, 1024, 4095, 4096, 4097, 20_000]);
      return (text === "" ? "x" : text).repeat(Math.ceil(size / Math.max(1, text.length))).slice(0, size);
    }
    default:
      return text + put;
  }
}

function changedList(list: Tree[], words: Words, dice: Dice): Tree {
  const at = dice.below(list.length + 1);
  switch (dice.below(5)) {
    case 0:
      return list.toSpliced(at, 1);
    case 1:
      return list.toSpliced(at, 0, anything(words, dice));
    case 2:
      return Array.from({ length: dice.pick([2, 17, 65, 257]) }, () => list[at] ?? null);
    case 3:
      return list.toReversed();
    default:
      return objectOf(list.map((inner, i) => [String(i), inner]));
  }
}

function changedObject(object: { [key: string]: Tree }, words: Words, dice: Dice): Tree {
  const entries = Object.entries(object);
  const at = dice.below(entries.length + 1);
  const key = dice.pick([...words.keys, ...ODD_KEYS]);
  const there = entries[at];
  switch (dice.below(6)) {
    case 0:
      return objectOf(entries.toSpliced(at, 1));
    case 1:
      return objectOf([...entries, [key, anything(words, dice)]]);
    case 2:
      return objectOf(there === undefined ? entries : entries.with(at, [key, there[1]]));
    case 3:
      return objectOf(there === undefined ? entries : entries.with(at, [there[0], object]));
    case 4:
      return objectOf(entries.toReversed());
    default:
      return [object];
  }
}

/** A value of any kind. */
function anything(words: Words, dice: Dice): Tree {
  switch (dice.below(8)) {
    case 0:
      return null;
    case 1:
      return dice.oneIn(2);
    case 2:
      return dice.pick(NUMBERS);
    case 3:
    case 4:
      return dice.pick(words.texts);
    case 5:
      return dice.pick(ODD_TEXTS);
    case 6:
      return dice.pick<Tree>([[], {}, [[]], [null], { a: {} }]);
    default:
      return nested(dice.pick([1, 15, 16, 17, 64, 199, 200, 201, 300]), dice);
  }
}

function nested(depth: number, dice: Dice): Tree {
  let tree: Tree = "deep";
  const asList = dice.oneIn(2);
  for (let i = 0; i < depth; i++) tree = asList ? [tree] : { a: tree };
  return tree;
}

/** An object with these entries, also where a key is one that assignment would treat in its own way. */
function objectOf(entries: readonly [string, Tree][]): { [key: string]: Tree } {
  const object: { [key: string]: Tree } = {};
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return object;
}
