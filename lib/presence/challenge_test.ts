import assert from "node:assert/strict";
import { FakeAdmin } from "../../tests/kit/fake_admin.ts";
import { tmpHome } from "../../tests/kit/tmp_home.ts";
import { fromHex, toHex } from "../bytes.ts";
import { Channel, clientProof, daemonProof, newNonce, proofMatches } from "../protocol/channel.ts";
import { encodeFrame, type Frame } from "../protocol/frame.ts";
import { KeyTree } from "../vault/key_tree.ts";
import { widen } from "./challenge.ts";
import { PresenceError } from "./presence_error.ts";

const newKeys = () => KeyTree.fromPrk(crypto.getRandomValues(new Uint8Array(32)), new Uint8Array(16));
const refused = (code: string) => (error: unknown) => error instanceof PresenceError && error.code === code;

/** The daemon's side, holding `keys`; `inner` is what it answers to a sealed request. */
function holder(keys: KeyTree, inner: object) {
  let [cn, sn]: Uint8Array[] = [];
  let channel: Channel | null = null;
  const opened: Uint8Array[] = [];
  const answering = ({ message, attachment }: Frame) => {
    switch (message["verb"]) {
      case "challenge":
        cn = fromHex(String(message["nonce"]));
        sn = newNonce();
        return { message: { ok: true, nonce: toHex(sn), proof: toHex(daemonProof(keys.admin, cn, sn)) } };
      case "prove":
        assert.ok(cn && sn && proofMatches(clientProof(keys.admin, cn, sn), fromHex(String(message["proof"]))));
        channel = new Channel(keys.admin, cn, sn, "daemon");
        return { message: { ok: true } };
      default: {
        assert.ok(channel);
        opened.push(channel.open(Number(message["counter"]), attachment));
        const { counter, sealed } = channel.seal(encodeFrame(inner));
        return { message: { ok: true, sealed: true, counter }, attachment: sealed };
      }
    }
  };
  return { answering, opened };
}

Deno.test("a daemon that does not hold the key is an impostor and is sent a nonce, nothing else", async () => {
  using home = tmpHome();
  const keys = newKeys();
  const { answering } = holder(newKeys(), { ok: true });
  await using admin = new FakeAdmin(home.homes, answering);
  const value = new TextEncoder().encode("a value that must not leave");
  await assert.rejects(widen(home.homes, keys, { verb: "reload" }, value), refused("impostor"));
  assert.deepEqual(admin.verbs, ["challenge"]);
  assert.ok(!admin.text.includes("must not leave"));
});

Deno.test("a proof that is missing, short, mirrored or not hexadecimal is an impostor's", async () => {
  const keys = newKeys();
  const replies: ((cn: string) => object)[] = [
    () => ({ ok: true }),
    () => ({ ok: true, nonce: "00", proof: "00" }),
    (cn) => ({ ok: true, nonce: cn, proof: cn }),
    () => ({ ok: true, nonce: "zz".repeat(32), proof: "zz".repeat(32) }),
    // What the client itself would prove with is no proof of the daemon's.
    (cn) => ({ ok: true, nonce: cn, proof: toHex(clientProof(keys.admin, fromHex(cn), fromHex(cn))) }),
  ];
  for (const reply of replies) {
    using home = tmpHome();
    await using _ = new FakeAdmin(home.homes, ({ message }) => ({ message: reply(String(message["nonce"])) }));
    await assert.rejects(widen(home.homes, keys, { verb: "reload" }), refused("impostor"));
  }
});

Deno.test("a request and its value cross the socket sealed, and the answer comes back", async () => {
  using home = tmpHome();
  const keys = newKeys();
  const { answering, opened } = holder(keys, { ok: true, names: ["API_KEY"], notes: [] });
  await using admin = new FakeAdmin(home.homes, answering);
  const value = "canary-in-a-sealed-request";
  const reply = await widen(home.homes, keys, { verb: "remove", names: ["API_KEY"] }, new TextEncoder().encode(value));
  assert.deepEqual(reply["names"], ["API_KEY"]);
  assert.deepEqual(admin.verbs, ["challenge", "prove", "sealed"]);
  assert.equal(opened.length, 1);
  assert.ok(new TextDecoder().decode(opened[0]).includes(value), "the holder of the key reads it");
  assert.ok(!admin.text.includes(value) && !admin.text.includes("API_KEY"));
});

Deno.test("a refusal inside the channel keeps its code, message and hint", async () => {
  using home = tmpHome();
  const keys = newKeys();
  const inner = { ok: false, code: "name_taken", message: "Cannot store: taken", hint: "another" };
  await using _ = new FakeAdmin(home.homes, holder(keys, inner).answering);
  await assert.rejects(widen(home.homes, keys, { verb: "reload" }), {
    code: "name_taken",
    message: "Cannot store: taken",
    hint: "another",
  });
});

Deno.test("a daemon that is away, hangs up or answers nonsense is unreachable", async () => {
  const keys = newKeys();
  using empty = tmpHome();
  await assert.rejects(widen(empty.homes, keys, { verb: "reload" }), refused("unreachable"));
  using hanging = tmpHome();
  await using _ = new FakeAdmin(hanging.homes, () => null);
  await assert.rejects(widen(hanging.homes, keys, { verb: "reload" }), refused("unreachable"));
  using lying = tmpHome();
  const { answering } = holder(keys, { ok: true });
  await using __ = new FakeAdmin(
    lying.homes,
    (frame) =>
      frame.message["verb"] === "sealed"
        ? { message: { ok: true, sealed: true, counter: 0 }, attachment: new Uint8Array(64) }
        : answering(frame),
  );
  await assert.rejects(widen(lying.homes, keys, { verb: "reload" }), refused("unreachable"));
});
