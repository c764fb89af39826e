/** Mutants of lib/scrub. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const STREAM = "lib/scrub/stream_test.ts";
const TABLES = "lib/scrub/tables_test.ts";
const STRENGTH = "lib/scrub/strength_test.ts";
const SHAPES = "lib/scrub/shapes_test.ts";
const ENCODINGS = "tests/promises/scrub_covers_every_encoding_test.ts";
const FRAGMENTS = "tests/promises/scrub_never_redacts_fragments_test.ts";
const DUMPS = "lib/scrub/dump_line_test.ts";

export const SCRUB: readonly Mutant[] = [
  ...mutantsOf("lib/scrub/squeeze.ts", ["lib/scrub/squeeze_test.ts", STREAM], {
    "scrub-case": ["return b >= 0x41 && b <= 0x5a ? b | 0x20 : b;", "return b;", "letters are found in either case"],
    "scrub-carriage-return": [
      "if (byte === CR || byte === LF) {\n      i++;",
      "if (byte === LF) {\n      i++;",
      "a value with line ends is found without them",
    ],
    "scrub-control-tail": [
      "if (byte >= 0x30 && byte <= 0x3f) return tail ? Control.Not : Control.Open;",
      "if (byte >= 0x30 && byte <= 0x3f) return Control.Open;",
      "only real control sequences are stepped over",
    ],
    "scrub-control-length": ["if (index >= MAX_CONTROL - 1) return Control.Not;", "", "a control sequence is bounded"],
  }),
  ...mutantsOf("lib/scrub/stream.ts", [STREAM, "tests/promises/scrub_keeps_prompts_and_pace_test.ts"], {
    "scrub-let-go": ["limit = Math.min(limit, view.held());", "view.held();", "what may become a value is held back"],
    "scrub-no-flush": ["for (const view of this.#views) view.end();", "", "a value at the very end is found", [
      TABLES,
      STREAM,
    ]],
    "scrub-swallows-lines": [
      "parts.push(keptInside(this.#take(end)));",
      "this.#take(end);",
      "line ends in a value stay",
    ],
    "scrub-shows-overlap": [
      "      this.#coveredTo = end;\n      if (end > this.#position)",
      "      this.#coveredTo = end;\n      if (start >= this.#position)",
      "of overlapping values nothing shows",
    ],
    "scrub-second-marker": [
      "if (start >= this.#coveredTo) {",
      "if (start >= 0) {",
      "overlapping values are one marker",
    ],
    "scrub-no-escape-view": [
      "new TextView(anywhere, redact), new EscapeView(anywhere, escapes, redact)",
      "new TextView(anywhere, redact)",
      "a value behind a bare escape bracket is found",
    ],
    "scrub-no-dumps": [
      "      this.#views.push(new DumpView(anywhere, redact));\n",
      "",
      "a value in a hex dump is found",
      [ENCODINGS],
    ],
    "scrub-order": [
      "ready.sort((x, y) => x.start - y.start || y.end - x.end || x.owner - y.owner);",
      "",
      "the leftmost, then longest, value gives its name",
      [STREAM, TABLES],
    ],
  }),
  ...mutantsOf("lib/scrub/text_view.ts", [STREAM, "lib/scrub/text_view_test.ts"], {
    "scrub-position": ["return near + ((low - (near | 0)) | 0);", "return low;", "positions hold beyond two gibibytes"],
    "scrub-gap": [
      "if (this.#gap > MAX_GAP && this.#matcher.length > 0) this.#matcher.cut();",
      "",
      "a gap ends a search",
    ],
    "scrub-not-given-back": [
      "    this.#controlLength = 0;\n    this.#gap = 0;\n    for (let i = 0; i < length; i++) {",
      "    this.#controlLength = 0;\n    this.#gap = 0;\n    for (let i = 0; i < 0; i++) {",
      "what is no control sequence is text",
    ],
    "scrub-token-anywhere": [
      "new Matcher(table, true, (first, last, owner)",
      "new Matcher(table, false, (first, last, owner)",
      "a short value is replaced only as a word of its own",
      [TABLES],
    ],
    "scrub-sleeps": [
      "return this.#always || position < this.#until || this.#matcher.held() >= 0;",
      "return position < this.#until;",
      "a value that holds an escape is found",
    ],
  }),
  ...mutantsOf("lib/scrub/matcher.ts", [STREAM, TABLES], {
    "scrub-ends-early": [
      "if (nodes[candidate.slot + 3] === 0) return false;",
      "return false;",
      "longer values go on being looked for",
    ],
    "scrub-word-end": [
      "if (owner < 0 || (this.#bounded && this.#insideWord(start + length))) return;",
      "if (owner < 0) return;",
      "a short value inside a word stays",
    ],
    "scrub-word-start": [
      "  #start(start: number): void {\n    if (this.#bounded && this.#insideWord(start)) return;",
      "  #start(start: number): void {",
      "a short value at a word's end stays",
    ],
    "scrub-lost-candidates": [
      "const from = this.#candidates[0]?.start ?? this.#scanned;",
      "const from = this.#scanned;",
      "a value that began in an earlier chunk is kept",
    ],
  }),
  ...mutantsOf("lib/scrub/fingerprints.ts", ["tests/promises/scrub_tables_hold_no_value_test.ts", STREAM], {
    "scrub-fixed-keys": [
      "crypto.getRandomValues(new Int32Array(2 + 512 + 2 + 4))",
      "new Int32Array(2 + 512 + 2 + 4).fill(0x5bd1e995)",
      "each table has keys of its own",
    ],
    "scrub-half-fingerprint": [
      "wholes[slot] === s0 && wholes[slot + 1] === s1",
      "wholes[slot] === s0",
      "a fingerprint has 64 bits",
      ["lib/scrub/fingerprints_test.ts"],
    ],
  }),
  ...mutantsOf("lib/scrub/tables.ts", [TABLES, STREAM], {
    "scrub-one-line-end": [
      "return [value, plain, network.subarray(0, length)];",
      "return [value];",
      "a value is found with other line ends",
    ],
    "scrub-no-inner": [
      'if (found === "full" || found === "whole") this.#addWhole(inner, owner);',
      "",
      "a password inside a URL is found",
    ],
    "scrub-weak-inner": [
      'if (found === "full" || found === "whole") this.#addWhole(inner, owner);',
      "this.#addWhole(inner, owner);",
      "a weak password inside a URL is left alone",
    ],
    "scrub-untrimmed": [
      "return bytes.subarray(start, end);",
      "return bytes;",
      "a value is found without its last line end",
    ],
    "scrub-none-looked-for": [
      'if (strength === "full" || strength === "whole") this.#addWhole(value, owner);',
      "this.#addWhole(value, owner);",
      "a hopeless value is never replaced",
    ],
    "scrub-escape-unnoticed": [
      "if (value.includes(ESC)) this.#escapes = true;",
      "",
      "a value that holds an escape is found",
    ],
    "scrub-token-as-json": [
      '  backslash(\'"\', "u00"),\n  ...[false, true]',
      "  ...[false, true]",
      "a short value is found as JSON spells it",
    ],
  }),
  ...mutantsOf("lib/scrub/strength.ts", [STRENGTH], {
    "strength-guessable": ["bits(value) < LEAST_BITS || ", "", "what is guessed in no time is never looked for"],
    "strength-sequence": [" || isSequence(value)", "", "a sequence is never looked for"],
    "strength-common": [
      "if (value.length <= 2 * LONGEST_WORD && isCommon(value)) {",
      "if (value.length < 0) {",
      "a common password is never looked for",
    ],
    "strength-pronounceable": [
      "return value.length <= LONGEST_WORD && /^[a-z]+$/.test(text) && isPronounceable(text);",
      "return false;",
      "a word of a language is never looked for",
    ],
    "strength-repeats": [
      "distinct === 1 || (distinct === 2 && value.length < 16)",
      "distinct === 0",
      "one character repeated is never looked for",
    ],
    "strength-short-anywhere": [
      "if (value.length >= 8) return WHOLE;",
      "if (value.length >= 6) return WHOLE;",
      "a short value is found as a word of its own only",
    ],
    "strength-line-ends": [
      "value.filter((byte) => byte !== CR && byte !== LF)",
      "value.slice()",
      "line ends make nothing stronger",
    ],
    "strength-too-large": [
      "if (value.length > MAX_VALUE) return none",
      "if (value.length < 0) return none",
      "what cannot be held back is not promised",
    ],
  }),
  ...mutantsOf("lib/scrub/variants.ts", [ENCODINGS, "lib/scrub/variants_test.ts"], {
    "encoding-base64-third": [
      "for (let lead = 0; lead < 3; lead++) {",
      "for (let lead = 0; lead < 2; lead++) {",
      "base64 is found at each alignment",
    ],
    "encoding-base64-twice": [
      "for (let outer = 0; outer < 3; outer++)",
      "for (let outer = 0; outer < 0; outer++)",
      "base64 of base64 is found",
    ],
    "encoding-base32": [
      "for (let lead = 0; lead < 5; lead++) form(",
      "for (let lead = 0; lead < 0; lead++) form(",
      "base32 is found",
    ],
    "encoding-reversed": [
      "for (let i = value.length - 1; i >= 0; i--) sink.put(value[i] ?? 0);",
      "",
      "a reversed value is found",
    ],
    "encoding-url-twice": [
      "form(() => writeEscaped(sink, once, percent(UNRESERVED)));",
      "",
      "a URL in a URL is found",
    ],
    "encoding-json-twice": ["form(() => writeEscaped(sink, once, JSON_STRING));", "", "JSON in JSON is found"],
    "encoding-octal": ['form(() => writeOctal(sink, value, "\\\\", ""));', "", "octal escapes are found"],
    "encoding-decimal": [
      'form(() => writeDecimal(sink, value, "&#", "", ";"));',
      "",
      "HTML's decimal entities are found",
    ],
    "encoding-utf16": ["    form(() => sink.append(wide));\n", "", "UTF-16 is found"],
    "encoding-spaced": ["  eachSpaced(value, sink, form);\n", "", "letters set apart are found"],
    "encoding-unicode": [
      "if (value.some((byte) => byte >= 0x80)) eachUnicode(value, sink, form);",
      "",
      "numbers for letters beyond ASCII are found",
    ],
    "encoding-quoted-printable": ["  quotedPrintable,\n  allUnicode,", "  allUnicode,", "quoted-printable is found"],
    "encoding-shell": ["  replaced(\"'\", \"'\\\\''\"),\n", "", "shell quotes are found"],
    "encoding-html": ['  entities({ ...AMP, \'"\': "&quot;", "\'": "&#39;" }),\n', "", "HTML is found"],
  }),
  ...mutantsOf("lib/scrub/radix.ts", [ENCODINGS, FRAGMENTS], {
    "encoding-base64-edges": [
      "let skip = Math.ceil((8 * lead) / width) * width - 8 * lead;",
      "let skip = 0;",
      "only characters that the value decides are looked for",
    ],
  }),
  ...mutantsOf("lib/scrub/wholes.ts", [TABLES], {
    "inner-url-password": [
      "if (at > start && colon >= start && colon < at) found.push",
      "if (at < 0) found.push",
      "a URL's password is found alone",
    ],
    "inner-percent": [
      "...found.filter((part) => part.includes(PERCENT)).map(percentDecoded)",
      "...[]",
      "a URL's password is found decoded",
    ],
    "inner-pem": [
      "return [...urlParts(value), ...pemBody(value), ...jsonLeaves(value)];",
      "return [...urlParts(value), ...jsonLeaves(value)];",
      "a key's body is found alone",
    ],
    "inner-json": [
      "SECRET_KEY.test(key) && !PUBLIC_KEY.test(key)",
      "SECRET_KEY.test(key) && PUBLIC_KEY.test(key)",
      "a JSON document's secrets are found alone",
    ],
    "inner-json-public": [
      "SECRET_KEY.test(key) && !PUBLIC_KEY.test(key)",
      "SECRET_KEY.test(key)",
      "a JSON document's public strings are left alone",
    ],
  }),
  ...mutantsOf("lib/scrub/dump_line.ts", [DUMPS, ENCODINGS], {
    "dump-little-endian": [
      "for (const swap of width === 4 ? [false, true] : [false]) {",
      "for (const swap of [false]) {",
      "words of a little-endian machine are read",
      [DUMPS, ENCODINGS],
    ],
    "dump-octal-words": [
      "  const words = readOctalWords(line, length);\n  if (words !== null) return words;\n",
      "",
      "od's octal words are read",
    ],
    "dump-cells": ["bytes.push(byte);\n    let start = i + 1;", "let start = i + 1;", "od -c is read"],
  }),
  ...mutantsOf("lib/scrub/dump_view.ts", [ENCODINGS, "lib/scrub/dump_view_test.ts"], {
    "dump-ascii-shows": [
      "if (asciiEnd > 0) redact(asciiStart, asciiEnd, owner);",
      "",
      "a dump's text column shows no value",
    ],
    "dump-line-bound": ["if (this.#length === MAX_LINE) {", "if (this.#length < 0) {", "a dump's line is bounded"],
  }),
  ...mutantsOf("lib/scrub/shapes.ts", [SHAPES], {
    "shape-in-a-word": ["isWordAt(text, at - 1) || (/[-.]/", "(/[-.]/", "a token begins a word"],
    "shape-placeholder": ["if (DULL.test(text)) return false;", "", "a placeholder of documentation is no token"],
    "shape-length": [
      "length < shape.least || length > shape.most ||",
      "length < shape.least ||",
      "a token has its length",
    ],
    "shape-counting": ["if (COUNTING.test(text)) return false;", "", "counting is no token"],
    "shape-jwt-algorithm": [
      '"alg" in header && typeof header.alg === "string"',
      "true",
      "a JSON Web Token names its algorithm",
    ],
    "shape-pem-cut": [
      "const end = closed ? footer : pemRunEnd(text, body);",
      "const end = closed ? footer : body;",
      "a private key that was cut off is one",
    ],
  }),
];
