/**
 * Tokens recognised by their shape alone: for what a person pastes and for secrets that are not in the vault.
 * Linear in the text: beginnings are found by plain search, lengths are bounded, no pattern can backtrack.
 * Placeholders of documentation (`…xxxx`, `…EXAMPLE`, `…1234567890`) are no tokens.
 */
import { TOKEN_SHAPES, type TokenShape } from "./token_shapes.ts";

/** A token-like stretch of a text; `end` is behind it. Indexes are UTF-16 units. */
export interface KnownToken {
  /** What it looks like, in words: `GitHub token`. */
  readonly kind: string;
  /** Index of its first unit. */
  readonly start: number;
  /** Index behind its last unit. */
  readonly end: number;
}

/** Longest header of a JSON Web Token that is decoded. Characters. */
const LONGEST_JWT_HEADER = 2048;

/** Least base64 characters of a private key (an Ed25519 key has 64). */
const LEAST_PEM_BODY = 60;

/** All known tokens in `text`, by start, not overlapping. */
export function knownTokens(text: string): KnownToken[] {
  const found: KnownToken[] = [];
  for (const shape of TOKEN_SHAPES) for (const begin of shape.begins) findShape(text, shape, begin, found);
  findJwt(text, found);
  findPem(text, found);
  findAwsSecret(text, found);
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  let last = 0;
  return found.filter((token) => {
    if (token.start < last) return false;
    last = token.end;
    return true;
  });
}

function findShape(text: string, shape: TokenShape, begin: string, found: KnownToken[]): void {
  const alphabet = alphabetOf(shape.alphabet);
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at + begin.length)) {
    // A beginning inside a longer run is no beginning; it also keeps a flood of beginnings linear.
    if (isWordAt(text, at - 1) || (/[-.]/.test(text[at - 1] ?? "") && alphabet[text.charCodeAt(at - 1)] === 1)) {
      continue;
    }
    const body = at + begin.length;
    const end = runEnd(text, body, alphabet, shape.most + 1);
    const length = end - body;
    if (length < shape.least || length > shape.most || isWordAt(text, end)) continue;
    if (looksRandom(text.slice(body, end))) found.push({ kind: shape.kind, start: at, end });
  }
}

/** RFC 7519: three base64url parts, the first a JSON object that names its algorithm. */
function findJwt(text: string, found: KnownToken[]): void {
  const alphabet = alphabetOf(BASE64URL);
  const judged = new Map<string, boolean>();
  for (let at = text.indexOf("eyJ"); at >= 0; at = text.indexOf("eyJ", at + 3)) {
    if (isWordAt(text, at - 1) || text[at - 1] === "-") continue;
    const header = runEnd(text, at, alphabet, LONGEST_JWT_HEADER);
    if (text[header] !== "." || !isJwtHeader(text.slice(at, header), judged)) continue;
    const payload = runEnd(text, header + 1, alphabet, text.length);
    if (text[payload] !== "." || payload - header < 8) continue;
    const signature = runEnd(text, payload + 1, alphabet, text.length);
    if (signature - payload < 20 || !looksRandom(text.slice(payload + 1, Math.min(signature, payload + 87)))) continue;
    found.push({ kind: "JSON Web Token", start: at, end: signature });
  }
}

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

/** The name `"alg"` in base64 at its three alignments: without it nothing needs to be decoded. */
const NAMES_ALGORITHM = /ImFsZy|JhbGci|iYWxnI/;

function isJwtHeader(part: string, judged: Map<string, boolean>): boolean {
  if (!NAMES_ALGORITHM.test(part)) return false;
  const known = judged.get(part);
  if (known !== undefined) return known;
  const verdict = namesAlgorithm(part);
  judged.set(part, verdict);
  return verdict;
}

function namesAlgorithm(part: string): boolean {
  try {
    const header: unknown = JSON.parse(atob(part.replaceAll("-", "+").replaceAll("_", "/")));
    return typeof header === "object" && header !== null && "alg" in header && typeof header.alg === "string";
  } catch {
    return false;
  }
}

const PEM_TEXT = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \r\n\\";

/** RFC 7468: a private key between its lines, or, cut off, at least a good part of its body. */
function findPem(text: string, found: KnownToken[]): void {
  const begin = "-----BEGIN ";
  let footer = 0;
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at + begin.length)) {
    const label = text.slice(at + begin.length, at + begin.length + 48);
    const header = /^(?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/.exec(label);
    if (header === null) continue;
    const body = at + begin.length + header[0].length;
    // Searched once per footer, so that many headers without one cost nothing.
    if (footer >= 0 && footer < body) footer = text.indexOf("-----END ", body);
    const next = text.indexOf("-----", body);
    const closed = footer >= 0 && footer === next;
    const end = closed ? footer : pemRunEnd(text, body);
    const characters = text.slice(body, Math.min(end, body + 4000)).replace(/\\[nr]|[^A-Za-z0-9+/]/g, "");
    if (characters.length < LEAST_PEM_BODY || !looksRandom(characters.slice(0, 400))) continue;
    const close = closed ? text.indexOf("-----", footer + 9) : -1;
    found.push({ kind: "private key", start: at, end: close >= 0 && close - footer < 64 ? close + 5 : end });
  }
}

function pemRunEnd(text: string, from: number): number {
  return runEnd(text, from, alphabetOf(PEM_TEXT), 16384);
}

/** The 40 characters behind a name such as `aws_secret_access_key`. */
function findAwsSecret(text: string, found: KnownToken[]): void {
  for (const match of text.matchAll(AWS_SECRET)) {
    const value = match[1] ?? "";
    if (!looksRandom(value)) continue;
    const end = match.index + match[0].length;
    found.push({ kind: "AWS secret access key", start: end - value.length, end });
  }
}

const AWS_SECRET = /secret_?access_?key["'\s:=>\]]{1,8}([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/gi;

const DULL = /(.)\1{4}|x{4}|example|sample|placeholder|dummy|changeme|redacted|your[_-]|insert|foobar|secret|_here/i;
const COUNTING = /012345|123456|234567|345678|456789|567890|abcdef|bcdefg|ABCDEF|BCDEFG/;

/** True for text with the variety of a random draw; false for words, counting, repetition, placeholders. */
function looksRandom(text: string): boolean {
  if (DULL.test(text)) return false;
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= count * Math.log2(count / text.length);
  // A random draw of 16 from 32 has 3.3 bits a character at least; hexadecimal tends to 4, prose with dashes below.
  if (bits / text.length < (text.length < 30 ? 2.9 : 3.2)) return false;
  if (COUNTING.test(text)) return false;
  return /[0-9]/.test(text) || (/[a-z]/.test(text) && (text.match(/[A-Z]/g)?.length ?? 0) * 5 > text.length);
}

function isWordAt(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) ||
    code === 0x5f;
}

/** Where the run of `alphabet` from `from` ends, looked for over at most `most` characters. */
function runEnd(text: string, from: number, alphabet: Uint8Array, most: number): number {
  let i = from;
  const stop = Math.min(text.length, from + most);
  while (i < stop && alphabet[text.charCodeAt(i)] === 1) i++;
  return i;
}

const ALPHABETS = new Map<string, Uint8Array>();

function alphabetOf(characters: string): Uint8Array {
  let alphabet = ALPHABETS.get(characters);
  if (alphabet === undefined) {
    alphabet = new Uint8Array(128);
    for (let i = 0; i < characters.length; i++) alphabet[characters.charCodeAt(i)] = 1;
    ALPHABETS.set(characters, alphabet);
  }
  return alphabet;
}
