/** Files that are not what they should be: a typed error in under a second, the right exit code, and nothing lost. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { newCanary } from "../kit/canary.ts";
import { runCommand, TestHome } from "./test_home.ts";

/** Fails unless `ms` is a few seconds on top of what the runtime itself takes on this machine now: it may be busy. */
async function assertSoon(home: TestHome, ms: number): Promise<void> {
  const floor = (await home.run(["--version"], { passphrase: null })).ms;
  assert.ok(ms < 10_000 + 10 * floor, `${ms} ms, where the empty call takes ${floor} ms`);
}

let template: string | null = null;

/** A home with one secret, locked, and its vault's bytes; a copy of one that was made once. */
async function lockedHome(): Promise<{ home: TestHome; vault: string; bytes: Uint8Array }> {
  if (template === null) {
    const first = await TestHome.initialised();
    await first.store("API_KEY", newCanary());
    await first.stop();
    template = Deno.makeTempDirSync({ prefix: "tacit-cli-template-" });
    copyTree(first.dir, template);
    await first[Symbol.asyncDispose]();
  }
  const home = new TestHome();
  Deno.mkdirSync(home.dir, { mode: 0o700 });
  copyTree(template, home.dir);
  const vault = join(home.dir, "vault.asv1");
  return { home, vault, bytes: Deno.readFileSync(vault) };
}

function copyTree(from: string, to: string): void {
  for (const entry of Deno.readDirSync(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory) {
      Deno.mkdirSync(target, { mode: 0o700 });
      copyTree(source, target);
    } else if (entry.isFile) Deno.copyFileSync(source, target);
  }
}

globalThis.addEventListener("unload", () => {
  if (template !== null) Deno.removeSync(template, { recursive: true });
});

const flip = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => i === at ? byte ^ 1 : byte);

const FAULTS: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  "an empty file": () => new Uint8Array(0),
  "a text file": () => new TextEncoder().encode("# not a vault\n".repeat(20)),
  "a PNG": () => Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, ...new Uint8Array(500)]),
  "a vault of a later version": (bytes) => flip(flip(bytes, 9), 9).map((byte, i) => i === 9 ? 2 : byte),
  "a header with one flipped bit": (bytes) => flip(bytes, 100),
  "a body with one flipped bit": (bytes) => flip(bytes, bytes.length - 200),
  "a file that was cut in half": (bytes) => bytes.slice(0, bytes.length >> 1),
  "a file that was cut in the header": (bytes) => bytes.slice(0, 80),
};

for (const [name, damage] of Object.entries(FAULTS)) {
  Deno.test(`unlock with ${name} says so and leaves the file alone`, async () => {
    const { home, vault, bytes } = await lockedHome();
    await using _ = home;
    const damaged = damage(bytes);
    Deno.writeFileSync(vault, damaged);
    const ran = await home.run(["unlock", "--again"]);
    assert.equal(ran.status, 6, `${ran.stdout}${ran.stderr}`);
    assert.match(ran.stderr, /^tacit: error: Cannot .*[^.]\n(tacit: hint: .+\n)?$/);
    assert.equal(ran.stdout, "");
    await assertSoon(home, ran.ms);
    assert.deepEqual(Deno.readFileSync(vault), damaged);
    Deno.writeFileSync(vault, bytes);
    const again = await home.run(["unlock", "--again"]);
    assert.equal(again.status, 0, again.stderr);
    assert.match((await home.run(["list"], { passphrase: null })).stdout, /^API_KEY /m);
  });
}

Deno.test("unlock with a write that was cut short says so and goes on with what was there before", async () => {
  const { home, vault, bytes } = await lockedHome();
  await using _ = home;
  Deno.writeFileSync(vault, Uint8Array.from([...bytes, ...new Uint8Array(500).fill(7)]));
  const ran = await home.run(["unlock", "--again"]);
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stderr, /^tacit: warning: .*cut short/);
  assert.match((await home.run(["list"], { passphrase: null })).stdout, /^API_KEY /m);
});

Deno.test("an older vault file is refused until exactly the file that was shown is accepted, and the audit log keeps that", async () => {
  const { home, vault, bytes } = await lockedHome();
  await using _ = home;
  assert.equal((await home.run(["unlock"])).status, 0);
  await home.store("NEWER_KEY", newCanary());
  await home.stop();
  Deno.writeFileSync(vault, bytes);
  const refused = await home.run(["unlock"]);
  assert.equal(refused.status, 6, refused.stdout);
  const shown = /--accept-rollback=(\d+-[0-9a-f]{8})\)\n$/.exec(refused.stderr)?.[1] ?? "";
  assert.notEqual(shown, "", refused.stderr);
  const bare = await home.run(["unlock", "--accept-rollback"]);
  assert.equal(bare.status, 2, "a script must name the file");
  assert.match(bare.stderr, /has seen|generation \d+ \([^)]+\)/);
  assert.match(bare.stderr, /NEWER_KEY stored/, "the log tells what is lost");
  assert.ok(bare.stderr.includes(`--accept-rollback=${shown}`), bare.stderr);
  const other = shown.replace(/.$/, (c) => c === "0" ? "1" : "0");
  assert.equal((await home.run(["unlock", `--accept-rollback=${other}`])).status, 6);
  const accept = ["unlock", `--accept-rollback=${shown}`];
  assert.equal((await home.run(accept, { passphrase: "wrong horse 7 battery" })).status, 5);
  assert.equal((await home.run(["unlock"])).status, 6, "nothing was accepted so far");
  const accepted = await home.run(accept);
  assert.equal(accepted.status, 0, accepted.stderr);
  assert.doesNotMatch((await home.run(["list"], { passphrase: null })).stdout, /NEWER_KEY/);
  const { records } = JSON.parse((await home.run(["audit", "--json"], { passphrase: null })).stdout);
  assert.ok(
    records.some((r: { event: string; decision: string }) => r.event === "accept_rollback" && r.decision === "alarm"),
  );
  assert.equal((await home.run(["audit", "verify"], { passphrase: null })).status, 0);
  const again = await home.run(["unlock", "--accept-rollback"]);
  assert.match(again.stderr, /Nothing needs to be accepted/);
  assert.equal(again.status, 0, again.stderr);
});

const PLACES: Record<string, (vault: string) => void> = {
  "a directory": (vault) => Deno.mkdirSync(vault),
  "a FIFO": (vault) => void new Deno.Command("mkfifo", { args: [vault] }).outputSync(),
  "a symbolic link": (vault) => Deno.symlinkSync("/etc/hostname", vault),
  "a file that others may read": (vault) => {
    Deno.writeFileSync(vault, new Uint8Array(100));
    Deno.chmodSync(vault, 0o644);
  },
  "an oversized file": (vault) => {
    Deno.writeFileSync(vault, new Uint8Array(8), { mode: 0o600 });
    Deno.truncateSync(vault, 300 * 1024 * 1024);
  },
};

for (const [name, place] of Object.entries(PLACES)) {
  Deno.test(`unlock with ${name} in the vault's place says so at once`, async () => {
    await using home = new TestHome();
    Deno.mkdirSync(home.dir, { mode: 0o700 });
    place(join(home.dir, "vault.asv1"));
    const ran = await home.run(["unlock"]);
    assert.equal(ran.status, 6, ran.stderr);
    assert.match(ran.stderr, /^tacit: error: Cannot /);
    await assertSoon(home, ran.ms);
    assert.equal((await home.run(["init", "--no-recovery", "--kdf-memory", "64"])).status, 7, "init replaces nothing");
  });
}

Deno.test("a wrong passphrase, an empty one and a long one each end with exit 5 or 2, and the right one still works", async () => {
  const { home } = await lockedHome();
  await using _ = home;
  for (
    const [passphrase, status] of [["wrong horse 7 battery", 5], ["", 5], ["x".repeat(1025), 2], ["x".repeat(9000), 2]]
  ) {
    const ran = await home.run(["unlock"], { passphrase: passphrase as string });
    assert.equal(ran.status, status, ran.stderr);
    assert.ok(!ran.stderr.includes("wrong horse") && !ran.stderr.includes("xxx"));
  }
  const closed = await runCommand([...home.command(["unlock"]), "--passphrase-fd", "9"]);
  assert.equal(closed.status, 2);
  assert.match(closed.stderr, /descriptor 9 is not open/);
  assert.equal((await home.run(["unlock"])).status, 0);
  const { records } = JSON.parse((await home.run(["audit", "--json"], { passphrase: null })).stdout);
  const failures = records.filter((r: { code: string }) => r.code === "presence_failed");
  assert.equal(failures.length, 1, "the wrong guess left a line");
  assert.equal((await home.run(["audit", "verify"], { passphrase: null })).status, 0);
});

Deno.test("a value that is empty, too large, or holds a zero byte is refused whole", async () => {
  await using home = await TestHome.initialised();
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /the value is empty/],
    [Uint8Array.of(10), /the value is empty/],
    [new Uint8Array(1024 * 1024 + 1).fill(65), /larger than 1 MiB/],
    [new Uint8Array(9 * 1024 * 1024).fill(65), /larger than 1 MiB/],
    [Uint8Array.from([...new TextEncoder().encode(newCanary()), 0]), /zero byte/],
  ];
  for (const [stdin, expected] of cases) {
    const ran = await home.run(["add", "BIG", "--inject", "env"], { stdin });
    assert.equal(ran.status, 2, ran.stderr);
    assert.match(ran.stderr, expected);
  }
  assert.equal((await home.run(["list"], { passphrase: null })).stdout, "");
  const two = await home.run(["add", "ONE", "TWO", "--inject", "env"], { stdin: newCanary() });
  assert.equal(two.status, 2);
  assert.match(two.stderr, /one pipe: it is one value/);
});

Deno.test("a daemon that was killed is named as the reason, and nothing is lost", async () => {
  await using home = await TestHome.initialised();
  await home.store("API_KEY", newCanary());
  const { pid } = JSON.parse((await home.run(["status", "--json"], { passphrase: null })).stdout);
  Deno.kill(pid, "SIGKILL");
  for (
    const args of [["list"], ["show", "API_KEY"], ["remove", "API_KEY", "--yes"], ["edit", "API_KEY", "--kind", "x"]]
  ) {
    const ran = await home.run(args);
    assert.equal(ran.status, 3, args.join(" "));
    assert.match(ran.stderr, /the daemon does not run\ntacit: hint: tacit .*unlock\n$/);
    await assertSoon(home, ran.ms);
  }
  assert.equal((await home.run(["unlock"])).status, 0);
  assert.match((await home.run(["list"], { passphrase: null })).stdout, /^API_KEY /m);
});

Deno.test("a cut audit log is reported by audit verify and doctor", async () => {
  await using home = await TestHome.initialised();
  for (const name of ["ONE_KEY", "TWO_KEY"]) await home.store(name, newCanary());
  assert.equal((await home.run(["audit", "verify"], { passphrase: null })).status, 0);
  const dir = join(home.dir, "state", "audit");
  const file = [...Deno.readDirSync(dir)].map((e) => join(dir, e.name)).find((p) =>
    Deno.readTextFileSync(p).includes("TWO_KEY")
  );
  assert.ok(file !== undefined);
  const lines = Deno.readTextFileSync(file).split("\n");
  Deno.writeTextFileSync(file, lines.filter((line) => !line.includes("ONE_KEY")).join("\n"));
  const verified = await home.run(["audit", "verify"], { passphrase: null });
  assert.equal(verified.status, 9, verified.stdout);
  assert.match(verified.stdout, /not whole: line \d+/);
  const doctor = await home.run(["doctor"], { passphrase: null });
  assert.equal(doctor.status, 1);
  assert.match(doctor.stdout, /^fail +audit log/m);
});
