/**
 * One record of the index: everything about a secret except its value. docs/format.md, "Index record".
 *
 * Fields equal to their default are left out. A field that this version does not know is refused in a file of its
 * own minor version; in a newer one it is skipped, and a grant that holds one reads as a grant of nothing, since the
 * unknown field may be a restriction.
 */
import {
  type Confirmation,
  type Destination,
  emptyGrant,
  type Grant,
  type InjectionMode,
  type Position,
  type SecretMetadata,
} from "../grant/grant.ts";
import { type Packable, wide } from "../msgpack.ts";
import { isName } from "../names.ts";
import { Fields, type PackableMap } from "./fields.ts";

/** Kind of records that belong to tacit itself: never listed, never filled, in a name space of their own. */
export const INTERNAL_KIND = ".internal";

export const ID_LENGTH = 16;
/** Characters; longer texts are refused on reading and on writing. */
const MAX_KIND = 32;
const MAX_TEXT = 4096;
const MAX_ITEMS = 256;
const MAX_U32 = 0xffffffff;

const MODES: readonly [InjectionMode, ...InjectionMode[]] = ["sealed", "env", "file", "ssh-agent", "database"];
const CONFIRMATIONS: readonly [Confirmation, ...Confirmation[]] = ["never", "session", "use"];
const POSITIONS: readonly [Position["kind"], ...Position["kind"][]] = [
  "header",
  "basic",
  "query",
  "path",
  "json",
  "form",
  "websocket",
];
const NO_GRANT = freezeGrant(emptyGrant());
const NO_TAGS = Object.freeze([]) as unknown as string[];

/** The known choice that an item is; in a newer file an unknown one is noted and stands for the first. */
type Choose = <T extends string>(item: Packable, choices: readonly [T, ...T[]]) => T;

/** A record as the index lists it, with the place of its blob in the frame's blob area. */
export interface IndexedRecord {
  id: Uint8Array;
  meta: Readonly<SecretMetadata>;
  offset: number;
  length: number;
}

/** The index map of one record. Field order is part of the format. */
export function recordToPackable(record: IndexedRecord): PackableMap {
  const { id, meta, offset, length } = record;
  const map: PackableMap = { id, rev: meta.rev, name: meta.name, off: offset, len: length };
  if (meta.kind !== "") map.kind = meta.kind;
  if (meta.tags.length > 0) map.tags = meta.tags;
  if (meta.description !== "") map.description = meta.description;
  if (meta.provider !== null) map.provider = meta.provider;
  const grant = grantToPackable(meta.grant);
  if (Object.keys(grant).length > 0) map.grant = grant;
  if (meta.created !== 0) map.created = wide(meta.created);
  if (meta.updated !== 0) map.updated = wide(meta.updated);
  if (meta.weak) map.weak = true;
  return map;
}

/**
 * The record of an index map; its metadata is frozen.
 * @throws {TypeError} on a missing, ill-typed, oversized or (unless `newer`) unknown field.
 */
export function recordFromPackable(value: Packable | undefined, newer: boolean): IndexedRecord {
  const fields = new Fields(value, "record");
  const name = fields.text("name", undefined, 64);
  if (!isName(name)) throw new TypeError("Cannot read record: its name breaks the grammar of names");
  const record = {
    id: fields.bytes("id", ID_LENGTH),
    meta: Object.freeze({
      name,
      kind: fields.text("kind", "", MAX_KIND),
      tags: fields.texts("tags", NO_TAGS, MAX_ITEMS, MAX_TEXT),
      description: fields.text("description", "", MAX_TEXT),
      provider: fields.textOrNull("provider", MAX_TEXT),
      grant: fields.has("grant") ? grantFromPackable(fields.take("grant"), newer) : NO_GRANT,
      created: fields.integer("created", 0, 0),
      updated: fields.integer("updated", 0, 0),
      rev: fields.integer("rev", undefined, 1, MAX_U32),
      weak: fields.flag("weak"),
    }),
    offset: fields.integer("off", undefined, 0, MAX_U32),
    length: fields.integer("len", undefined, 0, MAX_U32),
  };
  fields.end(newer);
  return record;
}

function grantToPackable(grant: Grant): PackableMap {
  const map: PackableMap = {};
  if (grant.destinations.length > 0) map.destinations = grant.destinations.map(destinationToPackable);
  if (grant.positions.length > 0) map.positions = grant.positions.map(positionToPackable);
  for (const key of ["modes", "agents", "projects"] as const) if (grant[key].length > 0) map[key] = grant[key];
  if (grant.confirm !== "never") map.confirm = grant.confirm;
  if (grant.expires !== null) map.expires = wide(grant.expires);
  return map;
}

function destinationToPackable(destination: Destination): PackableMap {
  const map: PackableMap = { host: destination.host };
  if (destination.suffix) map.suffix = true;
  if (destination.port !== null) map.port = destination.port;
  if (destination.methods.length > 0) map.methods = destination.methods;
  if (destination.paths.length > 0) map.paths = destination.paths;
  return map;
}

function positionToPackable(position: Position): PackableMap {
  const map: PackableMap = { kind: position.kind, max: position.max };
  if (position.name !== null) map.name = position.name;
  return map;
}

function grantFromPackable(value: Packable | undefined, newer: boolean): Grant {
  const fields = new Fields(value, "grant");
  let unknown = false;
  const choose = <T extends string>(item: Packable, choices: readonly [T, ...T[]]): T => {
    const found = choices.find((choice) => choice === item);
    if (found === undefined && !newer) throw new TypeError("Cannot read grant: it has an unknown choice");
    unknown ||= found === undefined;
    return found ?? choices[0];
  };
  const nested = <T>(read: (fields: Fields, choose: Choose) => T, what: string) => (item: Packable) => {
    const inner = new Fields(item, what);
    const result = read(inner, choose);
    unknown = inner.end(newer) || unknown;
    return result;
  };
  const grant: Grant = {
    destinations: fields.list("destinations", MAX_ITEMS, nested(destinationFrom, "destination")),
    positions: fields.list("positions", MAX_ITEMS, nested(positionFrom, "position")),
    modes: fields.list("modes", MAX_ITEMS, (item) => choose(item, MODES)),
    agents: fields.texts("agents", [], MAX_ITEMS, MAX_TEXT),
    projects: fields.texts("projects", [], MAX_ITEMS, MAX_TEXT),
    confirm: choose(fields.text("confirm", "never", MAX_TEXT), CONFIRMATIONS),
    expires: fields.has("expires") ? fields.integer("expires", undefined, 0) : null,
  };
  unknown = fields.end(newer) || unknown;
  return unknown ? NO_GRANT : freezeGrant(grant);
}

function destinationFrom(fields: Fields): Destination {
  return {
    host: fields.text("host", undefined, 255),
    suffix: fields.flag("suffix"),
    port: fields.has("port") ? fields.integer("port", undefined, 1, 65535) : null,
    methods: fields.texts("methods", [], MAX_ITEMS, MAX_TEXT),
    paths: fields.texts("paths", [], MAX_ITEMS, MAX_TEXT),
  };
}

function positionFrom(fields: Fields, choose: Choose): Position {
  return {
    kind: choose(fields.text("kind", undefined, MAX_TEXT), POSITIONS),
    name: fields.textOrNull("name", MAX_TEXT),
    max: fields.integer("max", undefined, 1, MAX_U32),
  };
}

function freezeGrant(grant: Grant): Grant {
  for (const destination of grant.destinations) {
    Object.freeze(destination.methods);
    Object.freeze(destination.paths);
    Object.freeze(destination);
  }
  grant.positions.forEach(Object.freeze);
  for (const list of [grant.destinations, grant.positions, grant.modes, grant.agents, grant.projects]) {
    Object.freeze(list);
  }
  return Object.freeze(grant) as Grant;
}
