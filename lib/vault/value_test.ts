import assert from "node:assert/strict";
import { concat, u32 } from "../bytes.ts";
import { isBlobLength, unpad } from "./value.ts";

const padded = (length: number, bytes: number[], size = 16) => {
  const block = new Uint8Array(size);
  block.set(concat(u32(length), Uint8Array.from(bytes)));
  return block;
};

Deno.test("padding is zero and a length within its block, or nothing is read", () => {
  assert.deepEqual(unpad(padded(3, [1, 2, 3])), Uint8Array.of(1, 2, 3));
  assert.deepEqual(unpad(padded(12, [1, 2, 3])), Uint8Array.from([1, 2, 3, ...new Array(9).fill(0)]));
  const bad = [
    padded(2, [1, 2, 3]),
    padded(0, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    padded(13, [1, 2, 3]),
    padded(16, [1, 2, 3]),
    padded(2 ** 32 - 1, []),
    new Uint8Array(3),
    new Uint8Array(0),
  ];
  for (const block of bad) assert.throws(() => unpad(block), { fault: "CORRUPT_FRAME" }, `${block}`);
});

Deno.test("a blob has one of the few sizes that padding leaves", () => {
  const around = 24 + 16;
  const sizes = [256, 512, 1024, 2048, 4096, 8192, 12_288, 1_048_576, 1_052_672];
  for (const size of sizes) assert.ok(isBlobLength(around + size), `${size}`);
  const none = [0, 1, 128, 255, 257, 384, 768, 3072, 4095, 4097, 6144, 1_056_768];
  for (const size of none) assert.ok(!isBlobLength(around + size), `${size}`);
  assert.ok(!isBlobLength(0) && !isBlobLength(39) && !isBlobLength(-1));
});
