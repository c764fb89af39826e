/**
 * Destinations as people write them: `[METHODS ]HOST[:PORT][/PATH …]`.
 *
 *     api.github.com            .example.com:8443        https://api.example.com/v1
 *     127.0.0.1:9000            [::1]:9000               GET,HEAD api.example.com/v1 /v2
 *
 * Parsing canonicalises nothing but a leading `https://` and the default port; showing and parsing are inverse.
 */
import type { Destination } from "./grant.ts";
import { hostFault, isIpv6 } from "./host.ts";
import { escapeForDisplay } from "../display.ts";

/** HTTPS. */
export const DEFAULT_PORT = 443;
/** Methods of one destination. */
export const MAX_METHODS = 16;
/** Path prefixes of one destination. */
export const MAX_PATHS = 64;
/** Longest path prefix, in characters. */
export const MAX_PATH = 1024;
/** Longest text that is read as a destination; what follows the host in it is mostly paths. */
const MAX_TEXT = 8192;

const METHOD = /^[A-Z]{1,16}$/;
/** Methods that echo a request back, or open a tunnel past every rule. */
const REFUSED_METHODS: readonly string[] = ["TRACE", "TRACK", "CONNECT"];
/** RFC 3986 `pchar` without percent escapes, which are second spellings. */
const PATH = /^(?:\/[A-Za-z0-9._~!$&'()*+,;=:@-]*)+$/;

/**
 * Reads a destination.
 * @throws {TypeError} saying what is wrong, with the text escaped for a terminal.
 */
export function parseDestination(text: string): Destination {
  const refuse = (state: string): never => {
    throw new TypeError(`Cannot read destination "${escapeForDisplay(text.slice(0, 100))}": ${state}`);
  };
  if (text.length > MAX_TEXT) refuse(`it is longer than ${MAX_TEXT} characters`);
  const words = text.split(" ");
  const methods = words.length > 1 && /^[A-Z,]+$/.test(words[0] ?? "") ? (words.shift() ?? "").split(",") : [];
  let place = words.shift() ?? "";
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(place);
  if (scheme !== null) {
    if (scheme[1] !== "https") refuse("only https is granted");
    place = place.slice("https://".length);
  }
  const slash = place.indexOf("/");
  const authority = slash < 0 ? place : place.slice(0, slash);
  const first = slash < 0 ? "" : place.slice(slash);
  // `https://host/` names the whole host, as `host` does; `/` alone would be the same grant in a second spelling.
  const paths = [...(first === "" || first === "/" ? [] : [first]), ...words];
  if (authority.includes("@")) refuse("user information does not belong into a host");

  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(authority);
  const plain = /^([^:]*)(?::(.*))?$/s.exec(authority);
  const [, written, portText] = bracketed ?? plain ?? refuse("an IPv6 address stands in brackets");
  const suffix = bracketed === null && (written ?? "").startsWith(".");
  const host = (written ?? "").slice(suffix ? 1 : 0);
  if (bracketed !== null && !isIpv6(host)) refuse("the brackets hold no IPv6 address in its short form without zone");
  if (portText !== undefined && !/^[1-9][0-9]{0,4}$/.test(portText)) refuse("the port is not a number from 1 to 65535");
  const port = portText === undefined || Number(portText) === DEFAULT_PORT ? null : Number(portText);

  const destination = { host, suffix, port, methods, paths };
  const fault = destinationFault(destination);
  return fault === null ? destination : refuse(fault);
}

/** What is wrong with a destination's parts, as a phrase, or null. */
export function destinationFault(d: Destination): string | null {
  if (d.port !== null && !(Number.isInteger(d.port) && d.port >= 1 && d.port <= 65535)) {
    return "the port is not a number from 1 to 65535";
  }
  if (d.methods.length > MAX_METHODS) return `more than ${MAX_METHODS} methods`;
  for (const method of d.methods) {
    if (!METHOD.test(method)) return "a method is not a word in upper case";
    if (REFUSED_METHODS.includes(method)) return `method ${method} is never granted`;
  }
  if (d.paths.length > MAX_PATHS) return `more than ${MAX_PATHS} paths`;
  for (const path of d.paths) {
    if (path.length > MAX_PATH) return `a path is longer than ${MAX_PATH} characters`;
    if (path === "/" || path.includes("//")) return "a path is / alone, which every host allows, or holds //";
    if (!PATH.test(path)) return "a path does not begin with / or holds a query, an escape or a space";
    if (path.split("/").some((part) => part === "." || part === "..")) return "a path holds . or .. as a segment";
  }
  return hostFault(d.host, d.suffix);
}

/** The text that `parseDestination` reads back as `d`. */
export function showDestination(d: Destination): string {
  const host = isIpv6(d.host) ? `[${d.host}]` : `${d.suffix ? "." : ""}${d.host}`;
  const place = `${host}${d.port === null || d.port === DEFAULT_PORT ? "" : `:${d.port}`}${d.paths[0] ?? ""}`;
  return [...(d.methods.length > 0 ? [d.methods.join(",")] : []), place, ...d.paths.slice(1)].join(" ");
}

/** One request, its host already canonical: lower-case, no trailing dot, IPv6 without brackets. */
export interface Request {
  /** As the connection is made and the certificate checked. */
  host: string;
  /** TCP port. */
  port: number;
  /** As sent; compared exactly. */
  method: string;
  /** Without query; undecoded, as it will be sent. */
  path: string;
}

/**
 * True if `d` covers `request`. A suffix covers every name below it and not the name itself; a path covers itself
 * and what lies below it, by whole segments. A request whose host or path has a second spelling is never covered.
 */
export function destinationCovers(d: Destination, request: Request): boolean {
  if (hostFault(request.host, false) !== null) return false;
  if (REFUSED_METHODS.includes(request.method.toUpperCase())) return false;
  const host = d.suffix ? request.host.endsWith(`.${d.host}`) : request.host === d.host;
  if (!host || request.port !== (d.port ?? DEFAULT_PORT)) return false;
  if (d.methods.length > 0 && !d.methods.includes(request.method)) return false;
  if (d.paths.length === 0) return true;
  // A server may read escaped dots and slashes as steps upwards: where a path limits, they are refused.
  if (!request.path.startsWith("/") || /%(?:2e|2f|5c|00)|\\|\/\.{1,2}(?:\/|$)/i.test(request.path)) return false;
  return d.paths.some((prefix) => {
    const below = prefix.endsWith("/") ? prefix : `${prefix}/`;
    return request.path === prefix || request.path.startsWith(below);
  });
}
