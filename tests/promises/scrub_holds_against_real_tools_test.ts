/** Promise: what real encoders make of a value is redacted, wherever in their lines it falls. */
import assert from "node:assert/strict";
import { scrubBytes, ScrubStream } from "../../lib/scrub/stream.ts";
import { buildTables } from "../../lib/scrub/tables.ts";
import { latin1, secretsOf } from "../kit/scrub_oracle.ts";

const VALUES = [
  "tq_k7Qw9Zr4Lk2Pv6Xn1Tb8Yd3Hs5Gm0Fj4Rc2Ub",
  `a "b" 'c' $d\`e\` \\f %g & <h> #i /j+k=`,
  "-----BEGIN TEST KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\nAgEAAoIBAQC7VJTUt9Us8cKjMzEfYyjiWA4R\n-----END TEST KEY-----\n",
];

/** Expressions over the value `v`, all evaluated by one Python. */
const EXPRESSIONS = [
  "repr(v)",
  "repr(v.encode())",
  "ascii(v)",
  "json.dumps(v)",
  "json.dumps(json.dumps(v))",
  "urllib.parse.quote(v, safe='')",
  "urllib.parse.quote_plus(v)",
  "urllib.parse.quote(urllib.parse.quote(v))",
  "html.escape(v)",
  "html.escape(v, quote=False)",
  "shlex.quote(v)",
  "v[::-1]",
  "base64.b85encode(v.encode()).decode() and base64.encodebytes(v.encode()).decode()",
  "binascii.hexlify(v.encode(), ':').decode()",
  "quopri.encodestring(v[-60:].encode()).decode() + v",
];

/** Commands that read the value, with something around it, from stdin. */
const TOOLS = [
  "cat",
  "base64 -w76",
  "base64 -w0",
  "base64 -w 33",
  "base32",
  "basenc --base64url",
  "xxd",
  "xxd -p",
  "xxd -c 9 -g 3",
  "xxd -g 1 -u",
  "xxd -i",
  "hexdump",
  "hexdump -C",
  "od",
  "od -An -tx1",
  "od -tx1 -c",
  "od -c",
  "od -x",
  "od -Ax -tx1z -v",
  "fold -b -w 11",
  "rev",
  "tr a-z A-Z",
  "sed 's/$/\\r/'",
  "grep --color=always .",
  "iconv -t UTF-16LE",
  "iconv -t UTF-16BE",
  "jq -Rs .",
  "jq -Rs '@uri'",
  "jq -Rrs '@html'",
  "jq -Rrs '@sh'",
  "jq -Rs '@base64'",
  "jq -Rs '[.]|tostring'",
  "jq -Rrs '[.]|@csv'",
  "bash -c 'X=$(cat); declare -p X'",
  'bash -c \'X=$(cat); printf "%q\\n" "$X"\'',
  "bash -c 'X=$(cat); exec 2>&1; set -x; : \"$X\"'",
  "bash -c 'X=$(cat); export X; export -p'",
  "sh -c 'X=$(cat); export X; export -p'",
  "sh -c 'X=$(cat); set'",
  "bash -c 'X=$(cat); set'",
];

async function run(command: string, input: Uint8Array): Promise<Uint8Array | null> {
  const child = new Deno.Command("bash", {
    args: ["-c", command],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    env: { LC_ALL: "C.UTF-8" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(input).then(() => writer.close()).catch(() => {});
  const { stdout, success } = await child.output();
  return success ? stdout : null;
}

/** Value-free text around the value, so that it begins at every column. */
const AROUND = [["", ""], ["x", "y\n"], ["Authorization: ", "\nnext line\n"], ["ab", "cd"]] as const;

/** Everything a tool printed is scrubbed whole and in chunks. */
function assertRedacted(value: string, output: Uint8Array, about: string): void {
  const tables = buildTables(secretsOf([new TextEncoder().encode(value)]));
  const scrubbed = scrubBytes(tables, output);
  assert.deepEqual(scrubbed.found, ["S0"], about);
  assert.deepEqual(scrubBytes(tables, scrubbed.output).found, [], about);
  // Neither half of a dump, nor one line of it, may still show a piece of the value.
  const left = latin1(scrubbed.output).replaceAll("[REDACTED:S0]", "");
  for (let i = 0; i + 4 <= value.length && value === VALUES[0]; i++) {
    assert.ok(!left.includes(value.slice(i, i + 4)), `${about}: ${value.slice(i, i + 4)}`);
  }
  const stream = new ScrubStream(tables);
  let cut = "";
  for (let i = 0; i < output.length; i += 7) cut += latin1(stream.feed(output.subarray(i, i + 7)));
  assert.equal(cut + latin1(stream.end()), latin1(scrubbed.output), about);
}

let ran = 0;
for (const tool of TOOLS) {
  Deno.test(`real tool: ${tool.replaceAll("\n", " ")}`, async () => {
    const [program = ""] = tool.split(" ");
    const present = await run(`command -v ${program}`, new Uint8Array(0));
    if (present === null) return console.log(`not run: ${program} is not installed`);
    for (const value of VALUES) {
      for (const [before, after] of AROUND) {
        // Lines are reversed one by one: a value of several lines is turned into several.
        if (tool === "rev" && value.includes("\n")) continue;
        const output = await run(tool, new TextEncoder().encode(before + value + after));
        assert.ok(output !== null, `${tool} failed`);
        assertRedacted(value, output, `${JSON.stringify(before)} ${value.slice(0, 9)}`);
      }
    }
    ran++;
  });
}

Deno.test("real tool: python3", async () => {
  const inputs = VALUES.flatMap((value) => AROUND.map(([before, after]) => before + value + after));
  const program = `import sys,json,urllib.parse,html,shlex,base64,binascii,quopri
print(json.dumps([[eval(e) for v in json.loads(sys.argv[2])] for e in json.loads(sys.argv[1])]))`;
  let output: Uint8Array;
  try {
    const args = ["-c", program, JSON.stringify(EXPRESSIONS), JSON.stringify(inputs)];
    output = (await new Deno.Command("python3", { args, stdin: "null" }).output()).stdout;
  } catch {
    return console.log("not run: python3 is not installed");
  }
  const printed: string[][] = JSON.parse(new TextDecoder().decode(output));
  assert.equal(printed.length, EXPRESSIONS.length);
  printed.forEach((texts, e) => {
    texts.forEach((text, i) => {
      const value = VALUES[Math.floor(i / AROUND.length)] ?? "";
      assertRedacted(value, new TextEncoder().encode(text), `${EXPRESSIONS[e]} of ${inputs[i]?.slice(0, 20)}`);
    });
  });
});

Deno.test("most of the real tools were there", () => assert.ok(ran > TOOLS.length / 2, `${ran} of ${TOOLS.length}`));
