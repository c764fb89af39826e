/**
 * Small edits to a person's JSON file that leave every other byte as it is: order, indentation, line ends, the last
 * newline. Strict JSON only: a file with comments is refused rather than rewritten without them.
 */

/** The file is no JSON that can be edited safely. */
export class JsonTextError extends Error {
  constructor(state: string) {
    super(state);
    this.name = "JsonTextError";
  }
}

/** Keys and indexes from the outermost value inwards. */
export type JsonPath = readonly (string | number)[];

interface Child {
  key: string | number;
  /** Offset of the key, or of the value in an array. */
  start: number;
  value: Node;
}

interface Node {
  start: number;
  end: number;
  children: Child[] | null;
}

/** The value at `path`, or undefined if there is none. @throws {JsonTextError} */
export function valueAt(text: string, path: JsonPath): unknown {
  const node = find(parse(text), path);
  return node === null ? undefined : JSON.parse(text.slice(node.start, node.end));
}

/**
 * `text` with `value` as the last child of the object or array at `path`; objects on the way are made.
 * `key` is ignored for an array.
 * @throws {JsonTextError} if something else stands at `path`, or the key exists.
 */
export function withChild(text: string, path: JsonPath, key: string, value: unknown): string {
  const root = parse(text);
  const parent = find(root, path);
  if (parent === null) {
    const [inner, up] = [path.at(-1), path.slice(0, -1)];
    if (typeof inner !== "string") throw new JsonTextError(`there is no ${path.join(".")}`);
    // An array cannot be told from its path; whoever needs one makes it first.
    return withChild(text, up, inner, { [key]: value });
  }
  const children = parent.children;
  if (children === null) throw new JsonTextError(`${path.join(".")} is neither an object nor an array`);
  if (children.some((child) => child.key === key)) throw new JsonTextError(`${[...path, key].join(".")} is there`);
  const label = text[parent.start] === "[" ? "" : `${JSON.stringify(key)}: `;
  const style = styleOf(text);
  const last = children.at(-1);
  const broken = last === undefined ? style.unit !== null : text.slice(parent.start, last.start).includes("\n");
  if (!broken || style.unit === null) {
    const gap = /,[ ]/.test(text) || last === undefined ? " " : "";
    const rendered = (gap === "" ? label.replace(": ", ":") : label) + JSON.stringify(value);
    return last === undefined
      ? splice(text, parent.start + 1, parent.end - 1, rendered)
      : splice(text, last.value.end, last.value.end, `,${gap}${rendered}`);
  }
  const outer = indentAt(text, parent.start);
  const indent = last === undefined ? outer + style.unit : indentAt(text, last.start);
  const rendered = label + JSON.stringify(value, null, style.unit).replaceAll("\n", style.newline + indent);
  return last === undefined
    ? splice(text, parent.start + 1, parent.end - 1, style.newline + indent + rendered + style.newline + outer)
    : splice(text, last.value.end, last.value.end, `,${style.newline}${indent}${rendered}`);
}

/** `text` without what is at `path`. @throws {JsonTextError} if nothing is there. */
export function withoutChild(text: string, path: JsonPath): string {
  const parent = find(parse(text), path.slice(0, -1));
  const children = parent?.children ?? [];
  const at = children.findIndex((child) => child.key === path.at(-1));
  const child = children[at];
  if (parent === null || child === undefined) throw new JsonTextError(`there is no ${path.join(".")}`);
  const [before, after] = [children[at - 1], children[at + 1]];
  if (before !== undefined) return splice(text, before.value.end, child.value.end, "");
  if (after !== undefined) return splice(text, child.start, after.start, "");
  return splice(text, parent.start + 1, parent.end - 1, "");
}

function splice(text: string, start: number, end: number, insert: string): string {
  return text.slice(0, start) + insert + text.slice(end);
}

/** `unit` is null for a text on one line with something in it. */
function styleOf(text: string): { newline: string; unit: string | null } {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const unit = /[{[]\r?\n([ \t]+)\S/.exec(text)?.[1];
  if (unit !== undefined) return { newline, unit };
  return { newline, unit: /^\s*[{[]\s*[^\s}\]]/.test(text) && !text.trim().includes("\n") ? null : "  " };
}

/** The white space that the line of `offset` begins with. */
function indentAt(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset);
  return /^[ \t]*/.exec(line)?.[0] ?? "";
}

function find(root: Node, path: JsonPath): Node | null {
  let node: Node | null = root;
  for (const key of path) node = node?.children?.find((child) => child.key === key)?.value ?? null;
  return node;
}

/** Offsets of every value. The runtime's parser judges the text first, so the walk below meets no error. */
function parse(text: string): Node {
  try {
    JSON.parse(text);
  } catch {
    throw new JsonTextError(/^\s*\/[/*]|[,{[\s]\/[/*]/.test(text) ? "it has comments" : "it is not JSON");
  }
  const [node] = parseValue(text, 0);
  return node;
}

function parseValue(text: string, from: number): [node: Node, next: number] {
  const start = skip(text, from);
  const opening = text[start];
  if (opening === '"') return leaf(start, stringEnd(text, start));
  if (opening !== "{" && opening !== "[") {
    return leaf(start, start + (/^[^\s,\]}]+/.exec(text.slice(start, start + 400))?.[0].length ?? 0));
  }
  const children: Child[] = [];
  let at = skip(text, start + 1);
  while (text[at] !== "}" && text[at] !== "]") {
    const childStart = at;
    let key: string | number = children.length;
    if (opening === "{") {
      const end = stringEnd(text, at);
      key = JSON.parse(text.slice(at, end)) as string;
      if (children.some((child) => child.key === key)) throw new JsonTextError(`it has the key "${key}" twice`);
      at = skip(text, end) + 1;
    }
    const [value, next] = parseValue(text, at);
    children.push({ key, start: childStart, value });
    at = skip(text, next);
    if (text[at] === ",") at = skip(text, at + 1);
  }
  return [{ start, end: at + 1, children }, at + 1];
}

function leaf(start: number, end: number): [Node, number] {
  return [{ start, end, children: null }, end];
}

function skip(text: string, at: number): number {
  while (at < text.length && " \t\r\n".includes(text[at] ?? "x")) at++;
  return at;
}

function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
