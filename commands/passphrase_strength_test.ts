import assert from "node:assert/strict";
import { estimateBits, passphraseFault, passphraseStrength } from "./passphrase_strength.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a hopeless passphrase is refused with the reason", () => {
  assert.match(passphraseFault(bytes("seven77")) ?? "", /fewer than 8 characters/);
  assert.match(passphraseFault(bytes("ääääää")) ?? "", /fewer than 8/, "characters, not bytes");
  assert.match(passphraseFault(bytes("Password123")) ?? "", /first that anyone tries/);
  assert.match(passphraseFault(bytes("abababababab")) ?? "", /repeats/);
  assert.equal(passphraseFault(bytes("plum tractor sing")), null);
});

Deno.test("more words, more kinds of characters and less pattern count for more", () => {
  const bits = (text: string) => estimateBits([...text]);
  assert.ok(bits("plum tractor sing oval") > bits("plum tractor"));
  assert.ok(bits("x7#Kq!z2Lp") > bits("xkqzlpwmtr"));
  assert.ok(bits("abcdefghij") < bits("qjzmxkrwtp"));
  assert.match(passphraseStrength(bytes("plumtree")), /^weak/);
  assert.match(passphraseStrength(bytes("plum tractor sing oval moth")), /^good/);
});
