import assert from "node:assert/strict";
import { fc } from "../../tests/kit/seed.ts";
import { destinationCovers, parseDestination, showDestination } from "./destination.ts";
import type { Destination } from "./grant.ts";

const plain = { suffix: false, port: null, methods: [], paths: [] };

Deno.test("what people write", () => {
  const cases: Record<string, Destination> = {
    "api.github.com": { ...plain, host: "api.github.com" },
    "api.github.com:8443": { ...plain, host: "api.github.com", port: 8443 },
    "api.github.com:443": { ...plain, host: "api.github.com" },
    ".example.com": { ...plain, host: "example.com", suffix: true },
    "https://api.x.com/v1": { ...plain, host: "api.x.com", paths: ["/v1"] },
    "https://api.x.com/": { ...plain, host: "api.x.com" },
    "127.0.0.1:9000": { ...plain, host: "127.0.0.1", port: 9000 },
    "localhost:3000": { ...plain, host: "localhost", port: 3000 },
    "[::1]:9000": { ...plain, host: "::1", port: 9000 },
    "[2001:db8::1]": { ...plain, host: "2001:db8::1" },
    "GET,HEAD api.x.com/v1 /v2/": { ...plain, host: "api.x.com", methods: ["GET", "HEAD"], paths: ["/v1", "/v2/"] },
    "a-b.c1.co": { ...plain, host: "a-b.c1.co" },
  };
  for (const [text, expected] of Object.entries(cases)) assert.deepEqual(parseDestination(text), expected, text);
});

Deno.test("what is refused rather than repaired", () => {
  const cases = [
    "",
    " ",
    ".",
    "..",
    ".com",
    "api..com",
    "github.com.",
    "GitHub.com",
    "user@github.com",
    "https://user:pw@github.com",
    "github.com%2e",
    "github%2ecom",
    "github.com\0.evil.com",
    "github.com\n",
    "github.com\t",
    " github.com",
    "github.com ",
    "github_x.com",
    "-a.com",
    "a-.com",
    "*.github.com",
    "gıthub.com",
    "ｇithub.com",
    "xn--gthub-3ya.com",
    "api.xn--p1ai",
    "http://api.x.com",
    "ftp://api.x.com",
    "HTTPS://api.x.com",
    "//api.x.com",
    "api.x.com?x=1",
    "api.x.com/v1?x=1",
    "api.x.com/v1#x",
    "api.x.com/../v1",
    "api.x.com/v1/./x",
    "api.x.com/%2e%2e/v1",
    "api.x.com//v1",
    "api.x.com/v1 v2",
    "api.x.com/v1\\x",
    "api.x.com:",
    "api.x.com:0",
    "api.x.com:080",
    "api.x.com:65536",
    "api.x.com:-1",
    "api.x.com:1e3",
    "api.x.com:80:80",
    "127.1",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "127.0.0.01",
    "2130706433",
    "0x7f000001",
    "1.2.3.256",
    "1.2.3.4.5",
    "a.0x",
    ".127.0.0.1",
    ".[::1]",
    "::1",
    "[::1",
    "[::1%eth0]",
    "[::1%25eth0]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:0:0:1]",
    "[::1]x",
    "[::A]",
    "[1.2.3.4]",
    "[]",
    "TRACE api.x.com",
    "GET,CONNECT api.x.com",
    "GET, api.x.com",
    "get api.x.com",
    `${"a".repeat(64)}.com`,
    `${"a.".repeat(127)}com`,
    `api.x.com/${"p".repeat(1100)}`,
    `api.x.com${" /p".repeat(70)}`,
    "x".repeat(9000),
  ];
  for (const text of cases) {
    assert.throws(() => parseDestination(text), (error: unknown) => {
      return error instanceof TypeError && /^Cannot read destination "[\x20-\x7e\u0080-\uffff]*": /.test(error.message);
    }, JSON.stringify(text));
  }
});

Deno.test("a refusal cannot steer a terminal", () => {
  assert.throws(() => parseDestination("\x1b]0;x\x07\u202e"), (error: unknown) => {
    return error instanceof TypeError && !/[\p{Cc}\p{Cf}]/u.test(error.message);
  });
});

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/).filter((text) => !text.startsWith("xn--"));
const name = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join("."));
const path = fc.array(fc.stringMatching(/^[a-zA-Z0-9_~$:@=-]{1,8}$/), { minLength: 1, maxLength: 3 })
  .map((parts) => `/${parts.join("/")}`);

Deno.test("showing and reading are inverse", () => {
  const destination = fc.record({
    host: fc.oneof(name, fc.ipV4(), fc.constantFrom("::1", "fe80::1", "2001:db8::8:800:200c:417a")),
    suffix: fc.boolean(),
    port: fc.option(fc.integer({ min: 1, max: 65535 }).filter((port) => port !== 443)),
    methods: fc.uniqueArray(fc.constantFrom("GET", "POST", "PATCH"), { maxLength: 3 }),
    paths: fc.array(path, { maxLength: 3 }),
  }).map((d) => ({ ...d, suffix: d.suffix && /[a-z]/.test(d.host) && !d.host.includes(":") }));
  fc.assert(fc.property(destination, (d) => assert.deepEqual(parseDestination(showDestination(d)), d)));
});

Deno.test("whatever is read is canonical", () => {
  const piece = fc.constantFrom(
    "a",
    "api.x.com",
    ".",
    ":",
    "8443",
    "/",
    "[",
    "]",
    "%2e",
    "@",
    "::1",
    "A",
    " ",
    "\0",
    "é",
    "1",
  );
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.array(piece).map((pieces) => pieces.join(""))), (text) => {
      let read: Destination;
      try {
        read = parseDestination(text);
      } catch (error) {
        assert.ok(error instanceof TypeError);
        return;
      }
      assert.match(read.host, /^[a-z0-9.:-]+$/);
      assert.deepEqual(parseDestination(showDestination(read)), read);
      const bracketed = read.host.includes(":") ? `[${read.host}]` : read.host;
      assert.equal(new URL(`https://${bracketed}/`).hostname, bracketed, "the platform reads the same host");
    }),
    { numRuns: 2000 },
  );
});

const to = (host: string, rest: Partial<{ port: number; method: string; path: string }> = {}) => {
  return { host, port: 443, method: "GET", path: "/", ...rest };
};

Deno.test("a suffix covers what lies below it and nothing that looks like it", () => {
  const d = parseDestination(".github.com");
  for (const host of ["api.github.com", "a.b.github.com"]) assert.ok(destinationCovers(d, to(host)), host);
  const others = [
    "github.com",
    "evilgithub.com",
    "github.com.evil.com",
    "api.github.com.",
    "API.github.com",
    "api.github.com\0",
    "x@api.github.com",
    "api%2egithub.com",
    ".github.com",
    "..github.com",
    "xn--80ak6aa92e.github.com",
    "",
  ];
  for (const host of others) assert.equal(destinationCovers(d, to(host)), false, JSON.stringify(host));
  fc.assert(
    fc.property(fc.oneof(name, fc.string()), (host) => {
      const below = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+github\.com$/.test(host);
      assert.equal(destinationCovers(d, to(host)) && !below, false);
      assert.equal(destinationCovers(parseDestination("github.com"), to(host)), host === "github.com");
      assert.equal(destinationCovers(d, to(`${host}github.com`)) && !host.endsWith("."), false);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("port, method and path limit", () => {
  const d = parseDestination("GET,POST api.x.com:8443/v1 /w/");
  const ok = (rest: Parameters<typeof to>[1]) =>
    destinationCovers(d, to("api.x.com", { port: 8443, path: "/v1", ...rest }));
  assert.ok(ok({}) && ok({ path: "/v1/x" }) && ok({ path: "/w/x" }) && ok({ method: "POST" }) && ok({ path: "/w/" }));
  for (
    const path of [
      "/",
      "/v10",
      "/v",
      "/w",
      "/x",
      "v1",
      "",
      "/v1/../x",
      "/v1/%2e%2e/x",
      "/v1/..",
      "/v1%2fx",
      "/v1/\\..\\x",
      "/v1/%5C",
      "/v1/.",
    ]
  ) {
    assert.equal(ok({ path }), false, path);
  }
  for (const method of ["PUT", "get", "", "TRACE"]) assert.equal(ok({ method }), false, method);
  for (const port of [443, 0, 8444]) assert.equal(ok({ port }), false, String(port));
  const any = parseDestination("api.x.com");
  assert.ok(destinationCovers(any, to("api.x.com", { method: "DELETE", path: "/anything/%2e" })));
  for (const method of ["TRACE", "trace", "CONNECT"]) {
    assert.equal(destinationCovers(any, to("api.x.com", { method })), false);
  }
});

Deno.test("a host is compared whole, and without a port it is 443 and no other", () => {
  const host = parseDestination("github.com");
  for (const other of ["github.com.evil.com", "github.co", "agithub.com", "github.community"]) {
    assert.equal(destinationCovers(host, to(other)), false, other);
  }
  for (const port of [80, 8443, 444, 0]) assert.equal(destinationCovers(host, to("github.com", { port })), false);
  assert.ok(destinationCovers(host, to("github.com")));
});
