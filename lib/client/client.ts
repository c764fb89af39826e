/**
 * The asking side of both sockets. On the path of every hook: no npm module, no work at import, every wait bounded.
 * docs/protocol.md.
 *
 * Before it sends anything it makes sure that the socket lies in a directory that only this user can change; whoever
 * could replace it there could also replace tacit itself.
 */
import type { Homes } from "../paths.ts";
import { encodeFrame, type Frame, FrameError, FrameReader, readReply } from "../protocol/frame.ts";
import { type RefusalCode, REFUSALS } from "../protocol/refusals.ts";

/** How long a person's command waits for one answer. */
export const CLIENT_WAIT_MS = 2_000;
/** How long a hook waits for one answer: agents give hooks more, a busy machine may need it. */
export const HOOK_WAIT_MS = 5_000;

/** The daemon said no. `code` is stable; `hint` may be empty. */
export class RefusedError extends Error {
  readonly code: RefusalCode;
  readonly hint: string;
  constructor(code: RefusalCode, message: string, hint: string) {
    super(message);
    this.name = "RefusedError";
    this.code = code;
    this.hint = hint;
  }
}

/** No daemon answered: none runs, it is not ours, it is stuck, or it speaks something else. */
export class UnreachableError extends Error {
  readonly hint = "tacit unlock";
  constructor(state: string) {
    super(`Cannot reach "the tacit daemon": ${state}`);
    this.name = "UnreachableError";
  }
}

/** How long to wait, and where. */
export interface AskOptions {
  timeoutMs?: number;
  /** Ask on `admin.sock` in place of `use.sock`. */
  admin?: boolean;
}

/**
 * Opens a connection.
 * @throws {UnreachableError} if none can be had in time.
 */
export async function connect(socketPath: string, options: AskOptions = {}): Promise<Deno.Conn> {
  checkOwner(socketPath);
  let late = false;
  const opening = Deno.connect({ transport: "unix", path: socketPath });
  opening.then((socket) => late && socket.close(), () => {});
  try {
    return await within(opening, options.timeoutMs ?? CLIENT_WAIT_MS, () => late = true);
  } catch (error) {
    throw error instanceof UnreachableError ? error : new UnreachableError("it does not run");
  }
}

/**
 * One exchange on an open connection; exchanges on one connection follow one another.
 * @throws {RefusedError} if the daemon refuses. @throws {UnreachableError} if no answer comes in time or at all; the
 * connection is then closed. @throws {FrameError} if the request is too large.
 */
export async function request(
  connection: Deno.Conn,
  message: object,
  attachment?: Uint8Array,
  options: AskOptions = {},
): Promise<Frame> {
  const bytes = encodeFrame(message, attachment);
  let frame: Frame | null;
  try {
    frame = await within(exchange(connection, bytes), options.timeoutMs ?? CLIENT_WAIT_MS, () => hangUp(connection));
    if (frame !== null) frame = readReply(frame);
  } catch (error) {
    hangUp(connection);
    if (error instanceof UnreachableError) throw error;
    if (error instanceof FrameError && error.fault !== "cut_off") {
      throw new UnreachableError("its answer is none of this version; restart tacit");
    }
    throw new UnreachableError("it went away before it answered");
  }
  if (frame === null) {
    hangUp(connection);
    throw new UnreachableError("it closed the connection");
  }
  if (frame.message["ok"] !== true) throw refusalOf(frame.message);
  return frame;
}

/**
 * One question on a connection of its own.
 * @throws {RefusedError} @throws {UnreachableError} @throws {FrameError} as `request`.
 */
export async function ask(
  homes: Homes,
  message: object,
  attachment?: Uint8Array,
  options: AskOptions = {},
): Promise<Frame> {
  const connection = await connect(options.admin === true ? homes.adminSocket : homes.useSocket, options);
  try {
    return await request(connection, message, attachment, options);
  } finally {
    hangUp(connection);
  }
}

async function exchange(connection: Deno.Conn, bytes: Uint8Array): Promise<Frame | null> {
  // Both at once: a daemon that refuses early answers and closes before it has read everything.
  const [, frame] = await Promise.all([
    writeAll(connection, bytes).catch(() => {}),
    // It reads no byte beyond the frame, so a new reader each time loses nothing.
    new FrameReader((p) => connection.read(p)).next(),
  ]);
  return frame;
}

async function writeAll(socket: Deno.Conn, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) written += await socket.write(bytes.subarray(written));
}

function hangUp(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch { /* closed already */ }
}

function refusalOf(message: Record<string, unknown>): RefusedError {
  const text = (key: string) => typeof message[key] === "string" ? message[key] as string : "";
  const code = REFUSALS.find((known) => known === message["code"]) ?? "internal";
  return new RefusedError(code, text("message") || "Cannot answer: the daemon gave no reason", text("hint"));
}

function checkOwner(socketPath: string): void {
  const uid = Deno.uid();
  if (uid === null) return;
  let directory: Deno.FileInfo, socket: Deno.FileInfo;
  try {
    directory = Deno.lstatSync(socketPath.replace(/\/[^/]*$/, ""));
    socket = Deno.lstatSync(socketPath);
  } catch {
    throw new UnreachableError("it does not run");
  }
  if (!directory.isDirectory || directory.uid !== uid || ((directory.mode ?? 0o777) & 0o077) !== 0) {
    throw new UnreachableError("its directory is not yours alone");
  }
  if (socket.isSocket !== true || socket.uid !== uid) throw new UnreachableError("its socket is not yours");
}

async function within<T>(work: Promise<T>, ms: number, giveUp: () => void): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new UnreachableError(`no answer within ${ms} ms`));
      giveUp();
    }, ms);
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
