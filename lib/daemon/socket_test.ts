import assert from "node:assert/strict";
import { join } from "node:path";
import { homesOf } from "../paths.ts";
import { listenAt, MAX_SOCKET_PATH_BYTES, privateDirectory, SocketError, takeLock } from "./socket.ts";

function inTemporary(name: string, work: (directory: string) => void | Promise<void>): void {
  Deno.test(name, async () => {
    const directory = Deno.makeTempDirSync();
    try {
      await work(directory);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  });
}

inTemporary("a missing directory is made 0700, whatever the umask", (directory) => {
  const before = Deno.umask(0);
  try {
    privateDirectory(join(directory, "a", "b"));
  } finally {
    Deno.umask(before);
  }
  assert.equal(Deno.statSync(join(directory, "a", "b")).mode! & 0o777, 0o700);
});

inTemporary("a directory that is open to others, a link or a file is refused and left alone", (directory) => {
  const [open, link, file] = ["open", "link", "file"].map((name) => join(directory, name)) as [string, string, string];
  Deno.mkdirSync(open, { mode: 0o700 });
  Deno.chmodSync(open, 0o750);
  Deno.mkdirSync(join(directory, "target"), { mode: 0o700 });
  Deno.symlinkSync(join(directory, "target"), link);
  Deno.writeTextFileSync(file, "");
  for (const path of [open, link, file]) {
    assert.throws(() => privateDirectory(path), (e: unknown) => e instanceof SocketError && e.message.includes(path));
  }
  assert.equal(Deno.statSync(open).mode! & 0o777, 0o750);
});

inTemporary("a directory of another user is refused", (directory) => {
  if (Deno.uid() !== 0) return console.log("skipped: only root can give a directory away");
  const path = join(directory, "theirs");
  Deno.mkdirSync(path, { mode: 0o700 });
  Deno.chownSync(path, 65534, 65534);
  assert.throws(() => privateDirectory(path), /another user/);
});

inTemporary("one holder of the lock at a time; it is free again after release", (directory) => {
  const homes = homesOf(directory);
  privateDirectory(homes.runtime);
  const first = takeLock(homes);
  assert.ok(first !== null);
  assert.equal(takeLock(homes), null);
  first.release();
  const second = takeLock(homes);
  assert.ok(second !== null);
  second.release();
});

inTemporary("a lock that is a FIFO or a link is refused at once and leads nowhere", (directory) => {
  const homes = homesOf(directory);
  privateDirectory(homes.runtime);
  const [path, elsewhere] = [join(homes.runtime, "daemon.lock"), join(directory, "elsewhere")];
  const refused = (error: unknown) => error instanceof SocketError && error.message.includes(path);
  Deno.symlinkSync(elsewhere, path);
  assert.throws(() => takeLock(homes), refused);
  assert.throws(() => Deno.lstatSync(elsewhere), Deno.errors.NotFound);
  Deno.removeSync(path);
  assert.ok(new Deno.Command("mkfifo", { args: [path] }).outputSync().success);
  assert.throws(() => takeLock(homes), refused);
});

inTemporary("the socket is 0600 from the first moment, and the umask is as before", (directory) => {
  const before = Deno.umask(0o022);
  try {
    const listener = listenAt(join(directory, "s"));
    assert.equal(Deno.lstatSync(join(directory, "s")).mode! & 0o777, 0o600);
    assert.equal(Deno.umask(), 0o022);
    listener.close();
  } finally {
    Deno.umask(before);
  }
});

inTemporary("a dead daemon's socket is replaced, any other file is not", (directory) => {
  const path = join(directory, "s");
  Deno.listen({ transport: "unix", path }).close();
  const gone = Deno.listen({ transport: "unix", path: join(directory, "t") });
  Deno.renameSync(join(directory, "t"), path);
  gone.close();
  assert.ok(Deno.lstatSync(path).isSocket);
  listenAt(path).close();
  const file = join(directory, "file");
  Deno.writeTextFileSync(file, "mine");
  assert.throws(() => listenAt(file), SocketError);
  assert.equal(Deno.readTextFileSync(file), "mine");
});

inTemporary("a path that does not fit a socket's address is refused with its size", (directory) => {
  const path = join(directory, "x".repeat(MAX_SOCKET_PATH_BYTES));
  assert.throws(() => listenAt(path), (error: unknown) => {
    assert.ok(error instanceof SocketError);
    assert.match(error.message, /the path has \d+ bytes and at most 10\d fit/);
    assert.match(error.hint, /shorter --home/);
    return true;
  });
  const longest = join(directory, "y".repeat(MAX_SOCKET_PATH_BYTES - directory.length - 1));
  listenAt(longest).close();
});
