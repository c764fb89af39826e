/** What a person at a terminal sees, and what never appears on their screen. */
import assert from "node:assert/strict";
import { newCanary } from "../kit/canary.ts";
import { leftOut } from "../kit/left_out.ts";
import { noTerminalReason, onTerminal } from "./terminal_session.ts";
import { PASSPHRASE, runCommand, TestHome } from "./test_home.ts";

const here = leftOut(noTerminalReason());
const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, ...here, fn });

test("init shows the recovery code once, asks two groups back, and never the passphrase", async () => {
  await using home = new TestHome();
  const group = (screen: string) => {
    const code = /^ {4}([0-9A-Z-]{20,})\s*$/m.exec(screen)?.[1]?.split("-") ?? [];
    const asked = [...screen.matchAll(/type group (\d+)/g)].at(-1)?.[1];
    return `${code[Number(asked) - 1]?.toLowerCase()}\r`;
  };
  const shown = await onTerminal(home.command(["init", "--kdf-memory", "64"]), [
    { expect: `New passphrase of ${home.dir}: `, type: `x\x15${PASSPHRASE}é!\x7f\x7f\r` },
    { expect: "The same again: ", type: `${PASSPHRASE}\r` },
    { expect: "of 9: ", type: "nope\r" },
    { expect: "of 9: ", type: group },
    { expect: "of 9: ", type: group },
  ]);
  assert.equal(shown.left, 0, shown.screen);
  assert.equal(shown.status, 0, shown.screen);
  assert.match(shown.screen, /Strength: (fair|good)/);
  assert.match(shown.screen, /That is not it/);
  assert.match(shown.screen, /Vault made at/);
  assert.deepEqual(home.leaks({ passphrase: PASSPHRASE }, shown.screen), []);
  assert.equal(shown.screen.split("\n    ").length, 2, "the code is shown once");
  assert.equal((await home.run(["unlock", "--again"])).status, 0, "line editing gave the passphrase that was meant");
});

test("a typed value is never on the screen, and Ctrl-C gives the terminal back", async () => {
  await using home = await TestHome.initialised();
  const [first, second] = [newCanary(), newCanary()];
  const added = await onTerminal(home.command(["add", "FIRST_KEY", "SECOND_KEY"]), [
    { expect: "Choose 1 or 2: ", type: "1\r" },
    { expect: `Passphrase of ${home.dir}: `, type: `${PASSPHRASE}\r` },
    { expect: "Value of FIRST_KEY: ", type: `${first}\r` },
    { expect: "Value of SECOND_KEY: ", type: `${second}\r` },
  ]);
  assert.equal(added.status, 0, added.screen);
  assert.match(added.screen, /Stored FIRST_KEY[^]*Stored SECOND_KEY/);
  assert.deepEqual(home.leaks({ first, second, passphrase: PASSPHRASE }, added.screen), []);

  const script = `${home.command(["add", "THIRD_KEY", "--inject", "env"]).join(" ")}; echo "status $?"; stty -a`;
  const left = await onTerminal(["bash", "-c", script], [{ expect: "Passphrase", type: "half\x03" }]);
  assert.match(left.screen, /interrupted/);
  assert.match(left.screen, /status 130/);
  assert.match(left.screen, / icanon[^]* echo /, "the terminal echoes again");
  assert.ok(!left.screen.includes("half"));
});

test("a pasted key of several lines is one value, and unmarked lines never reach the shell", async () => {
  await using home = await TestHome.initialised();
  const [head, tail] = [newCanary(), newCanary()];
  const pasted = await onTerminal(home.command(["add", "PEM_KEY", "--inject", "env"]), [
    { expect: "Passphrase", type: `${PASSPHRASE}\r` },
    { expect: "Value of PEM_KEY: ", type: `\x1b[200~${head}\r\n${tail}\r\x1b[201~\r` },
  ]);
  assert.equal(pasted.status, 0, pasted.screen);
  assert.deepEqual(home.leaks({ head, tail }, pasted.screen), []);
  const lines = await home.run(["run", "--secret", "PEM_KEY=K", "--", "sh", "-c", 'printf "%s" "$K" | wc -l'], {
    passphrase: null,
  });
  assert.equal(lines.stdout.trim(), "1", lines.stderr);

  const script = `${
    home.command(["add", "OTHER_KEY", "--inject", "env"]).join(" ")
  }; read -t 0.3 rest; echo "rest=[$rest]"`;
  const unmarked = await onTerminal(["bash", "-c", script], [
    { expect: "Passphrase", type: `${PASSPHRASE}\r` },
    { expect: "Value of OTHER_KEY: ", type: `${head}\r${tail}\rmore\r` },
  ]);
  assert.match(unmarked.screen, /several lines came at once/);
  assert.match(unmarked.screen, /rest=\[\]/);
  assert.deepEqual(home.leaks({ head, tail }, unmarked.screen), []);
});

test("a weak value is explained and stored only if the person insists", async () => {
  await using home = await TestHome.initialised();
  const steps = (reply: string) => [
    { expect: "Passphrase", type: `${PASSPHRASE}\r` },
    { expect: "Value of PIN: ", type: "4711\r" },
    { expect: "marked as weak? [y/N] ", type: `${reply}\r` },
  ];
  const declined = await onTerminal(home.command(["add", "PIN", "--inject", "env"]), steps("n"));
  assert.equal(declined.status, 4, declined.screen);
  assert.equal((await home.run(["show", "PIN"], { passphrase: null })).status, 7);
  const insisted = await onTerminal(home.command(["add", "PIN", "--inject", "env"]), steps("y"));
  assert.equal(insisted.status, 0, insisted.screen);
  assert.ok(!insisted.screen.includes("4711"));
});

test("remove asks, and does nothing without a yes", async () => {
  await using home = await TestHome.initialised();
  await home.store("GONE_KEY", newCanary());
  const kept = await onTerminal(home.command(["remove", "GONE_KEY"]), [{ expect: "[y/N] ", type: "\r" }]);
  assert.match(kept.screen, /Nothing was removed/);
  assert.equal((await home.run(["show", "GONE_KEY"], { passphrase: null })).status, 0);
  const interrupted = await onTerminal(home.command(["remove", "GONE_KEY"]), [{ expect: "[y/N] ", type: "\x03" }]);
  assert.match(interrupted.screen, /\ntacit: error: Cannot go on: interrupted/, "the message has a line of its own");
  assert.equal(interrupted.status, 130);
  const gone = await onTerminal(home.command(["remove", "GONE_KEY"]), [
    { expect: "[y/N] ", type: "y\r" },
    { expect: "Passphrase", type: `${PASSPHRASE}\r` },
  ]);
  assert.match(gone.screen, /Removed GONE_KEY/);
  assert.equal((await home.run(["show", "GONE_KEY"], { passphrase: null })).status, 7);
});

test("without a terminal, a prompt says how to do without", async () => {
  await using home = await TestHome.initialised();
  // The tester may have a terminal of their own; setsid takes it away.
  const detached = await runCommand(["setsid", "-w", ...home.command(["unlock", "--again"])]);
  assert.equal(detached.status, 2);
  assert.match(detached.stderr, /^tacit: error: Cannot ask: there is no terminal\ntacit: hint: .*--passphrase-fd N\n$/);
});

test("a mistyped passphrase may be typed again, three times in all", async () => {
  await using home = await TestHome.initialised();
  await home.run(["lock"], { passphrase: null });
  const asked = `Passphrase of ${home.dir}: `;
  const again = await onTerminal(home.command(["unlock"]), [
    { expect: asked, type: "not it\r" },
    { expect: asked, type: `${PASSPHRASE}\r` },
  ]);
  assert.equal(again.status, 0, again.screen);
  assert.match(again.screen, /That is not the passphrase; try again/);
  await home.run(["lock"], { passphrase: null });
  const wrong = { expect: asked, type: "not it\r" };
  const ended = await onTerminal(home.command(["unlock"]), [wrong, wrong, wrong, wrong]);
  assert.equal(ended.left, 1, ended.screen);
  assert.equal(ended.status, 5, ended.screen);
});
