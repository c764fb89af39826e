/** Promise: what real encoders make of a value is redacted, wherever in their lines it falls. Rows 3, 4, 9–11, 24, 34. */
import assert from "node:assert/strict";
import { scrubBytes, ScrubStream } from "../../lib/scrub/stream.ts";
import { buildTables } from "../../lib/scrub/tables.ts";
import { latin1, secretsOf } from "../kit/scrub_oracle.ts";

const VALUES = [
  "tq_k7Qw9Zr4Lk2Pv6Xn1Tb8Yd3Hs5Gm0Fj4Rc2Ub",
  `a "b" 'c' $d\`e\` \\f %g & <h> #i /j+k=`,
  "-----BEGIN TEST KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\nAgEAAoIBAQC7VJTUt9Us8cKjMzEfYyjiWA4R\n-----END TEST KEY-----\n",
];

const PYTHON = (expression: string) =>
  `python3 -c 'import sys,json,urllib.parse,html,shlex,pprint,csv
v=sys.stdin.buffer.read().decode()
print(${expression})'`;

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
  "jq -R .",
  "jq -Rs .",
  "jq -Rs '@uri'",
  "jq -Rs '@html'",
  "jq -Rs '@sh'",
  "jq -Rrs '@sh'",
  "jq -Rs '@base64'",
  "jq -Rs '[.]|tostring'",
  "jq -Rrs '[.]|@csv'",
  'bash -c \'X=$(cat); declare -p X\'',
  'bash -c \'X=$(cat); printf "%q\\n" "$X"\'',
  'bash -c \'X=$(cat); exec 2>&1; set -x; : "$X"\'',
  'bash -c \'X=$(cat); export X; export -p\'',
  'sh -c \'X=$(cat); export X; export -p\'',
  'sh -c \'X=$(cat); set\'',
  "bash -c 'X=$(cat); set'",
  PYTHON("repr(v)"),
  PYTHON("repr(v.encode())"),
  PYTHON("ascii(v)"),
  PYTHON("json.dumps(json.dumps(v))"),
  PYTHON("urllib.parse.quote(v, safe=\"\")"),
  PYTHON("urllib.parse.quote_plus(v)"),
  PYTHON("urllib.parse.quote(urllib.parse.quote(v))"),
  PYTHON("html.escape(v)"),
  PYTHON("shlex.quote(v)"),
  PYTHON("v[::-1]"),
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

let ran = 0;
for (const tool of TOOLS) {
  const name = tool.replace(/^(bash|sh|python3) -c '(import[^\n]*\n[^\n]*\n)?/, "$1: ").replace(/'$/, "");
  Deno.test(`real tool: ${name}`, async () => {
    const [program = ""] = tool.split(" ");
    const present = await run(`command -v ${program}`, new Uint8Array(0));
    if (present === null) return console.log(`not run: ${program} is not installed`);
    for (const value of VALUES) {
      const bytes = new TextEncoder().encode(value);
      const tables = buildTables(secretsOf([bytes]));
      for (const [before, after] of AROUND) {
        // Lines are reversed one by one: a value of several lines is turned into several.
        if (tool === "rev" && value.includes("\n")) continue;
        // A carriage return is inserted into every line: in the middle of a PEM it changes its encoding, not its text.
        const output = await run(tool, new TextEncoder().encode(before + value + after));
        assert.ok(output !== null, `${tool} failed`);
        const scrubbed = scrubBytes(tables, output);
        assert.deepEqual(scrubbed.found, ["S0"], `${JSON.stringify(before)} ${value.slice(0, 9)}`);
        assert.deepEqual(scrubBytes(tables, scrubbed.output).found, []);
        const stream = new ScrubStream(tables);
        let cut = "";
        for (let i = 0; i < output.length; i += 7) cut += latin1(stream.feed(output.subarray(i, i + 7)));
        assert.equal(cut + latin1(stream.end()), latin1(scrubbed.output));
      }
    }
    ran++;
  });
}

Deno.test("most of the real tools were there", () => assert.ok(ran > TOOLS.length / 2, `${ran} of ${TOOLS.length}`));
