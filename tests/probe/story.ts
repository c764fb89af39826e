/** A day in the life of a home, verb by verb, to be told in whatever environment a test has in mind. */
import { join } from "node:path";
import { toolEvent } from "./holders.ts";
import type { ProbeUser, Start } from "./user.ts";

/** What one step did. */
export interface Told {
  name: string;
  code: number;
  stdout: string;
  stderr: string;
}

/** What the story is told in. */
export interface Telling extends Start {
  /** Run nothing but tacit. */
  leaveOutCommands?: boolean;
}

/** Values that the story stores under `FIRST` and `SECOND`. */
export interface StoryValues {
  first: string;
  second: string;
}

/** Runs every verb once or more, in the environment and directory of `start`. The home must not exist yet. */
export async function tellStory(user: ProbeUser, { first, second }: StoryValues, start: Telling = {}): Promise<Told[]> {
  const told: Told[] = [];
  const step = async (name: string, args: string[], more: Start = {}) => {
    const ended = await user.run(args, { ...start, ...more, env: { ...start.env, ...more.env } });
    told.push({ name, ...ended });
    return ended;
  };
  const proof = { proof: true };
  await step("init", ["init", "--no-recovery", "--kdf-memory", "64"], proof);
  await step("add", ["add", "FIRST", "--inject", "env", "--inject", "file"], { ...proof, stdin: first });
  const variables = join(user.aside, "variables");
  user.write(variables, `SECOND=${quoted(second)}\n`);
  await step("import", ["import", variables, "--inject", "env", "--yes", "--rewrite"], proof);
  await step("edit", ["edit", "FIRST", "--kind", "key"], proof);
  await step("replace", ["add", "FIRST", "--replace"], { ...proof, stdin: first });
  await step("list", ["list"]);
  await step("show", ["show", "FIRST", "--json"]);
  await step("status", ["status"]);
  if (start.leaveOutCommands !== true) {
    await step("run", ["run", "--secret", "FIRST", "--", "sh", "-c", 'echo "$FIRST"; echo "$FIRST" >&2']);
    await step("run with a file", ["run", "--file", "FIRST=PLACE", "--", "sh", "-c", 'cat "$PLACE"']);
    await step("run with a file of variables", ["run", "--env-file", variables, "--", "sh", "-c", 'echo "$SECOND"']);
  }
  const pre = ["hook", "claude-code", "--event", "PreToolUse"];
  await step("hook before a plain call", pre, { stdin: toolEvent(user, "ls") });
  const judged = await step("hook before a call with a placeholder", pre, { stdin: toolEvent(user, "echo {{FIRST}}") });
  if (start.leaveOutCommands !== true) {
    const wrapped = judged.stdout === "" ? null : JSON.parse(judged.stdout).hookSpecificOutput?.updatedInput?.command;
    const exec = await user.runAny(["bash", "-c", typeof wrapped === "string" ? wrapped : "exit 99"], start);
    told.push({ name: "exec", ...exec });
  }
  await step("hook before a call with a value", pre, { stdin: toolEvent(user, `echo '${first}'`) });
  await step("hook after a call", ["hook", "claude-code", "--event", "PostToolUse"], {
    stdin: toolEvent(user, "cat", `${first}\n${second}\n`),
  });
  await step("scrub", ["scrub"], { stdin: `${first}\n` });
  await step("audit", ["audit"]);
  await step("audit verify", ["audit", "verify"]);
  await step("doctor", ["doctor"]);
  await step("completions", ["completions", "bash"]);
  await step("complete", ["complete", "--", "show", ""]);
  await step("recovery", ["recovery", "--remove"], proof);
  await step("lock", ["lock"]);
  await step("unlock", ["unlock"], proof);
  await step("remove", ["remove", "SECOND", "--yes"], proof);
  return told;
}

/** As a person would write it into a `.env` file. */
function quoted(value: string): string {
  return `'${value}'`;
}

/** Every step did its work, and the runners gave the value to what they ran: the story was told. */
export function faultsOf(told: Told[]): string[] {
  const faults = told.filter(({ code, name }) => code !== 0 && name !== "doctor")
    .map(({ name, code, stderr }) => `${name} ended with ${code}: ${stderr}`);
  for (const name of ["run", "run with a file", "run with a file of variables", "exec", "scrub", "hook after a call"]) {
    const step = told.find((one) => one.name === name);
    if (step !== undefined && !/\[REDACTED:(FIRST|SECOND)\]/.test(step.stdout)) faults.push(`${name} shows no marker`);
  }
  return faults;
}
