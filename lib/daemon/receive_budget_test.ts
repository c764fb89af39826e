import assert from "node:assert/strict";
import { MAX_RECEIVING_BYTES, ReceiveBudget } from "./server.ts";

Deno.test("memory for frames is bounded over all connections, and what is given back can be had again", () => {
  const budget = new ReceiveBudget();
  assert.ok(budget.take(MAX_RECEIVING_BYTES - 10));
  assert.ok(!budget.take(11));
  assert.ok(budget.take(10));
  assert.ok(!budget.take(1));
  budget.give(100);
  assert.ok(!budget.take(101));
  assert.ok(budget.take(100));
  budget.close();
});
