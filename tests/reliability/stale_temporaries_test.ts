/** Promise: what a killed process left behind is swept, and nothing of such a name keeps the vault from being saved. */
import assert from "node:assert/strict";
import { leftOut, NO_SHELL } from "../kit/left_out.ts";
import { type OpenVault, openVault, put, textOf } from "../kit/open_vault.ts";

/** Above the kernel's largest process id. */
const DEAD = 2 ** 22 + 1;

const hoursAgo = new Date(Date.now() - 2 * 3_600_000);

/** A value that is replaced makes the file anew in either mode of saving. */
async function save(v: OpenVault): Promise<void> {
  const value = crypto.randomUUID();
  await v.vault.change([put("A", value)]);
  assert.equal(textOf(await v.again(), "A"), value);
}

Deno.test({
  name: "a link or a directory with a temporary file's name is left alone, and the vault is saved all the same",
  ...leftOut(NO_SHELL),
  fn: async () => {
    using v = await openVault({ A: "one" });
    const [link, empty, full] = ["link", "empty", "full"].map((name) => `${v.homes.vault}.tmp.${DEAD}.${name}`);
    Deno.symlinkSync("/nowhere/at/all", link ?? "");
    await save(v);
    Deno.mkdirSync(empty ?? "");
    Deno.utimeSync(empty ?? "", hoursAgo, hoursAgo);
    await save(v);
    Deno.mkdirSync(`${full}/sub`, { recursive: true });
    Deno.utimeSync(full ?? "", hoursAgo, hoursAgo);
    await save(v);
    for (const path of [link, empty, full]) Deno.lstatSync(path ?? "");
  },
});

Deno.test({
  name: "temporary files of the records in the state directory are swept like those of the vault",
  fn: async () => {
    using v = await openVault({ A: "one" });
    const left = [v.homes.vault, v.homes.anchor, v.homes.clockFloor].map((path) => `${path}.tmp.${DEAD}.x`);
    for (const path of left) {
      Deno.writeTextFileSync(path, "left behind", { mode: 0o600 });
      Deno.utimeSync(path, hoursAgo, hoursAgo);
    }
    await save(v);
    for (const path of left) assert.throws(() => Deno.lstatSync(path), Deno.errors.NotFound, path);
  },
});
