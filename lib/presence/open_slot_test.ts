import assert from "node:assert/strict";
import { utf8 } from "../bytes.ts";
import { queryAudit } from "../audit/query.ts";
import { openVault, TEST_PASSPHRASE } from "../../tests/kit/open_vault.ts";
import { newRecoveryCode } from "../vault/slots.ts";
import { closeSlot, largeMemoryMib, openSlot } from "./open_slot.ts";

Deno.test("a passphrase is wiped once it was tried, right or wrong", async () => {
  using v = await openVault();
  const [right, wrong] = [utf8(TEST_PASSPHRASE), utf8("wrong passphrase")];
  const slot = await openSlot(v.homes, { kind: "passphrase", passphrase: right, source: "prompt" });
  await assert.rejects(openSlot(v.homes, { kind: "passphrase", passphrase: wrong, source: "prompt" }), {
    code: "presence_failed",
  });
  for (const bytes of [right, wrong]) assert.deepEqual(bytes, new Uint8Array(bytes.length));
  closeSlot(slot);
  assert.deepEqual(slot.dataKey, new Uint8Array(32));
  assert.throws(() => slot.keys.admin, /wiped/);
});

Deno.test("each wrong passphrase or code leaves a line in the log, and a right one leaves none", async () => {
  const { code, bits } = newRecoveryCode();
  using v = await openVault({}, bits);
  const failures = () => queryAudit(v.homes.audit, { event: "presence", code: "presence_failed" }).length;
  await openSlot(v.homes, { kind: "recovery", code, source: "prompt" });
  assert.equal(failures(), 0);
  const wrong = () => openSlot(v.homes, { kind: "passphrase", passphrase: utf8("wrong"), source: "pipe" });
  await assert.rejects(wrong, { code: "presence_failed" });
  assert.equal(failures(), 1);
  const other = newRecoveryCode().code;
  await assert.rejects(openSlot(v.homes, { kind: "recovery", code: other, source: "pipe" }), {
    code: "presence_failed",
  });
  assert.equal(failures(), 2);
  // A log that cannot be written makes no guess right.
  Deno.removeSync(v.homes.audit, { recursive: true });
  Deno.writeTextFileSync(v.homes.audit, "");
  await assert.rejects(wrong, { code: "presence_failed" });
});

Deno.test("a usual derivation needs no question", async () => {
  using v = await openVault();
  assert.equal(await largeMemoryMib(v.homes.vault), null);
});
