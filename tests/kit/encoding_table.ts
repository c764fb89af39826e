/** tests/vectors/data/scrub_encodings.json: which forms of a value are promised, and the table of docs/scrubbing.md. */

export interface EncodingRow {
  encoding: string;
  promise: "redacted" | "out of scope";
  note?: string;
  /** Samples: the name of the value and the encoded text (or its bytes in base64, where it is no UTF-8). */
  forms: { value: string; text?: string; base64?: string }[];
}

export interface EncodingTable {
  values: Record<string, string>;
  rows: EncodingRow[];
}

export async function readEncodingTable(): Promise<EncodingTable> {
  return JSON.parse(await Deno.readTextFile(new URL("../vectors/data/scrub_encodings.json", import.meta.url)));
}

export function formBytes(form: EncodingRow["forms"][number]): Uint8Array {
  if (form.base64 === undefined) return new TextEncoder().encode(form.text ?? "");
  return Uint8Array.from(atob(form.base64), (character) => character.charCodeAt(0));
}

/** The table as it stands in docs/scrubbing.md. */
export function asMarkdown(table: EncodingTable): string {
  const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*");
  const lines = table.rows.map((row) => `| ${cell(row.encoding)} | ${row.promise} | ${cell(row.note ?? "")} |`);
  return ["| Encoding | Promise | Note |", "| --- | --- | --- |", ...lines].join("\n");
}
