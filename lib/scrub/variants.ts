/**
 * Every form in which a value is looked for. The list is the promise of docs/scrubbing.md, whose table and tests come
 * from tests/vectors/data/scrub_encodings.json.
 */
import { ByteSink } from "./byte_sink.ts";
import {
  allUnicode,
  backslash,
  backslashAll,
  bashQuoted,
  entities,
  type Escape,
  percent,
  prefixed,
  quotedPrintable,
  replaced,
  writeEscaped,
} from "./escapes.ts";
import {
  eachCodePoint,
  writeBase32Core,
  writeBase64Core,
  writeDecimal,
  writeHex,
  writeHexPairs,
  writeOctal,
  writeUtf16,
} from "./radix.ts";

/** Takes one form; the bytes are only valid during the call. */
export type Take = (form: Uint8Array) => void;

const UNRESERVED = "-._~";
const COMPONENT = "-_.!~*'()";
const JSON_STRING = backslash('"', "u00");
const JSON_SLASH = backslash('"/', "u00");
const JSON_HTML = backslash('"', "u00", { also: "<>&" });
const JSON_HTML_QUOTE = backslash('"', "u00", { also: "<>&'" });

const URL_ESCAPES: readonly Escape[] = [
  percent(COMPONENT),
  percent(UNRESERVED),
  percent("*-._", true),
  percent("-._~", true),
  percent(UNRESERVED + "/"),
  percent(";,/?:@&=+$-_.!~*'()#"),
];

const AMP = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const HTML_ESCAPES: readonly Escape[] = [
  entities(AMP),
  entities({ ...AMP, '"': "&quot;" }),
  entities({ ...AMP, '"': "&quot;", "'": "&#39;" }),
  entities({ ...AMP, '"': "&quot;", "'": "&#x27;" }),
  entities({ ...AMP, '"': "&quot;", "'": "&apos;" }),
  entities({ ...AMP, '"': "&#34;", "'": "&#39;" }),
  entities({ ...AMP, '"': "&quot;", "'": "&#39;", "/": "&#x2F;", "`": "&#x60;", "=": "&#x3D;" }),
  entities({ ...AMP, '"': "&quot;", "'": "&#x27;", "`": "&#x60;", "=": "&#x3D;" }),
];

const TEXT_ESCAPES: readonly Escape[] = [
  ...["", "'", '"', "`", "\"'"].flatMap((quotes) => [
    backslash(quotes, "x"),
    backslash(quotes, "x", { high: true }),
    backslash(quotes, "octal", { high: true }),
    backslash(quotes, "u00"),
  ]),
  backslash('"$`', "octal"),
  JSON_SLASH,
  JSON_HTML,
  JSON_HTML_QUOTE,
  prefixed('"\\$`', "\\"),
  prefixed('"\\$`!', "\\"),
  replaced("'", "'\\''"),
  replaced("'", "'\"'\"'"),
  replaced("'", "\\'"),
  replaced("'", "''"),
  replaced('"', '""'),
  bashQuoted,
  (out, byte, index) =>
    byte === 0x23 || byte === 0x7e ? out.ascii("\\" + String.fromCharCode(byte)) : bashQuoted(out, byte, index),
  backslashAll,
  quotedPrintable,
  allUnicode,
];

/** Calls `take` with every form of `value`, the value itself first. */
export function eachVariant(value: Uint8Array, sink: ByteSink, take: Take): void {
  const form = (write: () => void) => {
    sink.reset();
    write();
    take(sink.view());
  };
  take(value);
  form(() => {
    for (let i = value.length - 1; i >= 0; i--) sink.put(value[i] ?? 0);
  });
  eachNumbered(value, sink, form);
  for (const escape of [...TEXT_ESCAPES, ...HTML_ESCAPES]) form(() => writeEscaped(sink, value, escape));
  for (const escape of URL_ESCAPES) {
    form(() => writeEscaped(sink, value, escape));
    const once = sink.copy();
    form(() => writeEscaped(sink, once, percent(UNRESERVED)));
    form(() => writeEscaped(sink, once, escape));
    once.fill(0);
  }
  for (const escape of [JSON_STRING, JSON_SLASH, JSON_HTML]) {
    sink.reset();
    writeEscaped(sink, value, escape);
    const once = sink.copy();
    form(() => writeEscaped(sink, once, JSON_STRING));
    form(() => writeEscaped(sink, once, JSON_SLASH));
    once.fill(0);
  }
  eachSpaced(value, sink, form);
  if (value.some((byte) => byte >= 0x80)) eachUnicode(value, sink, form);
}

type Form = (write: () => void) => void;

/** Bytes as numbers: hex, octal, decimal, base64, base32, also of UTF-16. */
function eachNumbered(value: Uint8Array, sink: ByteSink, form: Form): void {
  for (const [before, between] of HEX_FORMS) form(() => writeHex(sink, value, before, between));
  form(() => writeHexPairs(sink, value, 0));
  form(() => writeHexPairs(sink, value, 1));
  form(() => writeOctal(sink, value, "\\", ""));
  form(() => writeOctal(sink, value, "", " "));
  for (const between of [" ", ",", ", "]) form(() => writeDecimal(sink, value, "", between));
  form(() => writeDecimal(sink, value, "&#", "", ";"));
  form(() => {
    for (const byte of value) {
      sink.ascii("&#x" + byte.toString(16) + ";");
    }
  });
  eachBase64(value, sink, form, true);
  for (let lead = 0; lead < 5; lead++) form(() => writeBase32Core(sink, value, lead));
  for (const littleEndian of [true, false]) {
    sink.reset();
    if (!writeUtf16(sink, value, littleEndian)) return;
    const wide = sink.copy();
    form(() => sink.append(wide));
    form(() => writeHex(sink, wide));
    eachBase64(wide, sink, form, false);
    wide.fill(0);
  }
}

const HEX_FORMS: readonly (readonly [before: string, between: string])[] = [
  ["", ""],
  ["", " "],
  ["", ":"],
  ["", ","],
  ["", ", "],
  ["", "-"],
  ["\\x", ""],
  ["%", ""],
  ["0x", ","],
  ["0x", ", "],
  ["0x", " "],
];

/** Base64 at its three alignments, url-safe too; `again` adds base64 of that. */
function eachBase64(value: Uint8Array, sink: ByteSink, form: Form, again: boolean): void {
  for (let lead = 0; lead < 3; lead++) {
    form(() => writeBase64Core(sink, value, lead, true));
    form(() => writeBase64Core(sink, value, lead, false));
    if (!again) continue;
    const once = sink.copy();
    for (let outer = 0; outer < 3; outer++) form(() => writeBase64Core(sink, once, outer, false));
    once.fill(0);
  }
}

/** One space, three, a dash, and a zero-width space (U+200B in UTF-8). */
const SPACERS: readonly (readonly number[])[] = [[0x20], [0x20, 0x20, 0x20], [0x2d], [0xe2, 0x80, 0x8b]];

/** Characters set apart, as `od -c` and letter-spacing print them. */
function eachSpaced(value: Uint8Array, sink: ByteSink, form: Form): void {
  for (const between of SPACERS) {
    form(() => {
      for (let i = 0; i < value.length; i++) {
        if (i > 0) { for (const byte of between) sink.put(byte); }
        sink.put(value[i] ?? 0);
      }
    });
  }
}

/** Characters beyond ASCII by number, where the value is UTF-8: JSON, Python, JavaScript, Rust, HTML. */
function eachUnicode(value: Uint8Array, sink: ByteSink, form: Form): void {
  const utf16 = (point: number) => {
    const unit = (u: number) => "\\u" + u.toString(16).padStart(4, "0");
    if (point < 0x10000) return unit(point);
    return unit(0xd800 + ((point - 0x10000) >> 10)) + unit(0xdc00 + ((point - 0x10000) & 0x3ff));
  };
  const python = (point: number) =>
    point < 0x100
      ? "\\x" + point.toString(16).padStart(2, "0")
      : point < 0x10000
      ? "\\u" + point.toString(16).padStart(4, "0")
      : "\\U" + point.toString(16).padStart(8, "0");
  const styles: readonly [Escape, (point: number) => string][] = [
    [JSON_STRING, utf16],
    [JSON_SLASH, utf16],
    [JSON_HTML, utf16],
    [backslash("'", "x"), python],
    [backslash("", "x"), python],
    [backslash('"', "x"), (point) => `\\u{${point.toString(16)}}`],
    [entities({ ...AMP, '"': "&quot;" }), (point) => `&#${point};`],
    [entities({ ...AMP, '"': "&quot;" }), (point) => `&#x${point.toString(16)};`],
  ];
  for (const [ascii, beyond] of styles) {
    form(() => {
      const whole = eachCodePoint(value, (point) => {
        if (point < 0x80) ascii(sink, point, 0);
        else sink.ascii(beyond(point));
      });
      if (!whole) sink.reset();
    });
  }
}
