import assert from "node:assert/strict";
import { processorMsSync } from "../../tests/kit/fastest.ts";
import { knownTokens } from "./shapes.ts";
import { TOKEN_SHAPES } from "./token_shapes.ts";

/** Characters of `alphabet` without a pattern, the same in every run. No token stands in this file. */
function drawn(alphabet: string, length: number, seed = 1): string {
  let text = "", state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += alphabet[(state >>> 12) % alphabet.length];
  }
  return text;
}

const ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64 = ALNUM + "+/";
const base64url = (text: string) => btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const JWT = [base64url('{"alg":"HS256","typ":"JWT"}'), base64url('{"sub":"4711","iat":1}'), drawn(ALNUM, 43)].join(".");
const PEM = `-----BEGIN ${"PRIVATE"} KEY-----\n${drawn(BASE64, 64)}\n${
  drawn(BASE64, 64, 2)
}\n-----END ${"PRIVATE"} KEY-----`;
const WEBHOOK = "hooks.slack" + ".com/services/T0" + drawn("ABCDEFGHJKLMN3456789", 8) + "/B0" +
  drawn("ABCDEFGHJKLMN3456789", 8, 3) + "/" + drawn(ALNUM, 24);

for (const shape of TOKEN_SHAPES) {
  Deno.test(`knownTokens finds: ${shape.kind}`, () => {
    for (const begin of shape.begins) {
      for (const seed of [1, 2, 3]) {
        const body = shape.kind === "Slack webhook"
          ? WEBHOOK.slice(begin.length)
          : drawn(shape.alphabet, shape.least, seed);
        const token = begin + body;
        const text = `export KEY="${token}"; echo`;
        assert.deepEqual(knownTokens(text), [{ kind: shape.kind, start: 12, end: 12 + token.length }], token);
      }
    }
  });

  Deno.test(`knownTokens passes what is longer than any: ${shape.kind}`, () => {
    // A mark rather than a letter where the alphabet has one: it would end a word, and it does not end a token.
    const more = [..."-./+=%"].find((mark) => shape.alphabet.includes(mark)) ?? shape.alphabet[0];
    for (const begin of shape.begins) {
      const longest = `${begin}${drawn(shape.alphabet.replace(/[-./+=%]/g, ""), shape.most)}`;
      assert.deepEqual(knownTokens(`key=${longest}${more}`).filter(({ kind }) => kind === shape.kind), [], longest);
    }
  });

  Deno.test(`knownTokens passes placeholders and neighbours of: ${shape.kind}`, () => {
    for (const begin of shape.begins) {
      const body = drawn(shape.alphabet, shape.least);
      for (
        const text of [
          begin,
          begin + "...",
          begin + "x".repeat(shape.least),
          begin + "X".repeat(shape.least),
          begin + "0".repeat(shape.least),
          begin + "EXAMPLE" + body.slice(7),
          begin + "1234567890abcdefghijklmnopqrstuvwxyz".repeat(3).slice(0, shape.least),
          begin + "your-token-here-" + body.slice(16),
          begin + body.slice(0, Math.floor(shape.least / 2)),
          "q" + begin + body,
        ]
      ) assert.deepEqual(knownTokens(text), [], text);
    }
  });
}

Deno.test("knownTokens finds a JSON Web Token by its header, and no other dotted text", () => {
  assert.deepEqual(knownTokens(`Bearer ${JWT}\n`), [{ kind: "JSON Web Token", start: 7, end: 7 + JWT.length }]);
  const [, payload, signature] = JWT.split(".");
  for (const header of ["eyJhIjoxfQ", base64url('{"typ":"JWT"}'), base64url('{"alg":7}'), "eyJhbGciOi"]) {
    assert.deepEqual(knownTokens([header, payload, signature].join(".")), []);
  }
});

Deno.test("knownTokens finds private keys, also cut off or escaped, and no public ones", () => {
  const label = "private key";
  assert.deepEqual(knownTokens(`a\n${PEM}\nb`), [{ kind: label, start: 2, end: 2 + PEM.length }]);
  for (const text of [PEM.slice(0, 140), PEM.replaceAll("\n", "\\n"), PEM.replaceAll("PRIVATE", "OPENSSH PRIVATE")]) {
    assert.deepEqual(knownTokens(text).map((token) => token.kind), [label]);
  }
  for (const text of [PEM.replaceAll("PRIVATE", "PUBLIC"), PEM.replace(/\n.*\n.*\n/, "\n...\n"), PEM.slice(0, 40)]) {
    assert.deepEqual(knownTokens(text), []);
  }
});

Deno.test("knownTokens finds an AWS secret by the name before it", () => {
  const secret = drawn(BASE64, 40, 9);
  for (
    const text of [
      `aws_secret_access_key = ${secret}`,
      `"SecretAccessKey": "${secret}"`,
      `AWS_SECRET_ACCESS_KEY=${secret}\n`,
    ]
  ) {
    const start = text.indexOf(secret);
    assert.deepEqual(knownTokens(text), [{ kind: "AWS secret access key", start, end: start + 40 }]);
  }
  assert.deepEqual(knownTokens(`checksum = ${secret}`), []);
  assert.deepEqual(knownTokens("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY"), []);
});

Deno.test("knownTokens gives what it finds in order and without overlap", () => {
  const token = "gl" + "pat-" + drawn(ALNUM, 20);
  const text = `${PEM} ${token} ${JWT} ${token}`;
  const found = knownTokens(text);
  assert.deepEqual(found.map((t) => t.kind), ["private key", "GitLab token", "JSON Web Token", "GitLab token"]);
  found.forEach((t, i) => assert.ok(t.start >= (found[i - 1]?.end ?? 0)));
});

Deno.test("knownTokens finds nothing in this repository's own sources", async () => {
  let read = 0;
  for (const folder of ["./", "../vault/", "../shell/", "../protocol/"]) {
    const url = new URL(folder, import.meta.url);
    for await (const entry of Deno.readDir(url)) {
      if (!entry.name.endsWith(".ts")) continue;
      read++;
      assert.deepEqual(knownTokens(await Deno.readTextFile(new URL(entry.name, url))), [], entry.name);
    }
  }
  assert.ok(read > 10);
});

const MEGABYTE = 1_000_000;
const FLOODS = [
  ...TOKEN_SHAPES.flatMap(({ begins: [begin = ""] }) => [begin, begin + " ", begin + "-"]),
  "eyJ.",
  "eyJ-",
  "eyJ ",
  "eyJhbGciOiJIUzI1NiJ9.",
  "-----BEGIN ",
  "-----BEGIN " + "PRIVATE KEY-----\n",
  "-----BEGIN " + "PRIVATE KEY----- -----END ",
  "secret_access_key=",
  "secretaccesskey        ",
  "a",
  "A1",
];

Deno.test("knownTokens reads any flood in time proportional to its size", () => {
  const best = (text: string) => Math.min(...[1, 2, 3, 4, 5].map(() => processorMsSync(() => knownTokens(text))));
  for (const piece of FLOODS) {
    const quarter = piece.repeat(Math.ceil(MEGABYTE / 4 / piece.length));
    // Four times the text; a reader that goes back would take sixteen times as long.
    let [less, more] = [best(quarter), best(quarter.repeat(4))];
    for (let i = 0; i < 5 && more > 8 * less + 40; i++) [less, more] = [best(quarter), best(quarter.repeat(4))];
    assert.ok(more <= 8 * less + 40, `${JSON.stringify(piece)}: ${less.toFixed(1)} ms, then ${more.toFixed(1)} ms`);
  }
});
