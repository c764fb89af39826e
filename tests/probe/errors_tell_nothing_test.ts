/**
 * Promise: no error of any verb shows a value or a passphrase or leaves one in a file, with every debug switch on:
 * neither what was given, nor what is stored, nor what a damaged file or a foreign one holds.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { newCanary } from "../kit/canary.ts";
import { leftOut, NOT_LINUX } from "../kit/left_out.ts";
import { toolEvent, wrapped } from "./holders.ts";
import { SWITCHES } from "./switches.ts";
import { PASSPHRASE, ProbeUser, type Start } from "./user.ts";

const here = leftOut(NOT_LINUX);
const PRE = ["hook", "claude-code", "--event", "PreToolUse"];
const POST = ["hook", "claude-code", "--event", "PostToolUse"];

/** A home with a value, and a record of all that its verbs show. */
class Stage {
  readonly secrets: Record<string, string>;
  readonly shown: string[] = [];
  readonly user: ProbeUser;

  constructor(user: ProbeUser) {
    this.user = user;
    this.secrets = { stored: newCanary(), given: newCanary(), wrong: `${newCanary()} no`, passphrase: PASSPHRASE };
  }

  static async set(): Promise<Stage> {
    const stage = new Stage(await ProbeUser.unlocked());
    await stage.user.store("TOKEN", stage.secrets["stored"] ?? "");
    return stage;
  }

  get given(): string {
    return this.secrets["given"] ?? "";
  }

  /** Runs a verb that must fail, or at least not do all of what was asked. */
  async fails(args: string[], start: Start = {}): Promise<string> {
    const { code, stdout, stderr } = await this.user.run(args, { ...start, env: { ...SWITCHES, ...start.env } });
    this.shown.push(stdout, stderr);
    assert.notEqual(code, 0, `${args[0]} does not fail: ${stdout}`);
    return stderr;
  }

  /** Runs a verb of which it is enough that it ends. */
  async tries(args: string[], start: Start = {}): Promise<void> {
    const { stdout, stderr } = await this.user.run(args, { ...start, env: { ...SWITCHES, ...start.env } });
    this.shown.push(stdout, stderr);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.user[Symbol.asyncDispose]();
  }

  /** Fails if anything of it was shown or lies in a file. */
  async tellsNothing(): Promise<void> {
    assert.ok(this.shown.some((text) => text.includes("TRACE RS")), "the switches are on");
    assert.deepEqual(await this.user.leaks(this.secrets, ...this.shown), []);
  }
}

const test = (name: string, play: (stage: Stage) => Promise<void>) =>
  Deno.test({
    name,
    ...here,
    fn: async () => {
      await using stage = await Stage.set();
      await play(stage);
      await stage.tellsNothing();
    },
  });

Deno.test({
  name: "the control: a value that is shown, written, or put into a file's name is found by the same search",
  ...here,
  fn: async () => {
    await using stage = await Stage.set();
    const { user, secrets, given } = stage;
    assert.deepEqual(await user.leaks(secrets), []);
    assert.equal((await user.leaks(secrets, `error: ${encodeURIComponent(given)}`)).length > 0, true);
    for (const directory of [user.home, user.work, user.tmp, user.oneShot]) {
      const path = join(directory, "left");
      user.write(path, btoa(`..${given}`));
      assert.ok((await user.leaks(secrets)).every((leak) => leak.includes(`${directory}/left`)));
      assert.ok((await user.leaks(secrets)).length > 0, directory);
      Deno.removeSync(path);
    }
    const used = await user.must(["run", "--secret", "TOKEN", "--", "sh", "-c", "echo $TOKEN | rev | rev | rev"]);
    assert.deepEqual(await user.leaks(secrets, used.stdout), [], "reversed text is scrubbed too");
  },
});

test("a wrong passphrase", async (stage) => {
  const { user, secrets } = stage;
  const wrong = join(user.aside, "wrong");
  user.write(wrong, `${secrets["wrong"]}\n${secrets["wrong"]}\n`);
  const proof = ["--passphrase-file", wrong];
  for (
    const args of [["unlock", "--again"], ["edit", "TOKEN", "--kind", "key"], ["passwd"], ["recovery", "--remove"]]
  ) {
    await stage.fails([...proof, ...args]);
  }
  await stage.fails([...proof, "add", "OTHER", "--inject", "env"], { stdin: stage.given });
  await stage.fails([...proof, "remove", "TOKEN", "--yes"]);
  await stage.fails(["--passphrase-fd", "9", "unlock", "--again"]);
  await stage.fails([...proof, "recovery", "--check"]);
});

test("a value or a passphrase where none belongs", async (stage) => {
  const { given, secrets } = stage;
  const lost = secrets["wrong"] ?? "";
  for (
    const args of [
      ["add", "OTHER", given, "--inject", "env"],
      ["add", `OTHER=${given}`, "--inject", "env"],
      ["add", given, "--inject", "env"],
      ["add", "OTHER", "--inject", "env", "--value", given],
      ["add", "OTHER", "--inject", "env", `--value=${given}`],
      ["add", "OTHER", "--inject", given],
      ["add", "OTHER", "--host", given],
      ["add", "OTHER", "--inject", "env", "--expires", given],
      ["edit", "TOKEN", "--confirm", given],
      ["show", given],
      ["remove", given, "--yes"],
      ["run", "--secret", `TOKEN=${given}`, "--", "true"],
      ["run", "--secret", given, "--", "true"],
      ["run", "--file", given, "--", "true"],
      ["--passphrase-fd", lost, "unlock"],
      ["unlock", lost],
      ["unlock", "--idle", lost],
      [given],
      [`--${given}`],
    ]
  ) await stage.fails(args, { proof: !args.includes("--passphrase-fd") });
});

test("values of odd bytes, too large or too weak ones", async (stage) => {
  const { user, given } = stage;
  const add = (name: string, stdin: string, ...flags: string[]) =>
    stage.tries(["add", name, "--inject", "env", ...flags], { proof: true, stdin });
  await add("NUL", `${given}\0${given}`);
  await stage.fails(["run", "--secret", "NUL", "--", "true"]);
  await add("ESCAPES", `\x1b]0;${given}\x07\u202e${given}\r\n${given}`);
  await add("LARGE", given.repeat(30_000));
  await add("LARGER", given.repeat(2_000));
  await stage.tries(["run", "--secret", "LARGER", "--", "true"]);
  await add("EMPTY", "");
  await add("SHORT", given.slice(0, 3));
  const bytes = join(user.aside, "bytes");
  user.write(bytes, new Uint8Array([0xff, 0xfe, ...new TextEncoder().encode(given), 0xc3]));
  const piped = ["sh", "-c", 'f=$1; shift; exec "$@" <"$f"', "sh", bytes];
  const { stdout, stderr } = await user.runAny([...piped, ...user.command(["add", "BYTES", "--inject", "env"], true)], {
    env: SWITCHES,
  });
  stage.shown.push(stdout, stderr);
  await stage.tries(["run", "--secret", "BYTES", "--", "printenv", "BYTES"]);
});

test("files of others that hold a value and cannot be read as what they should be", async (stage) => {
  const { user, given } = stage;
  const place = (name: string, text: string) => {
    const path = join(user.aside, name);
    user.write(path, text);
    return path;
  };
  for (
    const text of [
      `KEY="${given}`,
      `export ${given}`,
      `KEY=$(echo ${given})\n= ${given}\n`,
      `${given}=${given}`,
      `KEY='${given}'\nKEY='${given}x'\n`,
      `\0${given}`,
    ]
  ) {
    await stage.fails(["import", place("broken.env", text), "--inject", "env", "--yes"], { proof: true });
    await stage.tries(["run", "--env-file", place("broken.env", text), "--", "true"]);
  }
  for (const text of [`{"env": {"KEY": "${given.replaceAll('"', "")}`, `{"env": ${given}}`, `{"hooks": "${given}"`]) {
    const settings = place("settings.json", text);
    await stage.fails(["install", "claude-code", "--settings", settings, "--yes"]);
    await stage.tries(["uninstall", "claude-code", "--settings", settings, "--yes"]);
  }
  Deno.mkdirSync(join(user.work, ".claude"));
  user.own(join(user.work, ".claude"), 0o700);
  const project = join(user.work, ".claude", "settings.json");
  user.write(project, `{"env": {"KEY": "${given.replaceAll('"', "")}`);
  await stage.tries(["doctor"]);
  await stage.tries(PRE, { stdin: toolEvent(user, "echo {{TOKEN}}") });
  Deno.removeSync(project);
  const event = toolEvent(user, `echo '${given}'`, `${given}\n`);
  for (
    const stdin of [event.slice(0, -9), `${given}`, `{"hook_event_name":"${given}"}`, `[${event}`, `${event}${event}`]
  ) {
    await stage.tries(PRE, { stdin });
    await stage.tries(POST, { stdin });
    await stage.tries(["hook", given], { stdin });
  }
});

test("a vault that is damaged, missing, or no file", async (stage) => {
  const { user, given } = stage;
  const vault = join(user.home, "vault.asv1");
  const sound = Deno.readFileSync(vault);
  const flipped = (at: number) => sound.map((byte, i) => i === at ? byte ^ 0x10 : byte);
  for (
    const bytes of [flipped(100), flipped(sound.length - 100), sound.slice(0, sound.length >> 1), new Uint8Array()]
  ) {
    user.write(vault, bytes);
    await stage.fails(["unlock", "--again"], { proof: true });
    await stage.tries(["add", "OTHER", "--inject", "env"], { proof: true, stdin: given });
    await stage.tries(["doctor"]);
    await stage.tries(["run", "--secret", "TOKEN", "--", "printenv", "TOKEN"]);
  }
  Deno.removeSync(vault);
  await stage.fails(["unlock", "--again"], { proof: true });
  await stage.tries(["add", "OTHER", "--inject", "env"], { proof: true, stdin: given });
  await stage.tries(["list"]);
  user.directory(vault);
  await stage.fails(["unlock", "--again"], { proof: true });
  await stage.tries(["doctor"]);
  Deno.removeSync(vault);
  user.write(vault, given.repeat(100));
  await stage.fails(["unlock", "--again"], { proof: true });
  Deno.removeSync(vault);
});

test("a daemon that is gone, or held still", async (stage) => {
  const { user, given, secrets } = stage;
  const ticket = await wrapped(user, "echo {{TOKEN}}");
  const pid = await user.daemonPid();
  const hooked = async () => {
    await stage.tries(PRE, { stdin: toolEvent(user, `echo '${given}' {{TOKEN}}`) });
    // The output passes as it is where no daemon answers; on standard error nothing of it may be.
    const { stderr } = await user.run(POST, { stdin: toolEvent(user, "cat", `${secrets["stored"]}\n`), env: SWITCHES });
    const exec = await user.runAny(["bash", "-c", ticket], { env: SWITCHES });
    stage.shown.push(stderr, exec.stdout, exec.stderr);
  };
  Deno.kill(pid, "SIGSTOP");
  await Promise.all([hooked(), stage.fails(["run", "--secret", "TOKEN", "--", "true"])]);
  Deno.kill(pid, "SIGKILL");
  await hooked();
  await stage.fails(["run", "--secret", "TOKEN", "--", "true"]);
  await stage.fails(["scrub"], { stdin: given });
  await stage.fails(["list"]);
  await stage.tries(["lock"]);
  await stage.tries(["doctor"]);
  await stage.fails(["add", "OTHER", "--inject", "env"], { proof: true, stdin: given });
});

test("an audit log that cannot be written, a command that cannot be run, a ticket that is not good", async (stage) => {
  const { user, secrets, given } = stage;
  const missing = await user.run(["run", "--secret", "TOKEN", "--", "/nowhere/program"], { env: SWITCHES });
  stage.shown.push(missing.stdout, missing.stderr);
  assert.equal(missing.code, 127);
  const ticket = await wrapped(user, "echo {{TOKEN}}");
  for (
    const command of [ticket, ticket, ticket.replace("echo", "printf"), ticket.replace(/[0-9a-f]{32}/, "f".repeat(32))]
  ) {
    const { stdout, stderr } = await user.runAny(["bash", "-c", command], { env: SWITCHES });
    stage.shown.push(stdout, stderr);
  }
  const audit = join(user.home, "state", "audit");
  Deno.removeSync(audit, { recursive: true });
  user.write(audit, "");
  await stage.fails(["run", "--secret", "TOKEN", "--", "true"]);
  await stage.tries(PRE, { stdin: toolEvent(user, "echo {{TOKEN}}") });
  await stage.tries(PRE, { stdin: toolEvent(user, `echo '${secrets["stored"]}'`) });
  await stage.tries(POST, { stdin: toolEvent(user, "cat", `${secrets["stored"]}\n`) });
  await stage.tries(["add", "OTHER", "--inject", "env"], { proof: true, stdin: given });
  await stage.tries(["audit"]);
  await stage.tries(["audit", "verify"]);
  await stage.tries(["unlock", "--again"], { proof: true });
});
