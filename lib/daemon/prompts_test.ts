import assert from "node:assert/strict";
import { utf8 } from "../bytes.ts";
import { PROMPT_REPEAT_MS, Prompts } from "./prompts.ts";

Deno.test("a warning is answered by the same prompt, once, within two minutes, whatever the clock is set to", () => {
  let [wall, steady] = [1e12, 0];
  const prompts = new Prompts({ wall: () => wall, steady: () => steady });
  const [one, other] = [utf8("a prompt"), utf8("a prompt.")];
  assert.ok(!prompts.repeats(one));
  assert.ok(!prompts.repeats(other), "another prompt is another");
  assert.ok(prompts.repeats(one));
  assert.ok(!prompts.repeats(one), "the answer is used up");
  [wall, steady] = [wall + PROMPT_REPEAT_MS, steady + PROMPT_REPEAT_MS];
  assert.ok(!prompts.repeats(one), "two minutes are over");
  steady += PROMPT_REPEAT_MS;
  wall -= 3_600_000;
  assert.ok(!prompts.repeats(one), "they are, also under a clock set back");
  steady += PROMPT_REPEAT_MS - 1;
  assert.ok(prompts.repeats(one));
});

Deno.test("warnings are bounded in number, and the oldest is warned about once more", () => {
  const prompts = new Prompts({ wall: () => 0, steady: () => 0 });
  for (let i = 0; i <= 256; i++) prompts.repeats(utf8(`${i}`));
  assert.ok(!prompts.repeats(utf8("0")));
  assert.ok(prompts.repeats(utf8("256")));
});
