/** `prompt`: what a person is about to send to a model. A value never passes; a token-like text passes when repeated. */
import type { Caller } from "../protocol/messages.ts";
import { knownTokens } from "../scrub/shapes.ts";
import { textOf, valuesIn } from "./leaves.ts";
import { deny } from "./requests_prepare.ts";
import { type Answer, humanCommand, labels, RefusedRequest, type Service } from "./service.ts";

/** Answers `prompt`. @throws {RefusedRequest} `prompt_has_value` or `prompt_has_token`. */
export async function prompt(service: Service, caller: Caller, attachment: Uint8Array): Promise<Answer> {
  service.sessions.see(caller);
  const { tables, state } = service.keyring;
  const names = tables === null ? [] : valuesIn(tables, attachment).toSorted();
  if (names.length > 0) {
    for (const name of names) await deny(service, caller, "prompt_has_value", name);
    const [subject, instead] = [names.map((n) => `"${n}"`).join(", "), names.map((n) => `{{${n}}}`).join(", ")];
    throw new RefusedRequest(
      "prompt_has_value",
      `Cannot send this prompt: it holds the value of ${subject}; write ${instead} in place of it`,
    );
  }
  const [token] = state === "never_unlocked" ? [] : knownTokens(textOf(attachment));
  if (token === undefined) return { message: { ok: true } };
  if (!service.prompts.repeats(attachment)) {
    await deny(service, caller, "prompt_has_token", null);
    throw new RefusedRequest(
      "prompt_has_token",
      `Cannot send this prompt: it holds what looks like a credential (${token.kind}); send it again to pass it as it is`,
      humanCommand(service.homes, "add NAME"),
    );
  }
  await service.journal.note({
    event: "prompt",
    decision: "allow",
    code: "prompt_has_token",
    detail: "sent again after the warning",
    ...labels(caller),
  });
  return { message: { ok: true } };
}
