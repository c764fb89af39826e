import assert from "node:assert/strict";
import { foreignMappings, type HardenOptions } from "./harden.ts";

Deno.test("system libraries and the program itself are not foreign, anything else that is mapped executable is", () => {
  const maps = [
    "7f00-7f01 r-xp 00000000 08:01 11 /usr/lib/x86_64-linux-gnu/libc.so.6",
    "7f01-7f02 r-xp 00000000 08:01 12 /lib64/ld-linux-x86-64.so.2",
    "7f02-7f03 r-xp 00000000 08:01 13 /home/u/.local/share/tacit/bin/tacit (deleted)",
    "7f03-7f04 r--p 00000000 08:01 14 /home/u/data.bin",
    "7f04-7f05 rwxp 00000000 00:00 0 ",
    "7f05-7f06 r-xp 00000000 00:00 0 [vdso]",
    "7f06-7f07 r-xp 00000000 08:01 15 /tmp/evil hook.so",
    "7f07-7f08 r-xp 00000000 08:01 16 /home/u/lib/libx.so",
  ].join("\n");
  assert.deepEqual(foreignMappings(maps, "/home/u/.local/share/tacit/bin/tacit"), [
    "/tmp/evil hook.so",
    "/home/u/lib/libx.so",
  ]);
});

/** What a fresh process says after `harden(options)`, started with `env` besides its own. */
function hardened(options: HardenOptions, env: Record<string, string>): Hardened {
  const room = new URL("harden.ts", import.meta.url).href;
  const program = `
    import { foreignCode, harden } from ${JSON.stringify(room)};
    const held = harden(${JSON.stringify(options)});
    const umask = Deno.umask();
    const left = Object.keys(Deno.env.toObject());
    console.log(JSON.stringify({ held, foreign: foreignCode(), left, umask, directory: Deno.cwd() }));
  `;
  const file = Deno.makeTempFileSync({ suffix: ".ts" });
  try {
    Deno.writeTextFileSync(file, program);
    const kept = Object.fromEntries(["HOME", "DENO_DIR"].flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    }));
    const { stdout, stderr } = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--no-lock", "--no-config", file],
      clearEnv: true,
      env: { ...kept, ...env },
    }).outputSync();
    const text = new TextDecoder().decode(stdout);
    assert.notEqual(text, "", new TextDecoder().decode(stderr));
    return JSON.parse(text);
  } finally {
    Deno.removeSync(file);
  }
}

interface Hardened {
  held: Record<string, boolean>;
  foreign: string[];
  left: string[];
  umask: number;
  directory: string;
}

Deno.test("a variable by which the loader brings in foreign code is seen, and what came in is told", () => {
  assert.deepEqual(hardened({}, {}).held["loader"], true);
  for (const name of ["LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES"]) {
    // The loader passes over what is not there, so that only the variable tells.
    const { held, foreign } = hardened({}, { [name]: "/nowhere/at/all.so" });
    assert.equal(held["loader"], false, name);
    assert.deepEqual(foreign, [name]);
    assert.equal(hardened({ ignoreLoader: true }, { [name]: "/nowhere/at/all.so" }).held["loader"], undefined);
  }
});

Deno.test("of the starter's environment, umask and directory nothing is left where that was asked for", () => {
  const planted = { HTTPS_PROXY: "http://localhost:1", DENO_CERT: "/nowhere", SECRET: "x" };
  const all = hardened({ clearEnvironment: true, directory: "/" }, planted);
  assert.deepEqual([all.left, all.umask, all.directory], [[], 0o077, "/"]);
  assert.deepEqual([all.held["environment"], all.held["umask"], all.held["directory"]], [true, true, true]);
  const little = hardened({ keepUmask: true }, planted);
  assert.ok(Object.keys(planted).every((name) => little.left.includes(name)));
  assert.equal(little.held["umask"], undefined);
});
