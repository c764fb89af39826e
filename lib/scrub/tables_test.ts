import assert from "node:assert/strict";
import { Secret } from "../secret.ts";
import { scrubBytes } from "./stream.ts";
import { buildTables } from "./tables.ts";

function scrub(values: Record<string, string>, text: string): string {
  const secrets = Object.entries(values).map(([name, value]) => new Secret(name, new TextEncoder().encode(value)));
  return new TextDecoder().decode(scrubBytes(buildTables(secrets), new TextEncoder().encode(text)).output);
}

/** Two hundred characters without structure of their own. */
const BODY = Array.from({ length: 200 }, (_, i) => "Aq7Zw9Xe3Rc5Tv1Yb8Un"[(i * i + 3 * i) % 20]).join("");
const PEM = `-----BEGIN TEST KEY-----\n${BODY.match(/.{1,64}/g)?.join("\n")}\n-----END TEST KEY-----\n`;

Deno.test("a URL's password and long query value are values of their own", () => {
  const url = "postgres://app:Zk8v%2FQ2mX9rT@db.internal:5432/app?sslcert=Hq4Zr7Lk2Pv6Xn1Tb8Yd&x=1";
  assert.equal(scrub({ DB: url }, `url=${url}`), "url=[REDACTED:DB]");
  assert.equal(scrub({ DB: url }, "pw Zk8v%2FQ2mX9rT"), "pw [REDACTED:DB]");
  assert.equal(scrub({ DB: url }, "pw Zk8v/Q2mX9rT"), "pw [REDACTED:DB]");
  assert.equal(scrub({ DB: url }, "cert Hq4Zr7Lk2Pv6Xn1Tb8Yd"), "cert [REDACTED:DB]");
  assert.equal(scrub({ DB: url }, "host db.internal:5432/app user app x=1"), "host db.internal:5432/app user app x=1");
});

Deno.test("a URL's weak password is not looked for", () => {
  assert.equal(scrub({ DB: "redis://u:password@cache.internal:6379" }, "password"), "password");
});

Deno.test("a PEM is found wrapped otherwise, unwrapped, as its body alone, with CRLF, and in JSON", () => {
  for (
    const text of [
      PEM,
      PEM.replaceAll("\n", "\r\n"),
      PEM.replaceAll("\n", ""),
      BODY,
      BODY.match(/.{1,50}/g)?.join("\n") ?? "",
    ]
  ) {
    assert.match(scrub({ KEY: PEM }, text), /^\[REDACTED:KEY\][\r\n]*$/);
  }
  assert.match(scrub({ KEY: PEM }, JSON.stringify(PEM)), /^"\[REDACTED:KEY\](\\n)?"$/);
  assert.match(scrub({ KEY: PEM }, JSON.stringify(PEM.replaceAll("\n", "\r\n"))), /^"\[REDACTED:KEY\](\\r\\n)?"$/);
  assert.match(scrub({ KEY: PEM.replaceAll("\n", "\\n") }, PEM), /REDACTED:KEY/);
});

Deno.test("a PEM's header, footer and single lines are no values", () => {
  for (const line of PEM.split("\n")) assert.equal(scrub({ KEY: PEM }, line + "\n"), line + "\n");
});

Deno.test("the secret strings of a JSON document are values of their own, its public ones are not", () => {
  const json = JSON.stringify({
    type: "service_account",
    client_email: "robot@project.iam.example.com",
    token_uri: "https://oauth2.example.com/token",
    private_key: PEM,
    client_secret: "Hq4Zr7Lk2Pv6Xn1Tb8Yd",
  });
  assert.equal(scrub({ SA: json }, "Hq4Zr7Lk2Pv6Xn1Tb8Yd"), "[REDACTED:SA]");
  assert.match(scrub({ SA: json }, PEM), /^\[REDACTED:SA\]\n+$/);
  for (const text of ["robot@project.iam.example.com", "https://oauth2.example.com/token"]) {
    assert.equal(scrub({ SA: json }, text), text);
  }
});

Deno.test("a short value is found only where it stands alone", () => {
  const values = { PIN: "k7Qw" };
  for (const text of ["k7Qw", "pin=k7Qw;", '{"pin":"k7Qw"}', "https://h/?pin=k7Qw&x", "a k7Qw\n", "\nk7Qw\r\n"]) {
    assert.equal(scrub(values, text), text.replace("k7Qw", "[REDACTED:PIN]"), text);
  }
  for (const text of ["xk7Qw", "k7Qwx", "_k7Qw", "k7Qw_1", "K7QW", "k7\nQw", "azdRdw==", "6b375177"]) {
    assert.equal(scrub(values, text), text, text);
  }
});

Deno.test("a short value is found as JSON and URL spell it", () => {
  assert.equal(scrub({ PIN: 'a"9/' }, 'x {"p":"a\\"9/"} a%229%2F z'), 'x {"p":"[REDACTED:PIN]"} [REDACTED:PIN] z');
});

Deno.test("a value that is weak beyond repair is never replaced", () => {
  for (const value of ["1234", "true", "password", "localhost", "e", "configuration"]) {
    const text = `${value} ${JSON.stringify(value)} ${btoa(value)}`;
    assert.equal(scrub({ WEAK: value }, text), text);
  }
  assert.equal(buildTables([new Secret("WEAK", new TextEncoder().encode("1234"))]).secrets, 0);
});

Deno.test("of two values, one the beginning of the other, the longer gives its name", () => {
  const values = { SHORT: "Hq4Zr7Lk2Pv6", LONG: "Hq4Zr7Lk2Pv6Xn1Tb8Yd" };
  assert.equal(scrub(values, "Hq4Zr7Lk2Pv6Xn1Tb8Yd Hq4Zr7Lk2Pv6!"), "[REDACTED:LONG] [REDACTED:SHORT]!");
  assert.equal(scrub(values, "Hq4Zr7Lk2Pv6Xn1Tb8Y"), "[REDACTED:SHORT]Xn1Tb8Y");
});

Deno.test("overlapping values leave nothing of either", () => {
  const values = { A: "Hq4Zr7Lk2Pv6", B: "Lk2Pv6Xn1Tb8" };
  assert.equal(scrub(values, "Hq4Zr7Lk2Pv6Xn1Tb8"), "[REDACTED:A]");
});

Deno.test("equal values are shown under the first name", () => {
  assert.equal(scrub({ A: "Hq4Zr7Lk2Pv6", B: "Hq4Zr7Lk2Pv6\n" }, "Hq4Zr7Lk2Pv6"), "[REDACTED:A]");
});

Deno.test("buildTables refuses a wiped secret", () => {
  const secret = new Secret("A", new Uint8Array(12));
  secret.wipe();
  assert.throws(() => buildTables([secret]), /wiped/);
});

Deno.test("no secrets: everything passes", () => {
  assert.equal(scrub({}, "anything \x1b[31m at all\n"), "anything \x1b[31m at all\n");
});
