import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { formsOf, newCanary, searchBytes, searchTree } from "./canary.ts";

const VALUE = newCanary();
const FORMS = formsOf(VALUE);
const seenIn = (text: string | Uint8Array) => searchBytes(typeof text === "string" ? Buffer.from(text) : text, FORMS);

/** Spellings made by other means than the search's own, so that both cannot be wrong in the same way. */
const SPELLINGS: Record<string, (value: string) => string | Uint8Array> = {
  "raw in a line": (v) => `key=${v}\n`,
  "base64": (v) => btoa(v),
  "base64 after one byte": (v) => btoa(`:${v}`),
  "base64 of basic credentials": (v) => btoa(`user:${v}`),
  "base64url without padding": (v) => Buffer.from(`x${v}y`).toString("base64url"),
  "base64 in lines of 20": (v) => btoa(v + v).replace(/.{20}/g, "$&\n"),
  "base64 in lines, inside JSON": (v) => JSON.stringify(btoa(v + v).replace(/.{20}/g, "$&\n")),
  "base64 of base64": (v) => btoa(btoa(v)),
  "hex": (v) => Buffer.from(v).toString("hex"),
  "hex in groups": (v) => Buffer.from(v).toString("hex").replace(/.{4}/g, "$& "),
  "hex with colons": (v) => Buffer.from(v).toString("hex").replace(/..(?=.)/g, "$&:"),
  "url": (v) => new URL(`http://h/?q=${encodeURIComponent(v)}`).href,
  "form": (v) => new URLSearchParams({ q: v }).toString(),
  "json": (v) => JSON.stringify({ out: `a ${v}` }),
  "json in json": (v) => JSON.stringify({ line: JSON.stringify({ out: v }) }),
  "json in json in json": (v) => JSON.stringify(JSON.stringify(JSON.stringify(v))),
  "utf-16": (v) => Buffer.from(v, "utf16le"),
  "reversed": (v) => v.split("").reverse().join(""),
  "upper case": (v) => v.toUpperCase(),
  "cut in half": (v) => v.slice(0, 30),
  "second half": (v) => v.slice(-25),
};

for (const [name, spell] of Object.entries(SPELLINGS)) {
  Deno.test(`canary: found as ${name}`, () => {
    assert.notDeepEqual(seenIn(spell(VALUE)), []);
    assert.deepEqual(seenIn(spell(newCanary())), [], "another canary is not mistaken for it");
  });
}

Deno.test("canary: nothing is found in ordinary text, and no form is short enough to occur by chance", () => {
  assert.deepEqual(seenIn(Deno.readTextFileSync(new URL(import.meta.url))), []);
  assert.ok(FORMS.length > 30);
  assert.deepEqual(FORMS.filter((form) => form.bytes.length < 16).map((form) => form.name), []);
});

Deno.test("canary: the search reads every file, names and links, and says where", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(directory, "a/b"), { recursive: true });
    await Deno.writeTextFile(join(directory, "a/b/log"), `x ${VALUE} y`);
    await Deno.writeTextFile(join(directory, "a/clean"), "nothing");
    await Deno.writeTextFile(join(directory, "skipped"), VALUE);
    await Deno.writeTextFile(join(directory, `n-${Buffer.from(VALUE).toString("hex").slice(0, 200)}`), "");
    await Deno.symlink(`/nowhere/${encodeURIComponent(VALUE)}`, join(directory, "link"));
    const hits = await searchTree(directory, { C: VALUE }, (file) => file === "skipped");
    const files = [...new Set(hits.map((hit) => hit.file.slice(0, 6)))];
    assert.deepEqual(files.sort(), ["a/b/lo", "link", `n-${Buffer.from(VALUE).toString("hex").slice(0, 4)}`]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
