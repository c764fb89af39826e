/** Vaults of the corpus that differ in records, grants and values. */
import type { Packable } from "../../lib/msgpack.ts";
import type { Plan, PlannedRecord } from "./corpus_writer.ts";

const plan = (name: string, feature: string, put: PlannedRecord[]): Plan => ({
  name,
  feature,
  frames: [{ type: "checkpoint", put }],
});
const internal = (n: number, name: string, value: string): PlannedRecord => ({
  n,
  name,
  value,
  fields: { kind: ".internal" },
});
const granted = (n: number, name: string, grant: { [key: string]: Packable }): PlannedRecord => ({
  n,
  name,
  value: `made-up value of ${name}`,
  fields: { grant },
});
/** Where the length of a value meets the end of a bucket. */
const LENGTHS = [0, 1, 252, 253, 508, 509, 1020, 1021, 2044, 2045, 4092, 4093, 5000, 8188, 8189];

export const CONTENT_PLANS: Plan[] = [
  plan("grant_fields", "every field of a grant, each in a record of its own, and all in one", [
    granted(1, "DESTINATION", { destinations: [{ host: "api.example.com" }] }),
    granted(2, "DESTINATION_WHOLE", {
      destinations: [{
        host: "example.com",
        suffix: true,
        port: 8443,
        methods: ["GET", "POST"],
        paths: ["/v1", "/v2/x"],
      }],
    }),
    granted(3, "DESTINATIONS", { destinations: [{ host: "127.0.0.1", port: 1 }, { host: "::1", port: 65_535 }] }),
    ...["header", "basic", "query", "path", "json", "form", "websocket"].map((kind, i) =>
      granted(10 + i, `POSITION_${kind.toUpperCase()}`, { positions: [{ kind, max: 2 ** 32 - 1, name: "x" }] })
    ),
    granted(20, "POSITION_WITHOUT_NAME", { positions: [{ kind: "path", max: 1 }] }),
    granted(21, "MODES", { modes: ["sealed", "env", "file", "ssh-agent", "database"] }),
    granted(22, "AGENTS", { agents: ["claude-code", "codex"] }),
    granted(23, "PROJECTS", { projects: ["/home/someone/project", "/srv/\u00fc"] }),
    granted(24, "CONFIRM_SESSION", { confirm: "session" }),
    granted(25, "CONFIRM_USE", { confirm: "use" }),
    granted(26, "EXPIRES", { expires: 1_900_000_000_000 }),
    granted(27, "EXPIRED_AT_ONCE", { expires: 0 }),
    granted(28, "EVERYTHING", {
      destinations: [{ host: "api.example.com", methods: ["GET"] }],
      positions: [{ kind: "header", max: 3, name: "Authorization" }],
      modes: ["sealed", "env"],
      agents: ["claude-code"],
      projects: ["/home/someone/project"],
      confirm: "use",
      expires: 2 ** 53 - 1,
    }),
  ]),
  plan("record_fields", "every field of a record", [
    { n: 1, name: "KIND", value: "a", fields: { kind: "k".repeat(32) } },
    { n: 2, name: "TAGS", value: "a", fields: { tags: ["prod", "", "\u00fcber", "prod"] } },
    { n: 3, name: "DESCRIPTION", value: "a", fields: { description: "what it is for \u{1f511}\n\tand more" } },
    { n: 4, name: "PROVIDER", value: "a", fields: { provider: "github" } },
    { n: 5, name: "TIMES", value: "a", fields: { created: 1, updated: 2 ** 53 - 1 } },
    { n: 6, name: "WEAK", value: "a", fields: { weak: true } },
    { n: 7, name: "REV", value: "a", rev: 2 ** 32 - 1 },
    {
      n: 8,
      name: "ALL",
      value: "a",
      rev: 70_000,
      fields: {
        ...{ kind: "password", tags: ["t"], description: "d", provider: "p", grant: { modes: ["file"] } },
        ...{ created: 1_764_000_000_000, updated: 1_764_000_000_001, weak: true },
      },
    },
  ]),
  plan("record_fields_backwards", "fields in another order than a writer's", [{
    n: 1,
    name: "BACKWARDS",
    value: "a",
    backwards: true,
    fields: { kind: "token", tags: ["t"], grant: { modes: ["env"] }, created: 1_764_000_000_000 },
  }]),
  plan("record_texts_longest", "the longest texts and lists there may be", [
    { n: 1, name: "DESCRIPTION", value: "a", fields: { description: "\u{1f511}".repeat(2048) } },
    { n: 2, name: "TAGS", value: "a", fields: { tags: Array.from({ length: 256 }, (_, i) => `tag ${i}`) } },
  ]),
  plan("names", "the shortest and the longest name, and every letter of names", [
    ...["A", "Z", "A".repeat(64), "Z9_", "A__", "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789"].map((name, n) => ({
      n,
      name,
      value: `made-up value ${n}`,
    })),
  ]),
  plan("internal_records", "records of tacit's own, also of the name of a secret", [
    internal(1, "STATE", "made-up state"),
    { n: 2, name: "STATE", value: "a secret of that name" },
    internal(3, "OTHER_STATE", ""),
  ]),
  plan("values_of_every_bucket", "values at both sides of every bucket's end, one of no byte at all", [
    ...LENGTHS.map((length, n) => ({ n, name: `BYTES_${length}`, value: new Uint8Array(length).fill(0x61) })),
  ]),
  plan("values_binary", "values that are no text, that hold every byte, that end in zeros", [
    { n: 1, name: "EVERY_BYTE", value: Uint8Array.from({ length: 256 }, (_, i) => i) },
    { n: 2, name: "ZEROS", value: new Uint8Array(100) },
    { n: 3, name: "NOT_UTF8", value: Uint8Array.of(0xff, 0xfe, 0xc0, 0x80) },
    { n: 4, name: "LINES", value: "-----BEGIN MADE UP-----\r\nline\n\n-----END MADE UP-----\n" },
    { n: 5, name: "UNICODE", value: "p\u00e4ssw\u00f6rd \u{1f511}" },
  ]),
  plan("records_100", "100 records, whose index fills several blocks", [
    ...Array.from({ length: 100 }, (_, n) => ({ n, name: `SECRET_${n}`, value: `made-up value ${n}` })),
  ]),
];
