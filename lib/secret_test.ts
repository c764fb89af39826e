import assert from "node:assert/strict";
import { format, inspect } from "node:util";
import { utf8 } from "./bytes.ts";
import { markerOf, Secret } from "./secret.ts";

const CANARY = "made-up-canary-5kT9wQ2z";
const MARKER = "[REDACTED:TOKEN]";
const secret = () => new Secret("TOKEN", utf8(CANARY));

Deno.test("a secret is its marker wherever it becomes text, and in no way its value", () => {
  const shown = [
    String(secret()),
    `${secret()}`,
    secret() + "",
    secret().toString(),
    JSON.stringify(secret()),
    JSON.stringify({ deep: [{ of: secret() }] }),
    Deno.inspect(secret()),
    Deno.inspect({ deep: [secret()] }, { depth: 9, showHidden: true }),
    inspect(secret(), { showHidden: true }),
    inspect(new Map([["x", secret()]])),
    format("%s %o %j %O", secret(), secret(), secret(), secret()),
    new Error(`Cannot use ${secret()}`).message,
    Object.entries(secret()).join(),
    JSON.stringify(Object.getOwnPropertyDescriptors(secret())),
  ];
  const bytes = utf8(CANARY).join();
  for (const text of shown) {
    assert.ok(!text.includes(CANARY) && !text.includes("canary") && !text.includes(bytes), text);
  }
  for (const text of shown.slice(0, 11)) assert.ok(text.includes(MARKER), text);
  assert.equal(markerOf("TOKEN"), MARKER);
});

Deno.test("a secret that was copied by structure leaves its value behind", () => {
  const copy = structuredClone({ ...secret() });
  assert.deepEqual(copy, { name: "TOKEN" });
});

Deno.test("a secret gives its very bytes, and after a wipe they are gone for everyone", () => {
  const bytes = utf8(CANARY);
  const one = new Secret("TOKEN", bytes);
  assert.equal(one.reveal(), bytes);
  one.wipe();
  assert.deepEqual(bytes, new Uint8Array(bytes.length));
  assert.throws(() => one.reveal(), (error: unknown) => {
    return error instanceof Error && error.message.includes("TOKEN") && !error.message.includes("canary");
  });
  one.wipe();
});
