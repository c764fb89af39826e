import assert from "node:assert/strict";
import { fc } from "../../tests/kit/seed.ts";
import { emptyGrant, type Grant } from "./grant.ts";
import { validateGrant } from "./validate.ts";

const FULL: Grant = {
  destinations: [{ host: "api.x.com", suffix: false, port: 8443, methods: ["GET"], paths: ["/v1"] }],
  positions: [{ kind: "header", name: "X-Api-Key", max: 1 }, { kind: "basic", name: null, max: 1 }],
  modes: ["sealed", "env", "file"],
  agents: ["claude-code"],
  projects: ["/home/u/project", "/", "C:\\work\\x"],
  confirm: "session",
  expires: 1_800_000_000_000,
};

Deno.test("a sound grant is read as it is, into a fresh object", () => {
  for (const grant of [FULL, emptyGrant()]) {
    const read = validateGrant(grant);
    assert.deepEqual(read, grant);
    assert.notEqual(read.modes, grant.modes);
  }
  assert.deepEqual(validateGrant(JSON.parse(JSON.stringify(FULL))), FULL);
});

Deno.test("one fault each, each refused", () => {
  const d = { host: "api.x.com", suffix: false, port: null, methods: [], paths: [] };
  const p = { kind: "header", name: "A", max: 1 };
  const many = <T>(n: number, item: (i: number) => T) => Array.from({ length: n }, (_, i) => item(i));
  const faults: Record<string, unknown> = {
    "not a map": [],
    null: null,
    text: "grant",
    "missing key": { ...FULL, expires: undefined, agents: undefined },
    "extra key": { ...FULL, value: "x" },
    "proto key": JSON.parse(JSON.stringify(FULL).replace('"confirm"', '"__proto__"')),
    "too many destinations": { ...FULL, destinations: many(65, () => d) },
    "destination key": { ...FULL, destinations: [{ ...d, scheme: "http" }] },
    "destination without suffix": { ...FULL, destinations: [{ host: "a.b", port: null, methods: [], paths: [] }] },
    "upper-case host": { ...FULL, destinations: [{ ...d, host: "API.x.com" }] },
    "host with brackets": { ...FULL, destinations: [{ ...d, host: "[::1]" }] },
    "address as suffix": { ...FULL, destinations: [{ ...d, host: "127.0.0.1", suffix: true }] },
    "port 0": { ...FULL, destinations: [{ ...d, port: 0 }] },
    "port text": { ...FULL, destinations: [{ ...d, port: "443" }] },
    "port fraction": { ...FULL, destinations: [{ ...d, port: 1.5 }] },
    "lower-case method": { ...FULL, destinations: [{ ...d, methods: ["get"] }] },
    "method TRACE": { ...FULL, destinations: [{ ...d, methods: ["TRACE"] }] },
    "method not text": { ...FULL, destinations: [{ ...d, methods: [["GET"]] }] },
    "relative path": { ...FULL, destinations: [{ ...d, paths: ["v1"] }] },
    "path of another kind": { ...FULL, destinations: [{ ...d, paths: [1] }] },
    "position kind": { ...FULL, positions: [{ ...p, kind: "cookie" }] },
    "position kind of Object": { ...FULL, positions: [{ ...p, kind: "constructor" }] },
    "header without name": { ...FULL, positions: [{ ...p, name: null }] },
    "header with colon": { ...FULL, positions: [{ ...p, name: "A: b" }] },
    "header with colon alone": { ...FULL, positions: [{ ...p, name: "A:b" }] },
    "header with quotes": { ...FULL, positions: [{ ...p, name: 'A"b' }] },
    "header with newline": { ...FULL, positions: [{ ...p, name: "A\n" }] },
    "basic with name": { ...FULL, positions: [{ ...p, kind: "basic" }] },
    "zero occurrences": { ...FULL, positions: [{ ...p, max: 0 }] },
    "too many occurrences": { ...FULL, positions: [{ ...p, max: 17 }] },
    "too many positions": { ...FULL, positions: many(33, () => p) },
    "unknown mode": { ...FULL, modes: ["clipboard"] },
    "mode twice": { ...FULL, modes: ["env", "env"] },
    "agent with space": { ...FULL, agents: ["claude code"] },
    "agent twice": { ...FULL, agents: ["a", "a"] },
    "too many agents": { ...FULL, agents: many(33, (i) => `a${i}`) },
    "relative project": { ...FULL, projects: ["project"] },
    "project with dots": { ...FULL, projects: ["/home/../etc"] },
    "project with slash at end": { ...FULL, projects: ["/home/"] },
    "project with newline": { ...FULL, projects: ["/home\n"] },
    "project with lone surrogate": { ...FULL, projects: ["/\ud800"] },
    "too many projects": { ...FULL, projects: many(65, (i) => `/p${i}`) },
    "list that is a map": { ...FULL, projects: { length: 0 } },
    "sparse list": { ...FULL, agents: new Array(3) },
    "unknown confirmation": { ...FULL, confirm: "always" },
    "expiry as text": { ...FULL, expires: "2030-01-01" },
    "expiry zero": { ...FULL, expires: 0 },
    "expiry NaN": { ...FULL, expires: NaN },
    "expiry infinite": { ...FULL, expires: Infinity },
    "expiry past any date": { ...FULL, expires: 9e15 },
  };
  for (const [name, grant] of Object.entries(faults)) {
    assert.throws(() => validateGrant(grant), (error: unknown) => {
      return error instanceof TypeError && /^Cannot read grant field "[a-z]+": /.test(error.message);
    }, name);
  }
});

Deno.test("anything at all is read or refused by TypeError, and what is read reads back", () => {
  const anything = fc.anything({ withNullPrototype: true, withBigInt: true });
  const near = fc.record(
    Object.fromEntries(Object.entries(FULL).map(([key, value]) => [key, fc.oneof(fc.constant(value), anything)])),
  );
  fc.assert(
    fc.property(fc.oneof(anything, near), (unknown) => {
      try {
        const grant = validateGrant(unknown);
        assert.deepEqual(validateGrant(grant), grant);
      } catch (error) {
        assert.ok(error instanceof TypeError && error.message.startsWith("Cannot read grant field"), String(error));
      }
    }),
    { numRuns: 500 },
  );
});
