/** What a grant says, written down a second time and as plainly as can be: no code of lib/grant decides here. */
import type { Destination, Grant, InjectionMode } from "../../lib/grant/grant.ts";
import type { Packable } from "../../lib/msgpack.ts";

/** One intended use. */
export interface Use {
  mode: InjectionMode;
  agent: string | null;
  project: string | null;
  now: number;
}

/** docs/architecture.md, "grant": no unless everything says yes. */
export function grantedBy(grant: Grant, { mode, agent, project, now }: Use): boolean {
  if (mode !== "env" && mode !== "file") return false;
  let granted = false;
  for (const word of grant.modes) if (word === mode) granted = true;
  if (!granted) return false;
  if (grant.expires !== null && !(now < grant.expires)) return false;
  if (grant.agents.length > 0 && grant.agents.every((word) => word !== agent)) return false;
  if (grant.projects.length > 0 && grant.projects.every((word) => word !== project)) return false;
  return grant.confirm === "never";
}

/** True if the destination's words cover the request, path segment by path segment. */
export function coveredBy(
  d: Destination,
  { host, port, method, path }: { host: string; port: number; method: string; path: string },
): boolean {
  if (!isPlainHost(host) || port !== (d.port ?? 443)) return false;
  if (["TRACE", "TRACK", "CONNECT"].includes(method.toUpperCase())) return false;
  if (d.methods.length > 0 && !d.methods.includes(method)) return false;
  const [labels, below] = [d.host.split("."), host.split(".")];
  const same = d.suffix
    ? below.length > labels.length && labels.every((label, i) => below[below.length - labels.length + i] === label)
    : host === d.host;
  if (!same) return false;
  if (d.paths.length === 0) return true;
  // Second spellings: an escaped dot, slash, backslash or NUL, a backslash, a step upwards.
  const lower = path.toLowerCase();
  if (["%2e", "%2f", "%5c", "%00", "\\"].some((text) => lower.includes(text))) return false;
  const segments = path.split("/");
  if (segments[0] !== "" || segments.length < 2 || segments.some((s, i) => i > 0 && (s === "." || s === ".."))) {
    return false;
  }
  return d.paths.some((prefix) => {
    const wanted = prefix.split("/");
    // `/v2/` covers what lies below it and itself, and not `/v2`.
    if (wanted.at(-1) === "") wanted.pop();
    const enough = prefix.endsWith("/") ? segments.length > wanted.length : segments.length >= wanted.length;
    return enough && wanted.every((segment, i) => segment === segments[i]);
  });
}

/** True if a URL with this host names exactly this host: no second spelling, nothing international. */
export function isPlainHost(host: string): boolean {
  if (host === "" || host.length > 253 || host.endsWith(".")) return false;
  const labels = host.split(".");
  if (
    labels.some((label) => label === "" || label.startsWith("xn--") || label.startsWith("-") || label.endsWith("-"))
  ) return false;
  if (
    labels.some((label) => label.length > 63) ||
    [...host].some((c) => !"abcdefghijklmnopqrstuvwxyz0123456789-.:".includes(c))
  ) {
    return false;
  }
  const shown = host.includes(":") ? `[${host}]` : host;
  try {
    const { hostname, username, port, pathname } = new URL(`http://${shown}/`);
    return hostname === shown && username === "" && port === "" && pathname === "/";
  } catch {
    return false;
  }
}

const RECORD = "id rev name off len kind tags description provider grant created updated weak";
const GRANT = "destinations positions modes agents projects confirm expires";
const KNOWN: Record<string, string> = { destinations: "host suffix port methods paths", positions: "kind name max" };
const CHOICES = ["sealed", "env", "file", "ssh-agent", "database"];
const KINDS = ["header", "basic", "query", "path", "json", "form", "websocket"];

/** True if a record's map, or one inside of it, has a field or choice that docs/format.md does not list. */
export function hasUnknown(value: Packable | undefined): boolean {
  if (!isMap(value)) return false;
  const isRecord = Object.hasOwn(value, "id");
  const fields = (isRecord ? RECORD : GRANT).split(" ");
  if (Object.keys(value).some((key) => !fields.includes(key))) return true;
  if (isRecord) return hasUnknown(value["grant"]);
  const lists = Object.entries(KNOWN).flatMap(([field, keys]) => {
    const items = value[field];
    return (Array.isArray(items) ? items : []).flatMap((item) => isMap(item) ? [[item, keys.split(" ")] as const] : []);
  });
  if (lists.some(([item, keys]) => Object.keys(item).some((key) => !keys.includes(key)))) return true;
  const positions = Array.isArray(value["positions"]) ? value["positions"] : [];
  const modes = Array.isArray(value["modes"]) ? value["modes"] : [];
  return modes.some((mode) => !CHOICES.includes(mode as string)) ||
    positions.some((position) => isMap(position) && !KINDS.includes(position["kind"] as string)) ||
    !["never", "session", "use", undefined].includes(value["confirm"] as string | undefined);
}

function isMap(value: Packable | undefined): value is { [key: string]: Packable } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
