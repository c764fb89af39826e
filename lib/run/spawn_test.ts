import assert from "node:assert/strict";
import { utf8 } from "../bytes.ts";
import { closeDescriptor, kill, libc, openPipe } from "./libc.ts";
import { PipeReader } from "./pipe_reader.ts";
import { send, spawn, SpawnError, waitFor } from "./spawn.ts";

// Opened once for the whole process, so they must not be opened within a test that counts what it leaves behind.
libc();
kill(Deno.pid, 0);
for (const fd of Object.values(openPipe())) closeDescriptor(fd);

const ENV = [utf8("PATH=/usr/bin:/bin"), utf8("GREETING=hello there")];

async function output(script: string): Promise<{ text: string; status: number; signal: number | null }> {
  const pipe = openPipe();
  const pid = spawn({ argv: ["bash", "-c", script], env: ENV, stdin: 0, stdout: pipe.write, stderr: 2 });
  closeDescriptor(pipe.write);
  const reader = new PipeReader(pipe.read);
  let text = "";
  for (let part = await reader.next(); part !== null; part = await reader.next()) {
    text += new TextDecoder().decode(part);
  }
  reader.close();
  return { text, ...await waitFor(pid) };
}

Deno.test("spawn() gives the child its argv, environment and stdout", async () => {
  const ran = await output(`printf '%s|' "$GREETING" "$#" "$0"`);
  assert.deepEqual(ran, { text: "hello there|0|bash|", status: 0, signal: null });
});

Deno.test("waitFor() tells exit status from signal", async () => {
  assert.equal((await output("exit 7")).status, 7);
  assert.deepEqual(await output("kill -TERM $$"), { text: "", status: 143, signal: 15 });
});

Deno.test("spawn() starts the child with default signals: SIGPIPE is not ignored", async () => {
  const { text } = await output("grep SigIgn /proc/self/status");
  const ignored = BigInt(`0x${text.trim().split("\t")[1]}`);
  assert.equal(ignored & (1n << 12n), 0n);
});

Deno.test("spawn() leaks no pipe of ours into the child", async () => {
  const spare = openPipe();
  const { text } = await output("ls -l /proc/self/fd");
  const stray = text.split("\n").filter((l) => / ([3-9]|\d\d+) -> pipe:/.test(l));
  closeDescriptor(spare.read);
  closeDescriptor(spare.write);
  const inherited = await new Deno.Command("bash", { args: ["-c", "ls -l /proc/self/fd"] }).output();
  const before = new TextDecoder().decode(inherited.stdout).split("\n").filter((l) =>
    / ([3-9]|\d\d+) -> pipe:/.test(l)
  );
  assert.equal(stray.length, before.length, stray.join("\n"));
});

Deno.test("spawn() says what is missing", () => {
  const start = { argv: ["no-such-program-here"], env: ENV, stdin: 0, stdout: 1, stderr: 2 };
  assert.throws(() => spawn(start), (e) => e instanceof SpawnError && e.notFound);
  const directory = { ...start, argv: ["/tmp"] };
  assert.throws(() => spawn(directory), (e) => e instanceof SpawnError && !e.notFound);
});

Deno.test("send() delivers a signal to the child", async () => {
  const pipe = openPipe();
  const argv = ["bash", "-c", "trap 'echo got; exit 9' USR1; echo ready; while :; do sleep 0.02; done"];
  const pid = spawn({ argv, env: ENV, stdin: 0, stdout: pipe.write, stderr: 2 });
  closeDescriptor(pipe.write);
  const reader = new PipeReader(pipe.read);
  assert.equal(new TextDecoder().decode(await reader.next() ?? undefined), "ready\n");
  assert.ok(send(pid, 10));
  assert.equal((await waitFor(pid)).status, 9);
  reader.close();
});

Deno.test("PipeReader.stop() takes no byte that another reader should get", async () => {
  const pipe = openPipe();
  const argv = ["bash", "-c", "echo one; sleep 0.3; echo two"];
  const pid = spawn({ argv, env: ENV, stdin: 0, stdout: pipe.write, stderr: 2 });
  closeDescriptor(pipe.write);
  const first = new PipeReader(pipe.read);
  assert.equal(new TextDecoder().decode(await first.next() ?? undefined), "one\n");
  const waiting = first.next();
  first.stop();
  assert.equal(await waiting, null);
  const second = new PipeReader(first.descriptor);
  assert.equal(new TextDecoder().decode(await second.next() ?? undefined), "two\n");
  await waitFor(pid);
  second.close();
});
