import assert from "node:assert/strict";
import { userInfo } from "node:os";
import { homesOf } from "./paths.ts";

Deno.test("the default home comes from the user database, not from the environment", () => {
  const before = new Map(
    ["HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "TACIT_HOME"].map((name) =>
      [name, Deno.env.get(name)] as const
    ),
  );
  try {
    for (const name of before.keys()) Deno.env.set(name, "/somewhere/of/a/project");
    const homes = homesOf(null);
    assert.equal(homes.chosen, null);
    assert.ok(homes.data.startsWith(`${userInfo().homedir}/`), homes.data);
    assert.ok(!JSON.stringify(homes).includes("project"));
  } finally {
    for (const [name, value] of before) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  }
});

Deno.test("a chosen home holds everything but one-shot files", () => {
  const { chosen, oneShot: _memory, ...places } = homesOf("/some/home");
  assert.equal(chosen, "/some/home");
  for (const [name, path] of Object.entries(places)) {
    assert.ok(path === "/some/home" || path?.startsWith("/some/home/"), name);
  }
});

Deno.test("another user who takes the name of the one-shot directory keeps nothing from working", () => {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return console.log("skipped: needs a second user");
  const home = `/some/home-${crypto.randomUUID()}`;
  const { oneShot, runtime } = homesOf(home);
  assert.notEqual(oneShot, `${runtime}/files`);
  Deno.mkdirSync(oneShot, { mode: 0o755 });
  try {
    assert.equal(homesOf(home).oneShot, oneShot);
    Deno.chownSync(oneShot, 65534, 65534);
    assert.equal(homesOf(home).oneShot, `${runtime}/files`);
  } finally {
    Deno.removeSync(oneShot);
  }
});
