/** `tacit import`: names shown, all or nothing, and a rewritten file that keeps everything but the values. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { TestHome } from "./test_home.ts";

/** A value that needs no quotes in a `.env` file. */
const newCanary = () => `cnry-${crypto.randomUUID()}`;

Deno.test("import --rewrite stores the values and keeps comments, order, format and mode", async () => {
  await using home = await TestHome.initialised();
  const [github, database, pem] = [newCanary(), newCanary(), newCanary()];
  await home.store("OLD", newCanary());
  const path = join(home.base, ".env");
  const text = (a: string, b: string, c: string) =>
    `# settings\r\nPORT=3000\n\nexport GITHUB_TOKEN=${a}   # for ci\ndb-url = '${b}'\nPEM=${c}\nEMPTY=\nOLD=tacit://OLD\n`;
  Deno.writeTextFileSync(path, text(github, database, `"line\\none ${pem}\nline two"`));
  Deno.chmodSync(path, 0o640);
  const ran = await home.run(["import", path, "--rewrite", "--yes"]);
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(
    Deno.readTextFileSync(path),
    text("tacit://GITHUB_TOKEN", "x", "tacit://PEM").replace("'x'", "tacit://DB_URL"),
  );
  assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o640);
  assert.deepEqual([...Deno.readDirSync(home.base)].map((e) => e.name).sort(), [".env", "home"]);
  assert.match(ran.stdout, /^Stored GITHUB_TOKEN\nStored DB_URL\nStored PEM\nRewrote /);
  assert.match(ran.stderr, /^4 values in .*: PORT, GITHUB_TOKEN, DB_URL \(db-url\), PEM$/m);
  assert.match(ran.stderr, /^Left in the file.*: PORT\./m);
  assert.match(ran.stderr, /^Left alone.*: EMPTY, OLD$/m);
  assert.match(ran.stderr, /Copies may live on/);
  assert.deepEqual(home.leaks({ github, database, pem }, ran.stdout, ran.stderr), []);
  const used = await home.run(
    ["run", "--env-file", path, "--", "sh", "-c", 'printf "%s|%s|%s" "${#GITHUB_TOKEN}" "$PORT" "$PEM" | wc -l'],
    { passphrase: null },
  );
  assert.equal(used.stdout.trim(), "2", used.stderr);
});

Deno.test("import stores nothing if one line cannot be read, one name is taken, or nobody can agree", async () => {
  await using home = await TestHome.initialised();
  const value = newCanary();
  const path = join(home.base, ".env");
  const cases: [string, RegExp, number][] = [
    [`GOOD=${value}\nthis is no assignment\n`, /line 2: expected NAME=value/, 2],
    [`GOOD=${value}\nBAD="never closed\n`, /line 2: its quote is never closed/, 2],
    [`GOOD=${value}\nBAD="x" trailing\n`, /line 2: something follows the closing quote/, 2],
    [`GOOD=${value}\ngood=${value}\n`, /lines 1 and 2 both set GOOD/, 2],
    [`_GOOD=${value}\n`, /line 1 .*cannot become a secret's name/, 2],
    ["# nothing\n", /it holds no value/, 2],
  ];
  for (const [text, expected, status] of cases) {
    Deno.writeTextFileSync(path, text);
    const ran = await home.run(["import", path, "--yes"]);
    assert.equal(ran.status, status, ran.stderr);
    assert.match(ran.stderr, expected);
    assert.deepEqual(home.leaks({ value }, ran.stdout, ran.stderr), []);
    assert.equal(Deno.readTextFileSync(path), text);
  }
  Deno.writeTextFileSync(path, `GOOD=${value}\n`);
  const unasked = await home.run(["import", path]);
  assert.equal(unasked.status, 2);
  assert.match(unasked.stderr, /nobody can be asked to confirm[^]*--yes/);
  assert.equal((await home.run(["list"], { passphrase: null })).stdout, "");
  assert.equal((await home.run(["import", path, "--yes"])).status, 0);
  const taken = await home.run(["import", path, "--yes"]);
  assert.equal(taken.status, 7);
  assert.match(taken.stderr, /GOOD: there is a secret of this name; nothing was imported/);
  for (const odd of ["/dev/zero", home.base, join(home.base, "missing")]) {
    const ran = await home.run(["import", odd, "--yes"]);
    assert.equal(ran.status, 2);
    assert.ok(ran.ms < 30_000);
  }
});

Deno.test("import warns of a file that git tracks, and that $ is not expanded", async () => {
  await using home = await TestHome.initialised();
  const path = join(home.base, ".env");
  Deno.writeTextFileSync(path, `TOKEN=${newCanary()}$HOME\n`);
  const git = (...args: string[]) => new Deno.Command("git", { args, cwd: home.base, stdout: "null" }).output();
  await git("init", "-q");
  await git("add", ".env");
  const ran = await home.run(["import", path, "--rewrite", "--yes"], { cwd: "/" });
  assert.equal(ran.status, 0, ran.stderr);
  assert.match(ran.stderr, /warning: .*tracked by git/);
  assert.match(ran.stderr, /warning: \$ is taken as it stands.*: TOKEN/);
});
