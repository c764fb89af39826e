import assert from "node:assert/strict";
import { newRecoveryCode, parseRecoveryCode, RecoveryCodeError, recoveryCodeOf } from "./recovery_code.ts";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** Group of the symbol at text position `i`, separators counted. */
const groupAt = (i: number) => Math.floor(i / 5) + 1;

Deno.test("a code reads back to its bits, in any case and spacing, with lookalikes", () => {
  for (let i = 0; i < 50; i++) {
    const { code, bits } = newRecoveryCode();
    assert.match(code, /^([0-9A-HJKMNP-TV-Z]{4}-){8}[0-9A-HJKMNP-TV-Z]{2}$/);
    assert.deepEqual(parseRecoveryCode(code), bits);
    assert.deepEqual(parseRecoveryCode(` ${code.toLowerCase().replaceAll("-", " ")}\n`), bits);
    assert.deepEqual(parseRecoveryCode(code.replaceAll("0", "o").replaceAll("1", "l").replaceAll("-", "")), bits);
  }
});

Deno.test("every single mistyped symbol is refused and its group is named", () => {
  const code = recoveryCodeOf(new Uint8Array(20).map((_, i) => i * 37));
  let tried = 0;
  for (let i = 0; i < code.length; i++) {
    for (const symbol of ALPHABET) {
      if (code[i] === "-" || code[i] === symbol) continue;
      assert.throws(
        () => parseRecoveryCode(code.slice(0, i) + symbol + code.slice(i + 1)),
        (e) => {
          assert.ok(e instanceof RecoveryCodeError && e.fault === "WRONG_SECRET");
          // The very last symbol alone cannot be told from two swapped neighbours; the message then names both.
          const named = e.group === groupAt(i) || (i === code.length - 1 && e.message.includes("the last group"));
          assert.ok(named, `position ${i}: ${e.message}`);
          return true;
        },
      );
      tried++;
    }
  }
  assert.equal(tried, 34 * 31);
});

Deno.test("every swap of unequal neighbours is refused", () => {
  let named = 0;
  for (let n = 0; n < 20; n++) {
    const flat = newRecoveryCode().code.replaceAll("-", "");
    for (let i = 0; i + 1 < flat.length; i++) {
      if (flat[i] === flat[i + 1]) continue;
      const swapped = flat.slice(0, i) + flat[i + 1] + flat[i] + flat.slice(i + 2);
      assert.throws(() => parseRecoveryCode(swapped), (e) => {
        if (e instanceof RecoveryCodeError && e.group === Math.floor(i / 4) + 1) named++;
        return e instanceof RecoveryCodeError;
      });
    }
  }
  assert.ok(named > 100);
});

Deno.test("a foreign or missing character names its group and never repeats what was typed", () => {
  const { code } = newRecoveryCode();
  assert.throws(() => parseRecoveryCode(code.slice(0, 6) + "U" + code.slice(7)), { group: 2 });
  assert.throws(() => parseRecoveryCode(code.slice(0, 10) + code.slice(11)), (e) => {
    assert.ok(e instanceof RecoveryCodeError);
    assert.equal(e.group, 3);
    assert.ok(!e.message.includes(code.slice(0, 4)));
    return true;
  });
  for (const text of ["", "-", "é".repeat(34), "A".repeat(10_000), "😀"]) {
    assert.throws(() => parseRecoveryCode(text), RecoveryCodeError);
  }
});

Deno.test("a code with symbols to spare is refused", () => {
  const { code } = newRecoveryCode();
  for (const more of ["0", "-0", "0000", code]) {
    assert.throws(() => parseRecoveryCode(code + more), /characters instead of 34/);
  }
});
