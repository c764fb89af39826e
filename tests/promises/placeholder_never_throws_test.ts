import assert from "node:assert/strict";
import { processorMsSync } from "../kit/fastest.ts";
import { fc } from "../kit/seed.ts";
import { commandParts, leadingCd } from "../../lib/shell/parts.ts";
import { rewriteCommand } from "../../lib/shell/rewrite.ts";
import { Generator } from "../placeholders/generator.ts";

const variable = (name: string) => `TACIT_VALUE_${name}`;

/** All doors on one text; the only thing that is asked of them is an answer. */
function answer(text: string): void {
  const result = rewriteCommand(text, () => true, variable);
  if (!result.ok) assert.match(result.message, /^Cannot /);
  commandParts(text);
  const cd = leadingCd(text);
  if (cd !== null) assert.equal(cd.prefix + cd.rest, text);
}

Deno.test("no text makes the reading of a command throw", () => {
  const token = fc.constantFrom(
    ..."'|\"|`|$|(|)|{|}|\\|<|>|&|;|#|!|\n| |\t|=|[|]|*|~|\0|\x01|<<|<<-|<<<|$(|${|$((|$'|[[|]]|((|))|{{A}}|{{B}}|EOF"
      .split("|"),
    ..."|,a,if,then,fi,case,in,esac,for,do,done,;;,function,eval,bash,-c,xargs,env,-S,x=,:-,\u{1f980},\ud800".split(
      ",",
    ),
  );
  const text = fc.oneof(
    fc.array(token, { maxLength: 40 }).map((parts) => parts.join("")),
    fc.array(token, { maxLength: 20 }).map((parts) => parts.join(" ")),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => new TextDecoder("latin1").decode(bytes) + "{{A}}"),
  );
  fc.assert(fc.property(text, answer), {
    numRuns: 4000,
    interruptAfterTimeLimit: 200_000,
    markInterruptAsFailure: true,
  });
  const generator = new Generator(1);
  generator.drawValues();
  for (let i = 0; i < 500; i++) answer(generator.faultyCommand());
});

Deno.test("no text makes the reading of a command hang", () => {
  const many = (text: string, times = 10_000) => text.repeat(times) + " {{A}}";
  const texts = [
    ..."'|\"|`|$(|${|(|{ |{{|{{A}}|\\|<<E |\n|if |$((|a=(|[[ |<<<|;|a |$'\\|\\\n|#|case x in |a[|${x:-|bash -c '|$\""
      .split("|")
      .map((text) => many(text)),
    many("cat <<E\nx\\\nE\n", 3000),
    many("cat <<-'E'\n\t{{A}}\n\tE\n", 3000),
    many("eval eval ", 5000),
    many("timeout 5 ", 5000),
    many("sudo env xargs find -exec ", 1000),
    many("git -c a=b ", 5000),
    "sudo env xargs find -exec ".repeat(2000) + "rm {{A}}",
    "/a/env ".repeat(5000) + "rm {{A}}",
    "bash -c ".repeat(2000) + "{{A}}",
    `echo ${"x".repeat(300_000)} {{A}}`,
    `cat <<'E'\n${"$x `y` \\\n".repeat(50_000)}{{A}}\nE`,
  ];
  for (const text of texts) {
    const took = processorMsSync(() => answer(text));
    assert.ok(took < 5000, `${Math.round(took)} ms for ${JSON.stringify(text.slice(0, 40))}`);
  }
});
