import assert from "node:assert/strict";
import { utf8 } from "../bytes.ts";
import { AuthenticationError } from "../crypto/aead.ts";
import { randomBytes } from "../crypto/hash.ts";
import { Channel, clientProof, daemonProof, newNonce, proofMatches } from "./channel.ts";

const key = randomBytes(32);
const [cn, sn] = [newNonce(), newNonce()];

Deno.test("the two proofs differ, and either depends on key and both nonces", () => {
  const proof = daemonProof(key, cn, sn);
  for (
    const other of [
      clientProof(key, cn, sn),
      daemonProof(randomBytes(32), cn, sn),
      daemonProof(key, sn, cn),
      daemonProof(key, cn, newNonce()),
    ]
  ) assert.equal(proofMatches(proof, other), false);
  assert.equal(proofMatches(proof, daemonProof(key, cn, sn)), true);
  assert.equal(proofMatches(proof, proof.subarray(1)), false);
  for (const length of [0, 1, 16, 31]) assert.equal(proofMatches(proof, proof.subarray(0, length)), false);
});

Deno.test("sealed frames open on the other side, in order, once, unchanged", () => {
  const [client, daemon] = [new Channel(key, cn, sn, "client"), new Channel(key, cn, sn, "daemon")];
  const [first, second] = [client.seal(utf8("one")), client.seal(utf8("two"))];
  assert.throws(() => daemon.open(second.counter, second.sealed), RangeError);
  assert.deepEqual(daemon.open(first.counter, first.sealed), utf8("one"));
  assert.throws(() => daemon.open(first.counter, first.sealed), RangeError);
  assert.throws(() => daemon.open(1, first.sealed), AuthenticationError);
  const changed = second.sealed.slice();
  changed[30]! ^= 1;
  assert.throws(() => daemon.open(1, changed), AuthenticationError);
  assert.deepEqual(daemon.open(1, second.sealed), utf8("two"));
  // A frame sent back to its sender does not open.
  assert.throws(() => client.open(0, first.sealed), AuthenticationError);
  const back = daemon.seal(utf8("reply"));
  assert.deepEqual(client.open(back.counter, back.sealed), utf8("reply"));
});

Deno.test("another session's channel does not open a frame", () => {
  const { counter, sealed } = new Channel(key, cn, sn, "client").seal(utf8("one"));
  for (const [k, c, s] of [[key, cn, newNonce()], [key, newNonce(), sn], [randomBytes(32), cn, sn]] as const) {
    assert.throws(() => new Channel(k, c, s, "daemon").open(counter, sealed), AuthenticationError);
  }
});

Deno.test("a channel that was wiped opens and seals nothing", () => {
  const [client, daemon] = [new Channel(key, cn, sn, "client"), new Channel(key, cn, sn, "daemon")];
  const { counter, sealed } = client.seal(utf8("one"));
  daemon.wipe();
  assert.throws(() => daemon.open(counter, sealed), AuthenticationError);
  client.wipe();
  const second = client.seal(utf8("two"));
  const other = new Channel(key, cn, sn, "daemon");
  other.open(counter, sealed);
  assert.throws(() => other.open(second.counter, second.sealed), AuthenticationError);
});
