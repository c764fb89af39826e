/** Forms of a value as other programs write them, made here without lib/scrub. */
import assert from "node:assert/strict";
import { utf8 } from "../bytes.ts";
import { Secret } from "../secret.ts";
import { scrubBytes } from "./stream.ts";
import { buildTables } from "./tables.ts";

/** Everything that URLs, HTML and JSON each write in their own way. */
const VALUE = `k7&Qw9<Zr4>"Lk2'/Pv6\`Xn1=Tb8 ü(z!)*~+#?`;

const each = (value: string, names: Record<string, string>) => [...value].map((c) => names[c] ?? c).join("");
const AMP = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const QUOT = { ...AMP, '"': "&quot;" };
const form = (value: string) => new URLSearchParams([["v", value]]).toString().slice(2);
const strict = (value: string) =>
  encodeURIComponent(value).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const FORMS: Record<string, string> = {
  "encodeURIComponent": encodeURIComponent(VALUE),
  "encodeURI": encodeURI(VALUE),
  "a form": form(VALUE),
  "RFC 3986": strict(VALUE),
  "a component in a component": encodeURIComponent(encodeURIComponent(VALUE)),
  "an address in RFC 3986": strict(encodeURI(VALUE)),
  "a form in RFC 3986": strict(form(VALUE)),
  "an address in an address": encodeURI(encodeURI(VALUE)),
  "html of text": each(VALUE, AMP),
  "html of Go's older templates": each(VALUE, { ...AMP, '"': "&#34;", "'": "&#39;" }),
  "html of an attribute": each(VALUE, QUOT),
  "html of lodash and Django": each(VALUE, { ...QUOT, "'": "&#39;" }),
  "html of Python": each(VALUE, { ...QUOT, "'": "&#x27;" }),
  "xml": each(VALUE, { ...QUOT, "'": "&apos;" }),
  "html of mustache": each(VALUE, { ...QUOT, "'": "&#39;", "/": "&#x2F;", "`": "&#x60;", "=": "&#x3D;" }),
  "html of underscore": each(VALUE, { ...QUOT, "'": "&#x27;", "`": "&#x60;", "=": "&#x3D;" }),
  "json": JSON.stringify(VALUE).slice(1, -1),
  "json in json": JSON.stringify(JSON.stringify(VALUE)).slice(3, -3),
  "json with slashes escaped": JSON.stringify(VALUE).slice(1, -1).replaceAll("/", "\\/"),
  "json for html": JSON.stringify(VALUE).slice(1, -1).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
  "a shell's single quotes": VALUE.replaceAll("'", "'\\''"),
  "a shell's single quotes, other way": VALUE.replaceAll("'", "'\"'\"'"),
  "csv": VALUE.replaceAll('"', '""'),
  "sql": VALUE.replaceAll("'", "''"),
};

for (const [name, text] of Object.entries(FORMS)) {
  Deno.test(`a value is found as other programs write it: ${name}`, () => {
    const tables = buildTables([new Secret("TOKEN", utf8(VALUE))]);
    const { output } = scrubBytes(tables, utf8(`before ${text} behind`));
    assert.equal(new TextDecoder().decode(output), "before [REDACTED:TOKEN] behind");
  });
}
