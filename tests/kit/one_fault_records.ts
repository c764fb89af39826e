/** One fault in one field of one record, or of its grant. */
import type { Packable } from "../../lib/msgpack.ts";
import type { Fault } from "./one_fault_draft.ts";

/** GAMMA with another value of one field; undefined leaves it out. */
const record = (name: string, key: string, value: Packable | undefined): Fault => [
  name,
  "record",
  "CORRUPT_FRAME",
  ({ gamma: { map } }) => {
    if (value === undefined) delete map[key];
    else map[key] = value;
  },
];
const grant = (name: string, value: Packable): Fault => [
  name,
  "grant",
  "CORRUPT_FRAME",
  (d) => void (d.gamma.map.grant = value),
];
const destination = (name: string, more: { [key: string]: Packable }) =>
  grant(name, { destinations: [{ host: "api.example.com", ...more }] });
const position = (name: string, more: { [key: string]: Packable }) =>
  grant(name, { positions: [{ kind: "header", max: 1, ...more }] });

const RECORD: Fault[] = [
  ["a record that is a number", "record", "CORRUPT_FRAME", (d) => {
    d.middle.index = { v: 1, put: [d.alphaAgain.map, 1], del: d.middle.del };
  }],
  record("a record without id", "id", undefined),
  record("an id of 15 bytes", "id", new Uint8Array(15)),
  record("an id of 17 bytes", "id", new Uint8Array(17)),
  record("an id that is a text", "id", "0123456789abcdef"),
  record("a record without revision", "rev", undefined),
  record("revision 0", "rev", 0),
  record("revision 2^32", "rev", 2 ** 32),
  record("a record without name", "name", undefined),
  record("an empty name", "name", ""),
  record("a name in lower case", "name", "gamma"),
  record("a name that begins with a digit", "name", "1GAMMA"),
  record("a name with a space", "name", "GAM MA"),
  record("a name with an escape sequence", "name", "GAMMA\u001b[2J"),
  record("a name that ends in a line feed", "name", "GAMMA\n"),
  record("a name in another alphabet", "name", "GАMMA"),
  record("a name of 65 characters", "name", "G".repeat(65)),
  record("a name that is bytes", "name", new Uint8Array(5)),
  record("a record without place", "off", undefined),
  record("a place below 0", "off", -1),
  record("a record without length", "len", undefined),
  record("a length of 2^32", "len", 2 ** 32),
  record("a kind of 33 characters", "kind", "k".repeat(33)),
  record("a kind that is nil", "kind", null),
  record("tags that are a text", "tags", "one"),
  record("tags that are nil", "tags", null),
  record("a tag that is a number", "tags", [1]),
  record("a tag of 4,097 characters", "tags", ["t".repeat(4097)]),
  record("257 tags", "tags", Array(257).fill("")),
  record("a description of 4,097 characters", "description", "d".repeat(4097)),
  record("a description that is bytes", "description", new Uint8Array(1)),
  record("a provider that is a list", "provider", []),
  record("created before 1970", "created", -1),
  record("updated that is a text", "updated", "today"),
  record("weak that is 1", "weak", 1),
  record("weak that is nil", "weak", null),
  record("an unknown field", "only", "mondays"),
  record("an unknown field that looks like a known one", "Grant", {}),
];

const GRANT: Fault[] = [
  grant("a grant that is a list", []),
  grant("a grant that is nil", null),
  grant("a grant with an unknown field", { modes: ["env"], only: "mondays" }),
  grant("an unknown mode", { modes: ["telepathy"] }),
  grant("a mode that is a number", { modes: [1] }),
  grant("modes that are a text", { modes: "env" }),
  grant("an unknown confirmation", { confirm: "always" }),
  grant("a confirmation that is true", { confirm: true }),
  grant("an expiry before 1970", { expires: -1 }),
  grant("an expiry that is nil", { expires: null }),
  grant("an agent that is a number", { agents: [1] }),
  grant("257 projects", { projects: Array(257).fill("/") }),
  grant("a destination that is a text", { destinations: ["api.example.com"] }),
  grant("257 destinations", { destinations: Array(257).fill({ host: "h" }) }),
  grant("a destination without host", { destinations: [{ port: 443 }] }),
  destination("a host of 256 characters", { host: "h".repeat(256) }),
  destination("port 0", { port: 0 }),
  destination("port 65,536", { port: 65_536 }),
  destination("a suffix that is 1", { suffix: 1 }),
  destination("methods that are a text", { methods: "GET" }),
  destination("a path that is a number", { paths: [1] }),
  destination("a destination with an unknown field", { except: "/admin" }),
  position("an unknown kind of position", { kind: "cookie" }),
  position("a position that may occur never", { max: 0 }),
  position("a position that may occur 2^32 times", { max: 2 ** 32 }),
  position("a position whose name is a number", { name: 1 }),
  position("a position with an unknown field", { except: 1 }),
  grant("a position without max", { positions: [{ kind: "header" }] }),
];

/** All of one record and its grant. */
export const RECORD_FAULTS: Fault[] = [...RECORD, ...GRANT];
