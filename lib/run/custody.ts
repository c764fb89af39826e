/**
 * Background custody: a command may end while its background children still hold its output open (`server &`). The
 * runner must then report the exit status, and someone must go on scrubbing. A second runner process, the custodian,
 * inherits the pipe and gets the injected values over a pipe of their own; it ends with the last writer.
 */
import { concat, u32, utf8 } from "../bytes.ts";
import type { Homes } from "../paths.ts";
import type { Caller } from "../protocol/messages.ts";
import { Secret } from "../secret.ts";
import { selfCommand } from "../self.ts";
import { ScrubLink } from "../client/scrub_link.ts";
import { ScrubStream } from "../scrub/stream.ts";
import { buildTables } from "../scrub/tables.ts";
import { closeDescriptor, libc, openPipe } from "./libc.ts";
import { Output } from "./output.ts";
import { PipeReader } from "./pipe_reader.ts";
import { spawn } from "./spawn.ts";

/** The custodian reads the values here. */
const VALUES_FD = 3;
/** No value is larger (docs/format.md); a larger frame is a fault. */
const MAX_VALUES = 64 * 1024 * 1024;

/**
 * Starts a custodian that reads on from `reader`, after `held`, and writes to our descriptor `target` (1 or 2).
 */
export async function handToCustodian(
  homes: Homes,
  secrets: Secret[],
  held: Uint8Array,
  reader: PipeReader,
  target: number,
): Promise<void> {
  const values = openPipe();
  const self = selfCommand();
  const home = homes.chosen === null ? [] : ["--home", homes.chosen];
  const env = Object.entries(Deno.env.toObject()).map(([k, v]) => utf8(`${k}=${v}`));
  spawn({
    argv: [...self, "exec", ...home, "--custody"],
    env,
    stdin: reader.descriptor,
    stdout: target,
    stderr: target,
    extra: values.read,
    session: true,
  });
  closeDescriptor(values.read);
  reader.close();
  const frame = encodeHandOver(secrets, held);
  await writeDescriptor(values.write, frame);
  frame.fill(0);
  closeDescriptor(values.write);
}

/**
 * The custodian's whole life: values from descriptor 3, then stdin to stdout through both scrubbers, since a value may
 * be replaced or removed from the vault while a background child that holds it lives on.
 */
export async function keepCustody(homes: Homes): Promise<number> {
  const { secrets, held } = decodeHandOver(await readDescriptor(VALUES_FD));
  const caller: Caller = { agent: null, session: null, project: null, cwd: null };
  const openLink = () => ScrubLink.open(homes, caller);
  const tables = buildTables(secrets);
  for (const secret of secrets) secret.wipe();
  const makeLocal = () => Promise.resolve(new ScrubStream(tables));
  await new Output({
    reader: new PipeReader(0),
    openLink,
    makeLocal,
    sink: Deno.stdout,
    first: held,
    always: true,
  }).done;
  return 0;
}

/** `u32 length ‖ held bytes`, then for each value `u32 length ‖ name ‖ u32 length ‖ value`. */
function encodeHandOver(secrets: Secret[], held: Uint8Array): Uint8Array {
  const values = secrets.flatMap((s) => {
    const name = utf8(s.name);
    return [u32(name.length), name, u32(s.reveal().length), s.reveal()];
  });
  return concat(u32(held.length), held, ...values);
}

function decodeHandOver(frame: Uint8Array): { secrets: Secret[]; held: Uint8Array } {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  let at = 0;
  const take = () => {
    const length = view.getUint32(at);
    at += 4 + length;
    return frame.slice(at - length, at);
  };
  const held = take();
  const secrets: Secret[] = [];
  while (at < frame.length) secrets.push(new Secret(new TextDecoder().decode(take()), take()));
  frame.fill(0);
  return { secrets, held };
}

async function writeDescriptor(fd: number, bytes: Uint8Array): Promise<void> {
  const copy = new Uint8Array(bytes);
  for (let at = 0; at < copy.length;) {
    const n = Number(await libc().write(fd, copy.subarray(at), BigInt(copy.length - at)));
    // The custodian is gone: its pipe is closed too, and nothing can leak through it.
    if (n < 0) break;
    at += n;
  }
  copy.fill(0);
}

async function readDescriptor(fd: number): Promise<Uint8Array> {
  const reader = new PipeReader(fd);
  const parts: Uint8Array[] = [];
  let size = 0;
  for (let part = await reader.next(); part !== null; part = await reader.next()) {
    size += part.length;
    if (size > MAX_VALUES) throw new RangeError("Cannot take custody: more values than a runner sends");
    parts.push(part.slice());
  }
  reader.close();
  const all = concat(...parts);
  for (const part of parts) part.fill(0);
  return all;
}
