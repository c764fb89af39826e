import assert from "node:assert/strict";
import { utf8 } from "../bytes.ts";
import { Secret } from "../secret.ts";
import { MAX_LINE } from "./dump_view.ts";
import { ScrubStream } from "./stream.ts";
import { buildTables } from "./tables.ts";

const VALUE = "k7Qw9Zr4Lk2Pv6Xn1Tb8-Hq5Yd3Fg0";
const tables = () => buildTables([new Secret("TOKEN", utf8(VALUE))]);

/** As xxd prints it. */
function dumped(text: string): string {
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += 16) {
    const part = text.slice(at, at + 16);
    const hex = [...part].map((c) => c.charCodeAt(0).toString(16).padStart(2, "0"));
    const groups = Array.from({ length: Math.ceil(hex.length / 2) }, (_, i) => hex.slice(2 * i, 2 * i + 2).join(""));
    lines.push(`${at.toString(16).padStart(8, "0")}: ${groups.join(" ").padEnd(40)} ${part.replace(/[^ -~]/g, ".")}\n`);
  }
  return lines.join("");
}

Deno.test("a dump shows nothing of a value that goes over its lines, neither as numbers nor as characters", () => {
  for (let before = 0; before < 16; before++) {
    const text = dumped(`${".".repeat(before)}${VALUE}....`);
    const stream = new ScrubStream(tables());
    let shown = "";
    for (const byte of utf8(text)) shown += new TextDecoder().decode(stream.feed(Uint8Array.of(byte)));
    shown += new TextDecoder().decode(stream.end());
    const characters = shown.replaceAll("[REDACTED:TOKEN]", "");
    for (let i = 0; i + 3 <= VALUE.length; i++) {
      const three = VALUE.slice(i, i + 3);
      assert.ok(!characters.includes(three), `${three} shows behind ${before} bytes:\n${shown}`);
      const hex = [...three].map((c) => c.charCodeAt(0).toString(16)).join("");
      assert.ok(!characters.replaceAll(" ", "").includes(hex), `${hex} shows behind ${before} bytes:\n${shown}`);
    }
    assert.equal(shown.split("\n").length, text.split("\n").length, "its lines stay");
    assert.deepEqual(shown.match(/^[0-9a-f]{8}: /gm), text.match(/^[0-9a-f]{8}: /gm), "its offsets stay");
  }
});

Deno.test("a line that begins like one of a dump and does not end is let go", () => {
  const beginnings = ["00000000: ", "0000: ", "00000000: 6b37 5177  "];
  for (const beginning of beginnings) {
    const stream = new ScrubStream(tables());
    stream.feed(utf8(beginning));
    const piece = utf8("a".repeat(1000));
    for (let i = 0; i < 20; i++) {
      stream.feed(piece);
      assert.ok(stream.held <= MAX_LINE + tables().longest, `${stream.held} bytes are held`);
    }
    assert.ok(stream.held < 100, `${stream.held} bytes are held for ever`);
  }
});
