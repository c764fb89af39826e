/**
 * Grants: what is read is within its vocabulary, what is refused is refused in our own words, and no use is allowed that
 * the grant does not say. The first byte says whether the rest is a grant as JSON with an intended use and a request, a
 * destination as people write it, a host, or a record of the vault.
 */
import { isDeepStrictEqual } from "node:util";
import { concat, utf8 } from "../../lib/bytes.ts";
import * as deciding from "../../lib/grant/decide.ts";
import * as destinations from "../../lib/grant/destination.ts";
import type { Grant, SecretMetadata } from "../../lib/grant/grant.ts";
import { hostFault } from "../../lib/grant/host.ts";
import * as validating from "../../lib/grant/validate.ts";
import { decode, encode, MsgpackError, type Packable } from "../../lib/msgpack.ts";
import * as records from "../../lib/vault/record.ts";
import { coveredBy, grantedBy, hasUnknown, isPlainHost, type Use } from "./grants_oracle.ts";
import { type Tree, varyTree, type Words } from "./json_tree.ts";
import { msgpackPieces } from "./msgpack.ts";
import { textPieces } from "./mutate.ts";
import { demand, describe, type Entry, Finding, type Target } from "./target.ts";

/** The functions under test. */
export interface GrantParts {
  validateGrant: typeof validating.validateGrant;
  decideUse: typeof deciding.decideUse;
  parseDestination: typeof destinations.parseDestination;
  destinationCovers: typeof destinations.destinationCovers;
  recordFromPackable: typeof records.recordFromPackable;
}

const KINDS = ["grant", "destination", "host", "record", "newer record"] as const;
const WORDS: Words = {
  texts: [
    ...[
      "sealed",
      "env",
      "file",
      "ssh-agent",
      "database",
      "never",
      "session",
      "use",
      "header",
      "basic",
      "json",
      "claude-code",
    ],
    ...[
      "/src/app",
      "/",
      "/v1",
      "/v1/",
      "/v1/../x",
      "/%2e%2e/",
      "//",
      "GET",
      "get",
      "TRACE",
      "CONNECT",
      "api.example.com",
    ],
    ...[
      "example.com",
      ".example.com",
      "EXAMPLE.com",
      "xn--a",
      "127.0.0.1",
      "0x7f.1",
      "::1",
      "[::1]",
      "a.b.",
      "a@b",
      "é.com",
    ],
  ],
  keys: [
    ...["destinations", "positions", "modes", "agents", "projects", "confirm", "expires", "host", "suffix", "port"],
    ...["methods", "paths", "kind", "name", "max", "mode", "agent", "project", "now"],
  ],
};

export function grantsTarget(parts: GrantParts = { ...validating, ...deciding, ...destinations, ...records }): Target {
  return {
    name: "grants",
    corpus: corpus(),
    dictionary: [
      ...[
        ...WORDS.texts,
        ...WORDS.keys,
        "null",
        "true",
        "[]",
        "{}",
        '"',
        ":",
        ",",
        "https://",
        "http://",
        ":443",
        ":0",
      ],
      ...[
        ":65536",
        "%zone",
        "\u212a",
        "\ud800",
        "..",
        "[",
        "]",
        "GET,HEAD ",
        "*",
        "?q",
        "#f",
        "::ffff:1.2.3.4",
        "1e309",
      ],
    ].map(utf8).concat([0x80, 0x90, 0xa0, 0xc0, 0xc2, 0xc4, 0xd3, 0xff].map((b) => Uint8Array.of(b))),
    maxBytes: 16_384,
    vary(entry, dice) {
      const [kind = new Uint8Array(1), ...rest] = entry.pieces;
      if (KINDS[kind[0] ?? 0] === "grant") {
        const tree = JSON.parse(new TextDecoder().decode(concat(...rest))) as Tree;
        return concat(kind, utf8(JSON.stringify(varyTree(tree, WORDS, dice))));
      }
      return null;
    },
    run(input) {
      const kind = KINDS[(input[0] ?? 0) % KINDS.length] ?? "grant";
      const body = input.subarray(1);
      const text = new TextDecoder().decode(body);
      switch (kind) {
        case "grant":
          return judgeGrant(parts, text);
        case "destination":
          return judgeDestination(parts, text);
        case "host":
          return judgeHost(text);
        default:
          return judgeRecord(parts, body, kind === "newer record");
      }
    },
    reaches: [
      ...["no JSON", "grant refused", "grant, ok", "grant, expired", "grant, no_grant", "grant, no_env_grant"],
      ...["grant, sealed_unavailable", "grant, agent_not_granted", "grant, project_not_granted"],
      ...["grant, presence_required", "destination refused", "destination read", "host refused", "host sound"],
      ...["record, no MessagePack", "record refused", "record read", "record with more", "grant covers"],
    ],
  };
}

/** A grant, then decisions and destinations under it. */
function judgeGrant(parts: GrantParts, text: string): string {
  let given: Record<string, unknown>;
  try {
    given = JSON.parse(text);
    if (typeof given !== "object" || given === null) return "no JSON";
  } catch {
    return "no JSON";
  }
  const grant = typed(() => parts.validateGrant(given["grant"]), /^Cannot read grant field "[a-z]+": [^\n]{3,120}$/);
  if (grant === null) return "grant refused";
  demand(isDeepStrictEqual(parts.validateGrant(grant), grant), "A grant that was read does not read again");
  for (const destination of grant.destinations) {
    const shown = destinations.showDestination(destination);
    const again = parts.parseDestination(shown);
    // The default port is not shown.
    const port = destination.port === 443 ? null : destination.port;
    demand(isDeepStrictEqual(again, { ...destination, port }), "A destination is shown as another one");
  }
  const request = requestOf(given["request"]);
  const covering = grant.destinations.filter((d) => parts.destinationCovers(d, request));
  const expected = grant.destinations.filter((d) => coveredBy(d, request));
  demand(covering.length === expected.length, "A destination covers a request that its words do not, or the other way");
  const outcome = judgeUse(parts, secretOf(grant), useOf(given["use"]));
  return covering.length > 0 ? "grant covers" : `grant, ${outcome}`;
}

function judgeUse({ decideUse }: GrantParts, secret: SecretMetadata, use: Use): string {
  const decision = decideUse(secret, use);
  demand(
    decision.ok === grantedBy(secret.grant, use),
    "A use is allowed that the grant does not say, or refused that it says",
  );
  if (decision.ok) return "ok";
  const sound = /^Cannot use "[A-Z][A-Z0-9_]*": \S/.test(decision.message) && decision.hint.startsWith("tacit ");
  demand(sound && decision.message.length < 100_000, "A refusal has another form");
  return decision.code;
}

function judgeDestination(parts: GrantParts, text: string): string {
  const read = typed(() => parts.parseDestination(text), /^Cannot read destination ".*": [^\n]{3,120}$/s);
  if (read === null) return "destination refused";
  demand(hostFault(read.host, read.suffix) === null && isPlainHost(read.host), "A destination has an unsound host");
  demand(
    isDeepStrictEqual(parts.parseDestination(destinations.showDestination(read)), read),
    "It is shown as another one",
  );
  const path = read.paths[0] ?? "/";
  const request = { host: read.suffix ? `x.${read.host}` : read.host, port: read.port ?? 443, method: "GET", path };
  demand(parts.destinationCovers(read, request) === coveredBy(read, request), "A destination does not cover itself");
  return "destination read";
}

function judgeHost(text: string): string {
  for (const suffix of [false, true]) {
    const fault = hostFault(text, suffix);
    demand(fault === null || /^[a-z][^"\n]{3,120}$/.test(fault), "A fault of a host has another form");
    demand(fault !== null || isPlainHost(text), "A host is sound that a URL would read as another one");
  }
  return hostFault(text, false) === null ? "host sound" : "host refused";
}

/** A record of the index, in a file of this version or of a newer one. */
function judgeRecord(parts: GrantParts, body: Uint8Array, newer: boolean): string {
  let value: Packable;
  try {
    value = decode(body);
  } catch (error) {
    if (error instanceof MsgpackError) return "record, no MessagePack";
    throw error;
  }
  const ours = /^Cannot read (record|grant|destination|position): [^\n]{3,120}$/;
  const record = typed(() => parts.recordFromPackable(value, newer), ours);
  if (record === null) return "record refused";
  const unknown = hasUnknown(value);
  demand(newer || !unknown, "A field that this version does not know was skipped in a file of its own version");
  const { meta } = record;
  const use = { mode: "env", agent: null, project: null, now: 1_700_000_000_000 } as const;
  const { ok } = parts.decideUse(meta, use);
  demand(!ok || grantedBy(meta.grant, use), "A record's grant allows a use that it does not say");
  demand(!ok || !hasUnknown((value as { grant?: Packable }).grant), "A grant with an unknown field allows a use");
  if (unknown) return "record with more";
  const again = parts.recordFromPackable(decode(encode(records.recordToPackable(record))), false);
  demand(isDeepStrictEqual(again, record), "A record is written as another one");
  return "record read";
}

/** What `read` gives, or null if it refuses in our words; errors of the runtime are no refusal. */
function typed<T>(read: () => T, ours: RegExp): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof TypeError && ours.test(error.message)) return null;
    throw new Finding(`An error is not one of ours: ${describe(error)}`);
  }
}

function secretOf(grant: Grant): SecretMetadata {
  const empty = {
    kind: "token",
    tags: [],
    description: "",
    provider: null,
    created: 0,
    updated: 0,
    rev: 1,
    weak: false,
  };
  return { name: "TOKEN", grant, ...empty };
}

/** What the input says of a use, as far as it has the right types; times that a clock can show. */
function useOf(given: unknown): Use {
  const { mode, agent, project, now } = (given ?? {}) as Record<string, unknown>;
  const modes = ["sealed", "env", "file", "ssh-agent", "database"] as const;
  return {
    mode: modes.find((known) => known === mode) ?? "env",
    agent: typeof agent === "string" ? agent : null,
    project: typeof project === "string" ? project : null,
    now: typeof now === "number" && Math.abs(now) <= 8.64e15 ? now : 0,
  };
}

function requestOf(given: unknown): destinations.Request {
  const { host, port, method, path } = (given ?? {}) as Record<string, unknown>;
  return {
    host: typeof host === "string" ? host : "",
    port: typeof port === "number" ? port : 443,
    method: typeof method === "string" ? method : "GET",
    path: typeof path === "string" ? path : "/",
  };
}

const FULL = {
  destinations: [
    { host: "api.example.com", suffix: false, port: null, methods: ["GET", "HEAD"], paths: ["/v1", "/v2/"] },
    { host: "example.com", suffix: true, port: 8443, methods: [], paths: [] },
  ],
  positions: [{ kind: "header", name: "Authorization", max: 1 }, { kind: "basic", name: null, max: 2 }],
  modes: ["env", "file"],
  agents: ["claude-code", "codex"],
  projects: ["/src/app", "/"],
  confirm: "never",
  expires: 1_800_000_000_000,
};
const USE = { mode: "env", agent: "claude-code", project: "/src/app", now: 1_700_000_000_000 };
const REQUEST = { host: "api.example.com", port: 443, method: "GET", path: "/v1/x" };

function corpus(): Entry[] {
  const entries: Entry[] = [];
  const add = (kind: typeof KINDS[number], pieces: Uint8Array[], gives: string) =>
    entries.push({ name: `${kind} ${entries.length}`, pieces: [Uint8Array.of(KINDS.indexOf(kind)), ...pieces], gives });
  const grant = (changes: object, use: object, gives: string, request: object = { host: "else.example.org" }) =>
    add(
      "grant",
      textPieces(JSON.stringify({ grant: { ...FULL, ...changes }, use: { ...USE, ...use }, request })),
      gives,
    );
  grant({}, {}, "grant covers", REQUEST);
  grant({}, {}, "grant covers", { ...REQUEST, host: "a.b.example.com", port: 8443, method: "POST", path: "/é" });
  grant({}, {}, "grant, ok", { ...REQUEST, path: "/v11/x" });
  grant({}, {}, "grant, ok");
  grant({}, { now: FULL.expires }, "grant, expired");
  grant({ modes: ["file"] }, {}, "grant, no_env_grant");
  grant({ modes: ["env"] }, { mode: "file" }, "grant, no_grant");
  grant({ modes: ["sealed"] }, {}, "grant, sealed_unavailable");
  grant({ modes: ["sealed", "env"] }, {}, "grant, ok");
  grant({}, { agent: "other" }, "grant, agent_not_granted");
  grant({}, { project: null }, "grant, project_not_granted");
  grant({ confirm: "use" }, {}, "grant, presence_required");
  grant({ agents: [], projects: [], destinations: [], positions: [], expires: null }, { agent: null }, "grant, ok");
  const read = ["api.github.com", ".example.com:8443", "https://api.example.com/v1", "127.0.0.1:9000", "[::1]:9000"];
  for (const text of [...read, "GET,HEAD api.example.com/v1 /v2/"]) {
    add("destination", textPieces(text), "destination read");
  }
  for (const text of ["http://a.b", "a@b.c", "[::1%1]", "a..b", "A.b", "a/b?c", "TRACE a.b/x /y"]) {
    add("destination", textPieces(text), "destination refused");
  }
  for (const text of ["a.b-c.example", "10.0.0.1", "2001:db8::1", "localhost"]) {
    add("host", textPieces(text), "host sound");
  }
  for (const text of ["0x7f.1", "1.2.3", "xn--bcher-kva.example", "a_b.c", "::ffff:1.2.3.4", "-a.b"]) {
    add("host", textPieces(text), "host refused");
  }
  const record = {
    id: new Uint8Array(16),
    rev: 1,
    name: "TOKEN",
    off: 0,
    len: 296,
    grant: { ...FULL, confirm: "use" },
  };
  const plain = {
    ...record,
    kind: "token",
    tags: ["a"],
    provider: "x",
    created: 5,
    updated: 6,
    weak: true,
    grant: { modes: ["env"] },
  };
  const stored = (value: unknown) => msgpackPieces(encode(JSON.parse(JSON.stringify(value), reviveBytes) as Packable));
  add("record", stored(plain), "record read");
  add("record", stored({ ...record, grant: withoutNulls(record.grant) }), "record read");
  add("record", stored({ ...plain, later: 1 }), "record refused");
  add("newer record", stored({ ...plain, later: 1 }), "record with more");
  add("newer record", stored({ ...plain, grant: { modes: ["env"], moon: ["full"] } }), "record with more");
  return entries;
}

/** The index leaves out what equals its default. */
function withoutNulls(grant: typeof FULL): unknown {
  return JSON.parse(JSON.stringify(grant, (_, value) => value === null || value === false ? undefined : value));
}

/** A byte string goes through JSON as an object with numbers for keys. */
function reviveBytes(_key: string, value: unknown): unknown {
  const isBytes = typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, "15");
  return isBytes ? Uint8Array.from(Object.values(value) as number[]) : value;
}
