import assert from "node:assert/strict";
import type { Ask } from "./daemon.ts";
import { pack, unpack } from "./daemon.ts";
import type { Json } from "./event.ts";
import { decidePostTool, decidePostToolFailure } from "./post_tool.ts";

const CALLER = { agent: "claude-code", session: "s", project: null, cwd: null };
const VALUE = "kzVALUEkzVALUEkzVALUE";
const MARKER = "[REDACTED:TOKEN]";

const scrubbing: Ask = (request, attachment) => {
  if (request.verb !== "scrub") throw new Error("Cannot answer: not a scrub");
  const leaves = unpack(request.lengths, attachment ?? new Uint8Array()).map((leaf) => leaf.replaceAll(VALUE, MARKER));
  const names = new TextDecoder().decode(attachment).includes(VALUE) ? ["TOKEN"] : [];
  const packed = pack(leaves);
  return Promise.resolve({ kind: "ok", message: { lengths: packed.lengths, names }, attachment: packed.bytes });
};

async function after(output: Json, ask = scrubbing, fileChanges = false) {
  const files: string[] = [];
  const verdict = await decidePostTool(CALLER, output, ask, (path) => {
    files.push(path);
    return Promise.resolve(fileChanges);
  });
  return { verdict, files };
}

// Recorded from Claude Code 2.1.330, with the value where a tool had shown it.
const SHAPES: Record<string, Json> = {
  Bash: { stdout: `a ${VALUE}\n`, stderr: "", interrupted: false, isImage: false, noOutputExpected: false },
  Read: { type: "text", file: { filePath: "/x", content: VALUE, numLines: 1, startLine: 1, totalLines: 1 } },
  Edit: {
    filePath: "/x",
    oldString: "a",
    newString: "b",
    originalFile: `t=${VALUE}\n`,
    structuredPatch: [{ oldStart: 1, oldLines: 1, newStart: 1, newLines: 1, lines: [`-t=${VALUE}`, "+t=b"] }],
    userModified: false,
    replaceAll: false,
  },
  "MCP content": [{ type: "text", text: `got ${VALUE}` }],
  "MCP structured": { result: { secret: VALUE, n: 1, deep: [null, true, VALUE] } },
  "a key": { [VALUE]: 1 },
  "a string": VALUE,
};

Deno.test("output is answered in its own shape, changed only where a value stood", async () => {
  for (const [tool, output] of Object.entries(SHAPES)) {
    const { verdict } = await after(output);
    const expected = JSON.parse(JSON.stringify(output).replaceAll(VALUE, MARKER));
    assert.deepEqual(verdict, { kind: "replace", output: expected }, tool);
  }
});

Deno.test("output without values is not answered", async () => {
  const clean = [{ stdout: "x", stderr: "" }, "plain", null, 5, [], { a: "\ud800 lone, \ufeffmark, \u0000" }];
  for (const output of clean) assert.deepEqual((await after(output)).verdict, { kind: "pass" });
});

Deno.test("the agent's own saved copy is scrubbed, and no longer referred to", async () => {
  const output = { stdout: VALUE, stderr: "", persistedOutputPath: "/t/x.txt", persistedOutputSize: 21 };
  const { verdict, files } = await after(output, scrubbing, true);
  assert.deepEqual(verdict, { kind: "replace", output: { stdout: MARKER, stderr: "" } });
  assert.deepEqual(files, ["/t/x.txt"]);
  // The value may lie in the part that only the copy has.
  const later = await after({ ...output, stdout: "beginning" }, scrubbing, true);
  assert.deepEqual(later.verdict, { kind: "replace", output: { stdout: "beginning", stderr: "" } });
  const untouched = await after({ ...output, stdout: "beginning" }, scrubbing, false);
  assert.deepEqual(untouched.verdict, { kind: "pass" });
});

Deno.test("many and large strings are asked for in pieces", async () => {
  const sizes: number[] = [];
  const counting: Ask = (request, attachment) => {
    sizes.push((request as { lengths: number[] }).lengths.length);
    return scrubbing(request, attachment);
  };
  const many = Array.from({ length: 45_000 }, (_, i) => i === 44_999 ? VALUE : `${i}`);
  const { verdict } = await after(many, counting);
  assert.equal(verdict.kind === "replace" && (verdict.output as string[]).at(-1), MARKER);
  assert.deepEqual(sizes, [20_000, 20_000, 5_000]);
  const huge = await after({ stdout: "x".repeat(17 * 1024 * 1024), stderr: VALUE });
  assert.equal(huge.verdict.kind === "replace" && (huge.verdict.output as { stderr: string }).stderr, MARKER);
  assert.match(huge.verdict.kind === "replace" ? (huge.verdict.output as { stdout: string }).stdout : "", /withheld/);
});

Deno.test("with no daemon the output passes as it is", async () => {
  const away: Ask = () => Promise.resolve({ kind: "unreachable" });
  assert.deepEqual((await after(SHAPES["Bash"] ?? null, away)).verdict, { kind: "pass" });
});

Deno.test("a failed call's exposure is told by name, without the value", async () => {
  const verdict = await decidePostToolFailure(CALLER, `Exit code 3\n${VALUE}`, scrubbing);
  assert.equal(verdict.kind, "context");
  assert.match(JSON.stringify(verdict), /TOKEN/);
  assert.ok(!JSON.stringify(verdict).includes(VALUE));
  assert.deepEqual(await decidePostToolFailure(CALLER, "Exit code 3", scrubbing), { kind: "pass" });
});

Deno.test("an answer with another number of strings than were asked about is none", async () => {
  for (const leaves of [["a"], ["a", "b", "c", "d", "e", "f", "g"], []]) {
    const { lengths, bytes } = pack(leaves);
    const odd: Ask = () => Promise.resolve({ kind: "ok", message: { lengths, names: ["TOKEN"] }, attachment: bytes });
    const { verdict } = await after({ stdout: `x ${VALUE}`, stderr: "y" }, odd);
    assert.deepEqual(verdict, { kind: "pass" }, `${leaves.length}`);
  }
});
