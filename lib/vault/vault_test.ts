import assert from "node:assert/strict";
import { utf8 } from "../bytes.ts";
import { Secret } from "../secret.ts";
import { openVault, put, recordOf, TEST_ONLY_CHEAP_KDF, TEST_PASSPHRASE, textOf } from "../../tests/kit/open_vault.ts";
import { type Edit, Vault } from "./vault.ts";

const GRANT = {
  destinations: [{ host: "api.example.com", suffix: true, port: 8443, methods: ["GET"], paths: ["/v1"] }],
  positions: [{ kind: "header" as const, name: "Authorization", max: 2 }],
  modes: ["env" as const, "sealed" as const],
  agents: ["claude-code"],
  projects: ["/home/me/project"],
  confirm: "session" as const,
  expires: 1_900_000_000_000,
};

Deno.test("everything about a secret survives saving and opening, the whole grant included", async () => {
  using v = await openVault();
  const before = Date.now();
  const full = {
    kind: "key",
    tags: ["a", "ü"],
    description: "what for",
    provider: "example",
    grant: GRANT,
    weak: true,
  };
  await v.vault.change([put("FULL", "first", full), put("PLAIN", "")]);
  const found = (await v.again()).find("FULL") ?? assert.fail();
  const { created, updated, ...rest } = found;
  assert.deepEqual(rest, { name: "FULL", ...full, rev: 1 });
  assert.ok(created >= before && created <= Date.now() && updated === created);
  assert.deepEqual((await v.again()).list().map((s) => s.name), ["FULL", "PLAIN"]);
  assert.equal(textOf(await v.again(), "PLAIN"), "");
});

Deno.test("a changed value raises the revision, changed metadata does not", async () => {
  using v = await openVault({ A: "one" });
  await v.vault.change([put("A", null, { description: "new" })]);
  assert.equal(v.vault.find("A")?.rev, 1);
  assert.equal(textOf(v.vault, "A"), "one");
  await v.vault.change([put("A", "two")]);
  const again = await v.again();
  assert.equal(again.find("A")?.rev, 2);
  assert.equal(textOf(again, "A"), "two");
  assert.equal(again.find("A")?.created, v.vault.find("A")?.created);
});

Deno.test("edits are saved together or not at all", async () => {
  using v = await openVault({ A: "one" });
  const generation = v.vault.generation;
  const bad: [Edit[], object][] = [
    [[put("B", "two"), { op: "remove", name: "MISSING" }], { fault: "MISSING" }],
    [[put("B", "two"), put("C", null)], { fault: "MISSING" }],
    [[put("B", "two"), put("lower", "x")], TypeError],
    [[put("B", "two"), put("C", "x", { kind: ".internal" })], TypeError],
    [[put("B", "two"), put("C", "x", { kind: "k".repeat(33) })], TypeError],
    [[put("B", "two"), put("C", "x", { description: "\ud800" })], TypeError],
    [[{ op: "put", record: recordOf("B"), value: new Secret("B", new Uint8Array(1024 * 1024 + 1)) }], {
      fault: "TOO_LARGE",
    }],
  ];
  for (const [edits, error] of bad) await assert.rejects(v.vault.change(edits), error);
  const again = await v.again();
  assert.deepEqual(again.list().map((s) => s.name), ["A"]);
  assert.equal(again.generation, generation);
});

Deno.test("values of every padding class come back, up to 1 MiB", async () => {
  using v = await openVault();
  const sizes = [0, 1, 251, 252, 253, 508, 509, 1020, 4092, 4093, 8188, 1024 * 1024];
  const edits = sizes.map((n): Edit => {
    const value = new Uint8Array(n).map((_, i) => i * 31 + n);
    return { op: "put", record: recordOf(`S_${n}`), value: new Secret(`S_${n}`, value) };
  });
  await v.vault.change(edits);
  const again = await v.again();
  for (const n of sizes) {
    const value = again.read(`S_${n}`).reveal();
    assert.equal(value.length, n);
    assert.ok(value.every((b, i) => b === (i * 31 + n & 255)));
  }
});

Deno.test("internal records are never listed, found or read as secrets", async () => {
  using v = await openVault({ CA: "the secret of that name" });
  await v.vault.change([{ op: "put_internal", name: "CA", value: utf8("internal") }]);
  const again = await v.again();
  assert.deepEqual(again.list().map((s) => s.name), ["CA"]);
  assert.equal(textOf(again, "CA"), "the secret of that name");
  assert.deepEqual(again.internal("CA"), utf8("internal"));
  assert.equal(again.internal("NONE"), undefined);
  assert.throws(() => again.read(".CA"), { fault: "MISSING" });
  assert.equal(again.find(".CA"), undefined);
  await assert.rejects(again.change([{ op: "remove", name: ".CA" }]), { fault: "MISSING" });
});

Deno.test("opening a vault opens no value: each is opened only when it is read", async () => {
  using v = await openVault({ A: "one", B: "two" });
  const file = Deno.readFileSync(v.homes.vault);
  // Both blobs stand before the chain MAC; with a spoilt record key nothing could have been opened.
  const again = await v.again();
  const opened: string[] = [];
  const keys = v.keys();
  const record = keys.record.bind(keys);
  Object.defineProperty(keys, "record", {
    value: (id: Uint8Array, rev: number) => (opened.push("x"), record(id, rev)),
  });
  const watched = await Vault.open(v.homes, keys);
  assert.equal(watched.list().length, 2);
  assert.equal(opened.length, 0);
  watched.read("A");
  assert.equal(opened.length, 1);
  assert.equal(again.list().length, 2);
  assert.ok(file.length > 0);
});

Deno.test("after remove or replace the live file no longer holds the old sealed value, and the backups are told", async () => {
  using v = await openVault({ OLD: "old", KEEP: "kept" });
  const blobs = blobsIn(Deno.readFileSync(v.homes.vault));
  const replaced = await v.vault.change([put("OLD", "new")]);
  assert.ok(replaced.backupsWithOldValues > 0);
  assert.match(replaced.notes.join(), /backups: \d+ earlier copies/);
  const after = blobsIn(Deno.readFileSync(v.homes.vault));
  assert.equal(blobs.filter((b) => after.includes(b)).length, 1, "only the kept blob is carried over");
  assert.equal((await v.vault.change([put("OLD", null, { description: "x" })])).backupsWithOldValues, 0);
  await v.vault.change([{ op: "remove", name: "OLD" }]);
  assert.equal(blobsIn(Deno.readFileSync(v.homes.vault)).length, 1);
  assert.equal((await v.vault.change([put("MORE", "x")])).backupsWithOldValues, 0);
});

/** The 296-byte blobs of a one-checkpoint file, as text to compare. */
function blobsIn(file: Uint8Array): string[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const frameAt = 64 + view.getUint32(20);
  const at = frameAt + 48 + view.getUint32(frameAt + 20);
  const area = file.subarray(at, at + view.getUint32(frameAt + 16));
  return Array.from({ length: area.length / 296 }, (_, i) => area.subarray(i * 296, (i + 1) * 296).join());
}

Deno.test("nothing about a secret is readable in the file", async () => {
  using v = await openVault();
  await v.vault.change([put("VISIBLE_NAME", "plain value 123", { tags: ["plaintag"], description: "plain words" })]);
  const text = new TextDecoder("latin1").decode(Deno.readFileSync(v.homes.vault));
  for (const word of ["VISIBLE", "plain", "token"]) assert.ok(!text.includes(word));
  assert.ok(text.includes("ASV"));
});

Deno.test("metadata that was handed out cannot change the vault", async () => {
  using v = await openVault();
  await v.vault.change([put("A", "x", { tags: ["t"], grant: GRANT }), put("PLAIN", "x")]);
  const found = v.vault.find("A") ?? assert.fail();
  assert.throws(() => (found.grant.modes as string[]).push("file"), TypeError);
  assert.throws(() => Object.assign(found, { name: "B" }), TypeError);
  assert.throws(() => Object.assign(found.grant, { modes: [], expires: null }), TypeError);
  assert.throws(() => Object.assign(v.vault.find("PLAIN")?.grant ?? {}, { modes: ["env"] }), TypeError);
  assert.throws(() => found.grant.destinations[0]?.paths.push("/"), TypeError);
});

Deno.test("a vault is never created over anything", async () => {
  using v = await openVault();
  const options = { passphrase: utf8(TEST_PASSPHRASE), kdf: TEST_ONLY_CHEAP_KDF };
  await assert.rejects(Vault.create(v.homes, options), { fault: "EXISTS" });
  const bytes = Deno.readFileSync(v.homes.vault);
  Deno.renameSync(v.homes.vault, `${v.homes.vault}.moved`);
  Deno.symlinkSync("/nowhere", v.homes.vault);
  await assert.rejects(Vault.create(v.homes, options), { fault: "EXISTS" });
  assert.deepEqual(Deno.readFileSync(`${v.homes.vault}.moved`), bytes);
});

Deno.test("a closed vault holds no key", async () => {
  using v = await openVault({ A: "one" });
  const keys = v.keys();
  const vault = await Vault.open(v.homes, keys);
  const prk = keys.prk;
  vault.close();
  assert.ok(prk.every((b) => b === 0));
  assert.throws(() => vault.read("A"));
});
