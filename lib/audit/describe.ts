/** A record as one line for people. All text of foreign origin passes through lib/display.ts. */
import { escapeForDisplay } from "../display.ts";
import type { AuditRecord } from "./record.ts";

/** One line: time (UTC), decision, event, code, then what is known; safe to print on a terminal. */
export function describe(record: AuditRecord): string {
  const parts = [new Date(record.time).toISOString(), record.decision.padEnd(5), record.event];
  if (record.code !== "ok") parts.push(record.code);
  if (record.secret !== undefined) parts.push(record.secret);
  if (record.injection !== undefined) parts.push(`by ${record.injection}`);
  if (record.agent !== undefined) parts.push(`agent ${record.agent}`);
  if (record.tool !== undefined) parts.push(`tool ${record.tool}`);
  if (record.session !== undefined) parts.push(`session ${record.session}`);
  if (record.project !== undefined) parts.push(`in ${record.project}`);
  const request = [record.method, `${record.destination ?? ""}${record.path ?? ""}`].filter(Boolean).join(" ");
  if (request !== "") parts.push(`to ${request}`);
  if (record.status !== undefined) parts.push(`status ${record.status}`);
  if (record.exit_status !== undefined) parts.push(`exit ${record.exit_status}`);
  if (record.duration_ms !== undefined) parts.push(`${record.duration_ms} ms`);
  if (record.from !== undefined && record.to !== undefined) parts.push(`lines ${record.from} to ${record.to}`);
  if (record.detail !== undefined) parts.push(`(${record.detail})`);
  if (record.key === null) parts.push("[unkeyed]");
  return escapeForDisplay(parts.join("  "));
}
