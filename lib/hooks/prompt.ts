/** A prompt with a value in it is stopped before it is sent. docs/agents.md, "Prompts". */
import { type Ask, explain, MAX_BATCH_BYTES } from "./daemon.ts";
import { type AgentPlaces, PASS, type Verdict } from "./event.ts";
import type { Caller } from "../protocol/messages.ts";
import { utf8 } from "../bytes.ts";
import { scrubLeaves } from "./post_tool.ts";

/** Decides about one prompt. The reason never repeats any of it, nor a value that the transcript's path holds. */
export async function decidePrompt(caller: Caller, places: AgentPlaces, text: string, ask: Ask): Promise<Verdict> {
  const bytes = utf8(text);
  if (bytes.length > MAX_BATCH_BYTES) {
    const hint = "put the text into a file and name the file";
    return { kind: "block_prompt", reason: explain("Cannot search this prompt for secrets: it is too large", hint) };
  }
  const answer = await ask({ verb: "prompt", caller }, bytes);
  if (answer.kind !== "refused") return PASS;
  if (answer.code !== "prompt_has_value" && answer.code !== "prompt_has_token") return PASS;
  const file = places.transcript === null ? null : await scrubLeaves(caller, [places.transcript], ask);
  const where = file === null ? "its own files" : `its own files (${file.leaves[0]} is one)`;
  return {
    kind: "block_prompt",
    reason: `${explain(answer.message, answer.hint)}\nThe prompt was not sent to the model. Claude Code may still ` +
      `hold it in ${where}: treat what it contained as exposed on this machine.`,
  };
}
