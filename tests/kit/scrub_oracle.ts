/**
 * The scrubber's specification as a slow program: squeeze the text by the rules of docs/scrubbing.md, look for every
 * form of every value at every place, cover the union, print. It shares the list of forms with lib/scrub and nothing
 * else. Byte dumps are not in it; inputs for it contain none.
 */
import { Secret } from "../../lib/secret.ts";
import { ByteSink } from "../../lib/scrub/byte_sink.ts";
import { scoreValue } from "../../lib/scrub/strength.ts";
import { eachVariant } from "../../lib/scrub/variants.ts";

// deno-lint-ignore no-control-regex -- the escape is what is looked for
const CONTROL = /^\x1b\[[0-?]*[ -/]*[@-~]/;
const MAX_CONTROL = 32, MAX_GAP = 128;

interface Squeezed {
  text: string;
  at: number[];
}

/** One byte per character. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function secretsOf(values: readonly Uint8Array[]): Secret[] {
  return values.map((value, i) => new Secret(`S${i}`, value.slice()));
}

function squeeze(text: string, controls: boolean): Squeezed {
  const squeezed: Squeezed = { text: "", at: [] };
  let gap = 0;
  const skip = (count: number) => {
    gap += count;
    // A break that no form contains: the search starts afresh behind it.
    if (gap > MAX_GAP && !squeezed.text.endsWith("\u0100")) {
      squeezed.text += "\u0100";
      squeezed.at.push(-1);
    }
  };
  for (let i = 0; i < text.length;) {
    const control = controls ? CONTROL.exec(text.slice(i, i + MAX_CONTROL))?.[0].length ?? 0 : 0;
    const count = control > 0 ? control : text[i] === "\r" || text[i] === "\n" ? 1 : 0;
    if (count > 0) {
      skip(count);
      i += count;
      continue;
    }
    gap = 0;
    squeezed.text += (text[i] ?? "").replace(/[A-Z]/, (c) => c.toLowerCase());
    squeezed.at.push(i++);
  }
  return squeezed;
}

/** A value of several lines as it is, with line feeds alone, and with both characters at each line's end. */
function withOtherLineEnds(value: string): string[] {
  if (!value.includes("\n")) return [value];
  const plain = value.replaceAll("\r", "");
  return [value, plain, plain.replaceAll("\n", "\r\n")];
}

/** What scrubbing `input` must give, for values without structure of their own. */
export function oracle(values: readonly Uint8Array[], input: Uint8Array): Uint8Array {
  const forms = new Map<string, number>();
  values.forEach((raw, owner) => {
    const value = latin1(raw).replace(/^[\r\n]+|[\r\n]+$/g, "");
    const { strength } = scoreValue(bytesOf(value));
    if (strength !== "full" && strength !== "whole") return;
    for (const lines of withOtherLineEnds(value)) {
      eachVariant(bytesOf(lines), new ByteSink(), (form) => {
        for (const controls of [true, false]) {
          const { text } = squeeze(latin1(form), controls);
          if (text.length >= 8 && !text.includes("\u0100") && !forms.has(text)) forms.set(text, owner);
        }
      });
    }
  });
  const text = latin1(input);
  const found: { start: number; end: number; owner: number }[] = [];
  for (const controls of [true, false]) {
    const view = squeeze(text, controls);
    for (const [form, owner] of forms) {
      for (let i = view.text.indexOf(form); i >= 0; i = view.text.indexOf(form, i + 1)) {
        found.push({ start: view.at[i] ?? 0, end: (view.at[i + form.length - 1] ?? 0) + 1, owner });
      }
    }
  }
  found.sort((a, b) => a.start - b.start || b.end - a.end || a.owner - b.owner);
  let output = "", done = 0;
  for (const { start, end, owner } of found) {
    if (start >= done) output += text.slice(done, start) + `[REDACTED:S${owner}]`;
    if (end <= done) continue;
    output += text.slice(Math.max(start, done), end).replace(
      // deno-lint-ignore no-control-regex -- as above
      /\x1b\[[0-?]*[ -/]*[@-~]|[\r\n]|[^]/g,
      (piece) => (piece.length > 1 && piece.length <= MAX_CONTROL) || /[\r\n]/.test(piece) ? piece : "",
    );
    done = end;
  }
  return bytesOf(output + text.slice(done));
}
