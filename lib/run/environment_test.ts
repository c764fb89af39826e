import assert from "node:assert/strict";
import { utf8 } from "../bytes.ts";
import { homesOf } from "../paths.ts";
import { Secret } from "../secret.ts";
import { childEnvironment, InjectionError } from "./environment.ts";
import { OneShotFiles } from "./one_shot.ts";

const CANARY = "made-up-canary-7hQ2vXw9";

function files(): { oneShot: OneShotFiles; directory: string } & Disposable {
  const directory = Deno.makeTempDirSync({ prefix: "tacit-files-" });
  const homes = { ...homesOf(directory), oneShot: `${directory}/files` };
  const remove = () => Deno.removeSync(directory, { recursive: true });
  return { oneShot: new OneShotFiles(homes), directory, [Symbol.dispose]: remove };
}

function texts(entries: Uint8Array[]): string[] {
  return entries.map((e) => new TextDecoder().decode(e));
}

Deno.test("childEnvironment() adds the value and keeps the rest", () => {
  using place = files();
  const { oneShot } = place;
  const injections = [{ secret: new Secret("A", utf8(CANARY)), variable: "TOKEN", mode: "env" as const }];
  const env = childEnvironment({ PATH: "/bin", TOKEN: "old" }, injections, oneShot);
  assert.deepEqual(texts(env), ["PATH=/bin", `TOKEN=${CANARY}`]);
});

Deno.test("childEnvironment() keeps bytes that are not UTF-8", () => {
  using place = files();
  const { oneShot } = place;
  const injections = [{ secret: new Secret("A", Uint8Array.of(0xff, 0xfe, 10)), variable: "T", mode: "env" as const }];
  assert.deepEqual([...childEnvironment({}, injections, oneShot)[0] ?? []], [84, 61, 0xff, 0xfe, 10]);
});

Deno.test("childEnvironment() refuses a NUL and an oversized value without telling it", () => {
  using place = files();
  const { oneShot } = place;
  for (const value of [utf8(`${CANARY}\0x`), new Uint8Array(131072).fill(65)]) {
    const injections = [{ secret: new Secret("BIG", value), variable: "T", mode: "env" as const }];
    assert.throws(() => childEnvironment({}, injections, oneShot), (e) => {
      assert.ok(e instanceof InjectionError);
      assert.match(e.message, /"BIG"/);
      assert.ok(!`${e.message}${e.hint}`.includes(CANARY));
      return true;
    });
  }
});

Deno.test("a value injected as a file is 0600, and gone afterwards", () => {
  using place = files();
  const { oneShot } = place;
  const injections = [{ secret: new Secret("KEY", utf8(CANARY)), variable: "KEY_FILE", mode: "file" as const }];
  const [entry = ""] = texts(childEnvironment({}, injections, oneShot));
  const path = entry.replace("KEY_FILE=", "");
  assert.equal(Deno.readTextFileSync(path), CANARY);
  assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  oneShot.remove();
  assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
});

Deno.test("one-shot files are refused in a directory that others can enter", () => {
  using place = files();
  const { oneShot, directory } = place;
  Deno.mkdirSync(`${directory}/files`, { mode: 0o755 });
  Deno.chmodSync(`${directory}/files`, 0o755);
  assert.throws(() => oneShot.write("KEY", utf8(CANARY)), /not yours alone/);
});

Deno.test("one-shot files lie in memory where the platform has a memory file system", () => {
  if (Deno.build.os !== "linux") return console.log("skipped: no tmpfs on this platform");
  assert.match(homesOf("/some/home").oneShot, /^\/dev\/shm\/tacit-/);
  assert.notEqual(homesOf("/some/home").oneShot, homesOf("/other/home").oneShot);
});

Deno.test("a variable may be as long as the kernel takes it, and not by one byte longer", () => {
  // MAX_ARG_STRLEN: name, equals sign and final NUL included.
  const most = 131_072 - "TOKEN=".length - 1;
  const build = (length: number) =>
    childEnvironment({}, [{
      secret: new Secret("A", new Uint8Array(length).fill(0x78)),
      variable: "TOKEN",
      mode: "env",
    }], null);
  assert.equal(build(most)[0]?.length, 131_071);
  assert.throws(() => build(most + 1), InjectionError);
  const entry = new TextDecoder().decode(build(most)[0]);
  const ran = new Deno.Command("/bin/sh", {
    args: ["-c", 'printf %s "${#TOKEN}"'],
    clearEnv: true,
    env: { TOKEN: entry.slice("TOKEN=".length) },
  }).outputSync();
  assert.equal(new TextDecoder().decode(ran.stdout), `${most}`);
});
