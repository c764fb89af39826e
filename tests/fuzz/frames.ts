/**
 * Frames of the sockets: whatever arrives, in whatever portions, is a message, a FrameError or the end; whatever message
 * arrives is a request within its limits or a BadRequestError. The first byte says how large the portions are.
 */
import { concat, u32, utf8 } from "../../lib/bytes.ts";
import { isName } from "../../lib/names.ts";
import * as framing from "../../lib/protocol/frame.ts";
import { FrameError } from "../../lib/protocol/frame.ts";
import * as parsing from "../../lib/protocol/parse.ts";
import { BadRequestError, MAX_LABEL_LENGTH, MAX_LEAVES, MAX_PATH_LENGTH } from "../../lib/protocol/parse.ts";
import { type Tree, varyTree, type Words } from "./json_tree.ts";
import { textPieces } from "./mutate.ts";
import { demand, describe, type Entry, type Target } from "./target.ts";

/** The functions under test. */
export type FrameParts =
  & Pick<typeof framing, "FrameReader" | "encodeFrame" | "readReply">
  & Pick<typeof parsing, "parseUseRequest" | "parseAdminRequest" | "parseWideningRequest">;

const STEPS = [1, 2, 3, 7, 64, 1000, 65_536];
/** What a reader may ask for beyond a few times what has arrived: its first portion of memory for JSON and attachment. */
const FIRST_MEMORY = 3 * 64 * 1024;
const CALLER = { agent: "claude-code", session: "s1", project: "/p", cwd: "/p", tool: "Bash", tool_call: "c1" };
const SECRET = {
  ...{ name: "A", kind: "token", tags: ["x"], description: "", provider: null, destinations: [], positions: [] },
  ...{ modes: ["env"], agents: [], projects: [], confirm: "never", expires: null, weak: false, replace: false },
};
const WORDS: Words = {
  texts: ["start", "end", "env", "file", "sealed", "add", "edit", "0".repeat(64), "/", "A", "a b", "TOKEN_1", "redeem"],
  keys: ["v", "verb", "caller", "lengths", "command", "wants", "secrets", "changes", "names", "large", "ok", "length"],
};

export function framesTarget(parts: FrameParts = { ...framing, ...parsing }): Target {
  return {
    name: "frames",
    corpus: corpus(),
    dictionary: [
      ...[0, 1, 2, 7, 8, 262_144, 262_145, 16_777_216, 16_777_217, 2 ** 31, 2 ** 32 - 1].map(u32),
      ...['{"v":1}', '{"v":1,"large":true}', "{", "}", "[", "]", '"', ",", ":", "null", "1e999", '"v":1', "\ufeff"].map(
        utf8,
      ),
      ...["[".repeat(17), "\\u0000", "\\ud800", '"__proto__":{}', ...WORDS.texts, ...WORDS.keys].map(utf8),
      Uint8Array.of(0xff),
    ],
    maxBytes: 65_536,
    vary(entry, dice) {
      const message = MESSAGES[Number(entry.name.split(" ")[0])];
      if (message === undefined) return null;
      const varied = varyTree(message[1] as Tree, WORDS, dice);
      const attachment = new Uint8Array(dice.oneIn(4) ? dice.below(200) : message[2]);
      const json = utf8(JSON.stringify(varied));
      return concat(Uint8Array.of(dice.below(256)), u32(json.length), u32(attachment.length), json, attachment);
    },
    async run(input) {
      const bytes = input.subarray(1);
      const [read, fault, asked] = await frames(parts, bytes, STEPS[(input[0] ?? 0) % STEPS.length] ?? 1);
      demand(asked <= 6 * bytes.length + (read.length + 1) * FIRST_MEMORY, `${asked} bytes of memory for what arrived`);
      const [whole, same] = await frames(parts, bytes, Infinity);
      demand(same === fault && whole.length === read.length, "Another cut of the same bytes gives other frames");
      let outcome = read.length === 0 ? fault : `frame, ${fault}`;
      for (const [i, frame] of read.entries()) {
        const other = whole[i];
        demand(other !== undefined && sameFrame(frame, other), "Another cut of the same bytes gives another frame");
        demandAgain(frame, await frames(parts, parts.encodeFrame(frame.message, frame.attachment), 1000));
        outcome = request(parts, frame);
      }
      return outcome;
    },
    reaches: [
      ...["cut_off", "too_large", "not_json", "not_an_object", "wrong_version", "end", "nothing known"],
      ...MESSAGES.map(([socket, message]) => `${socket} ${message["verb"]}`),
    ],
  };
}

/** The frames that `bytes` hold, what ended them, and how much memory the reader asked for. */
async function frames(
  parts: FrameParts,
  bytes: Uint8Array,
  step: number,
): Promise<[read: framing.Frame[], fault: string, asked: number]> {
  let [at, asked] = [0, 0];
  const read: framing.Frame[] = [];
  const source = (into: Uint8Array) => {
    const n = Math.min(into.length, step, bytes.length - at);
    into.set(bytes.subarray(at, at += n));
    return Promise.resolve(n === 0 ? null : n);
  };
  const reader = new parts.FrameReader(source, (more) => (asked += more) >= 0);
  try {
    for (let frame = await reader.next(); frame !== null; frame = await reader.next()) {
      read.push(parts.readReply(frame));
    }
    return [read, "end", asked];
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    return [read, error.fault, asked];
  }
}

/** What was read is written and read as the same; a reply that travelled in an attachment may be too large for that. */
function demandAgain(
  frame: framing.Frame,
  [again, fault]: [framing.Frame[], string, number],
): void {
  demand(fault === "end" && again.length === 1, "A message that was read cannot be written");
  // It may say itself that it is large, and then its attachment is read.
  demand(frame.message["large"] === true || sameFrame(frame, again[0] ?? frame), "A message is written as another one");
}

function sameFrame(a: framing.Frame, b: framing.Frame): boolean {
  // Writing puts the version first.
  const plain = ({ message }: framing.Frame) =>
    JSON.stringify(Object.entries(message).sort(([x], [y]) => x < y ? -1 : 1));
  return plain(a) === plain(b) &&
    a.attachment.length === b.attachment.length && a.attachment.every((byte, i) => byte === b.attachment[i]);
}

/** What the message is on each of the three places where requests arrive. */
function request(parts: FrameParts, { message, attachment }: framing.Frame): string {
  const attached = attachment.length;
  const kinds: [string, () => { verb: string }][] = [
    ["use", () => parts.parseUseRequest(message, attached)],
    ["admin", () => parts.parseAdminRequest(message)],
    ["widening", () => parts.parseWideningRequest(message, attached)],
  ];
  const found = kinds.flatMap(([socket, parse]) => {
    try {
      const parsed = parse();
      demandBounded(parsed, attached);
      return [`${socket} ${parsed.verb}`];
    } catch (error) {
      if (!(error instanceof BadRequestError)) throw error;
      const sound = /^Cannot read request field "[a-z_0-9]+": [^"\n]{3,80}$/.test(error.message);
      demand(sound, `An error's message has another form: ${describe(error)}`);
      return [];
    }
  });
  return found[0] ?? "nothing known";
}

/** Every text, list and number that a request brings along is one that the protocol's limits know. */
function demandBounded(parsed: Record<string, unknown> | { verb: string }, attached: number): void {
  const fields = parsed as Record<string, unknown>;
  const lengths = fields["lengths"];
  if (lengths !== undefined) {
    const list = lengths as number[];
    const sum = list.reduce((n, length) => n + length, 0);
    demand(
      list.length <= MAX_LEAVES && sum === attached && list.every((n) => Number.isInteger(n) && n >= 0),
      "lengths",
    );
    const command = fields["command"];
    demand(command === undefined || command === null || list[command as number] !== undefined, "command is no leaf");
  }
  for (const [field, value] of Object.entries((fields["caller"] ?? {}) as Record<string, unknown>)) {
    const most = field === "project" || field === "cwd" ? MAX_PATH_LENGTH : MAX_LABEL_LENGTH;
    demand(value === null || typeof value === "string" && value.length <= most, `caller.${field} is out of bounds`);
  }
  for (const { name } of (fields["wants"] ?? []) as { name: string }[]) demand(isName(name), "a want is no name");
  for (const name of (fields["names"] ?? []) as string[]) demand(isName(name), "a name is none");
  const secrets = (fields["secrets"] ?? []) as { name: string; length: number }[];
  for (const { name } of secrets) demand(isName(name), "a secret's name is none");
  const all = secrets.reduce((n, { length }) => n + length, 0);
  demand(secrets.length === 0 || all === attached, "the values do not fill the attachment");
}

/** Socket, message, bytes of attachment: one of each verb, as docs/protocol.md has them. */
const MESSAGES: [socket: string, message: Record<string, unknown>, attached: number][] = [
  ["use", { v: 1, verb: "status" }, 0],
  ["use", { v: 1, verb: "list" }, 0],
  ["use", { v: 1, verb: "session", event: "start", caller: CALLER }, 0],
  ["use", { v: 1, verb: "prepare", caller: CALLER, lengths: [3, 4], command: 1 }, 7],
  [
    "use",
    { v: 1, verb: "scrub", caller: { ...CALLER, agent_version: "2", parent: "p", turn: "t" }, lengths: [3, 0] },
    3,
  ],
  ["use", { v: 1, verb: "scrub_stream", caller: CALLER }, 0],
  ["use", { v: 1, verb: "feed" }, 20],
  ["use", { v: 1, verb: "feed_end" }, 0],
  ["use", { v: 1, verb: "prompt", caller: CALLER }, 9],
  ["use", { v: 1, verb: "redeem", ticket: "T0123", command_sha256: "0".repeat(64), cwd: "/p" }, 0],
  ["use", { v: 1, verb: "run", caller: CALLER, wants: [{ name: "A", mode: "env" }, { name: "B", mode: "file" }] }, 0],
  ["use", { v: 1, verb: "finish", use: "u1", exit_status: -1, duration_ms: 12 }, 0],
  ["use", { v: 1, verb: "audit_verify" }, 0],
  ["admin", { v: 1, verb: "lock" }, 0],
  ["admin", { v: 1, verb: "stop" }, 0],
  ["admin", { v: 1, verb: "challenge", nonce: "0".repeat(64) }, 0],
  ["admin", { v: 1, verb: "prove", proof: "f".repeat(64) }, 0],
  ["admin", { v: 1, verb: "sealed", counter: 0 }, 40],
  ["widening", { v: 1, verb: "add", secrets: [{ ...SECRET, length: 4 }, { ...SECRET, name: "B", length: 3 }] }, 7],
  ["widening", { v: 1, verb: "edit", name: "A", changes: { modes: ["file"], expires: 1.9e12 } }, 0],
  ["widening", { v: 1, verb: "remove", names: ["A", "B"] }, 0],
  ["widening", { v: 1, verb: "reload" }, 0],
];

function corpus(): Entry[] {
  const entries = MESSAGES.map(([socket, message, attached], i): Entry => ({
    name: `${i} ${socket} ${message["verb"]}`,
    pieces: pieces(i, JSON.stringify(message), attached),
    gives: `${socket} ${message["verb"]}`,
  }));
  const large = '{"v":1,"ok":true,"names":["A"]}';
  return [
    ...entries,
    {
      name: "two frames",
      pieces: [...pieces(0, '{"v":1,"verb":"list"}', 0), ...pieces(0, '{"v":1}', 3).slice(1)],
      gives: "nothing",
    },
    {
      name: "a large reply",
      pieces: [...pieces(3, '{"v":1,"large":true}', 0).with(2, u32(large.length)), ...textPieces(large)],
      gives: "nothing",
    },
  ];
}

function pieces(step: number, json: string, attached: number): Uint8Array[] {
  const attachment = attached === 0 ? [] : [new Uint8Array(attached).fill(0x61)];
  return [Uint8Array.of(step), u32(utf8(json).length), u32(attached), ...textPieces(json), ...attachment];
}
