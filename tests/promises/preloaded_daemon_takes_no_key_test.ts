/** Promise: a daemon into which the loader brought foreign code takes no key, and says so where it runs without one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { spawnDaemon } from "../kit/daemon_process.ts";
import { exchange, setStage } from "../kit/daemon_stage.ts";

/** Some library of the system that a process can be started with. */
function someLibrary(): string | null {
  for (const place of ["/lib/x86_64-linux-gnu", "/usr/lib64", "/lib/aarch64-linux-gnu", "/usr/lib"]) {
    try {
      const path = join(place, "libm.so.6");
      Deno.statSync(path);
      return path;
    } catch { /* try the next */ }
  }
  return null;
}

Deno.test("started under LD_PRELOAD, it refuses the key", async () => {
  const library = Deno.build.os === "linux" ? someLibrary() : null;
  if (library === null) return console.log("skipped: no library to preload");
  await using stage = await setStage();
  for (const name of ["LD_PRELOAD", "LD_AUDIT"]) {
    const daemon = await spawnDaemon(stage, {
      key: true,
      env: { [name]: name === "LD_PRELOAD" ? library : "/nowhere.so" },
    });
    assert.equal(daemon.reply?.["ok"], false);
    assert.equal(daemon.reply?.["code"], "unsafe_process");
    assert.match(String(daemon.reply?.["message"]), new RegExp(name));
    assert.equal((await daemon.printed).code, 1);
    await assert.rejects(exchange(stage.homes, { verb: "status" }));
  }
});

Deno.test("started under LD_PRELOAD without a key, status shows it", async () => {
  const library = Deno.build.os === "linux" ? someLibrary() : null;
  if (library === null) return console.log("skipped: no library to preload");
  await using stage = await setStage();
  const daemon = await spawnDaemon(stage, { env: { LD_PRELOAD: library } });
  try {
    const { message } = await exchange(stage.homes, { verb: "status" });
    assert.equal((message["hardening"] as Record<string, boolean>)["loader"], false);
    assert.equal(message["state"], "never_unlocked");
  } finally {
    await daemon.stop();
  }
});

Deno.test("a library from an unusual place is seen even where no variable is left to tell", async () => {
  const library = Deno.build.os === "linux" ? someLibrary() : null;
  if (library === null) return console.log("skipped: no library to preload");
  const directory = Deno.makeTempDirSync();
  try {
    const copy = join(directory, "harmless.so");
    Deno.copyFileSync(library, copy);
    const script = `
      import { foreignCode, harden } from ${JSON.stringify(new URL("../../lib/harden.ts", import.meta.url).href)};
      Deno.dlopen(${JSON.stringify(copy)}, { cos: { parameters: ["f64"], result: "f64" } });
      const held = harden();
      console.log(JSON.stringify({ loader: held.loader, found: foreignCode() }));
    `;
    const path = join(directory, "probe.ts");
    Deno.writeTextFileSync(path, script);
    const output = await new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--no-check", "--no-config", path] })
      .output();
    assert.deepEqual(JSON.parse(new TextDecoder().decode(output.stdout)), { loader: false, found: [copy] });
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("the control: started without foreign code it takes the key", async () => {
  await using stage = await setStage();
  const daemon = await spawnDaemon(stage, { key: true });
  assert.equal(daemon.reply?.["ok"], true);
  await daemon.stop();
});
