/**
 * tacit's entries in a Claude Code settings file: which they are, putting them in, taking them out. docs/agents.md,
 * "Settings". Pure functions over the file's text; commands/install.ts reads and writes it.
 */
import { CLAUDE_CODE } from "./claude_code.ts";
import { isObject } from "./event.ts";
import { JsonTextError, valueAt, withChild, withoutChild } from "./json_text.ts";
import { programText } from "./wrapped_command.ts";

/** Tools whose input is searched or rewritten: all that run commands, write files, send text or take free text. */
const MATCHER =
  "Agent|Bash|Edit|Glob|Grep|Monitor|MultiEdit|NotebookEdit|PowerShell|Read|REPL|SendMessage|Skill|Task|" +
  "TaskCreate|TaskUpdate|WebFetch|WebSearch|Workflow|Write|mcp__.*";

/** Events with their matcher and the seconds they may take; Claude Code gives a session's end 1.5 s in all. */
const EVENTS: readonly { event: string; matcher?: string; timeout: number }[] = [
  { event: "PreToolUse", matcher: MATCHER, timeout: 30 },
  { event: "PostToolUse", matcher: "*", timeout: 30 },
  { event: "PostToolUseFailure", matcher: "*", timeout: 30 },
  { event: "UserPromptSubmit", timeout: 20 },
  { event: "SessionStart", timeout: 20 },
  { event: "Stop", timeout: 10 },
  { event: "SubagentStart", timeout: 20 },
  { event: "SubagentStop", timeout: 10 },
  { event: "SessionEnd", timeout: 2 },
];

/** One line of what an edit does; holds nothing of the rest of the file. */
export interface SettingsChange {
  sign: "+" | "-";
  path: string;
  value: unknown;
}

/** A file's text after an edit, and what was done. Without changes the text is the same. */
export interface SettingsEdit {
  text: string;
  changes: SettingsChange[];
}

/** The events that tacit must be called at. */
export const HOOK_EVENTS: readonly string[] = EVENTS.map(({ event }) => event);

/** The rule that lets the wrapper run once the hook has judged the command in it. */
export function wrapperRule(program: readonly string[]): string {
  return `Bash(${programText(program)} exec --ticket *)`;
}

/**
 * `text` with tacit's entries calling `program`; ours that differ are replaced. An empty text stands for no file.
 * @throws {JsonTextError} if it cannot be edited safely.
 */
export function addToSettings(text: string, program: readonly string[]): SettingsEdit {
  const edit: SettingsEdit = { text: text.trim() === "" ? "{}\n" : text, changes: [] };
  checkShapes(edit.text);
  for (const { event, matcher, timeout } of EVENTS) {
    const group = groupFor(program, event, matcher, timeout);
    const there = ourGroups(edit.text, event);
    if (there.length === 1 && JSON.stringify(there[0]?.group) === JSON.stringify(group)) continue;
    removeHooks(edit, event);
    if (valueAt(edit.text, ["hooks", event]) === undefined) {
      edit.text = withChild(edit.text, ["hooks"], event, [group]);
    } else edit.text = withChild(edit.text, ["hooks", event], "", group);
    edit.changes.push({ sign: "+", path: `hooks.${event}`, value: group });
  }
  const rule = wrapperRule(program);
  const rules = allowRules(edit.text);
  if (rules.filter(isOurRule).length === 1 && rules.includes(rule)) return edit;
  removeRules(edit);
  if (valueAt(edit.text, ["permissions", "allow"]) === undefined) {
    edit.text = withChild(edit.text, ["permissions"], "allow", [rule]);
  } else edit.text = withChild(edit.text, ["permissions", "allow"], "", rule);
  edit.changes.push({ sign: "+", path: "permissions.allow", value: rule });
  return edit;
}

/**
 * `text` without any entry of tacit's, whatever program it calls. What becomes empty by that goes too.
 * @throws {JsonTextError} if it cannot be edited safely.
 */
export function removeFromSettings(text: string): SettingsEdit {
  const edit: SettingsEdit = { text, changes: [] };
  if (text.trim() === "") return edit;
  checkShapes(text);
  for (const event of Object.keys(objectAt(text, ["hooks"]))) removeHooks(edit, event);
  removeRules(edit);
  const touched = (part: string) => edit.changes.some(({ path }) => path.startsWith(part));
  for (const part of ["hooks", "permissions"]) {
    if (touched(part) && Object.keys(objectAt(edit.text, [part])).length === 0) {
      edit.text = withoutChild(edit.text, [part]);
    }
  }
  return edit;
}

/** The events at which `text` calls tacit, and the programs it calls. @throws {JsonTextError} */
export function hooksIn(text: string): { events: string[]; programs: string[] } {
  if (text.trim() === "") return { events: [], programs: [] };
  const programs = new Set<string>();
  const events = Object.keys(objectAt(text, ["hooks"])).filter((event) => {
    const ours = hookList(text, event).filter(isOurHook);
    for (const hook of ours) if (typeof hook["command"] === "string") programs.add(hook["command"]);
    return ours.length > 0;
  });
  return { events, programs: [...programs] };
}

function groupFor(program: readonly string[], event: string, matcher: string | undefined, timeout: number): object {
  const [command, ...words] = program;
  const hook = {
    type: "command",
    command,
    args: [...words, "hook", CLAUDE_CODE, "--event", event],
    timeout,
    // A call that could not be judged must not run; everything else goes on without tacit.
    ...(event === "PreToolUse" ? { onFailure: "block" } : {}),
  };
  return matcher === undefined ? { hooks: [hook] } : { matcher, hooks: [hook] };
}

function removeHooks(edit: SettingsEdit, event: string): void {
  const groups = arrayAt(edit.text, ["hooks", event]);
  for (let g = groups.length - 1; g >= 0; g--) {
    const group = groups[g];
    const hooks = isObject(group) && Array.isArray(group["hooks"]) ? group["hooks"] : [];
    const ours = hooks.map((hook, h) => isObject(hook) && isOurHook(hook) ? h : -1).filter((h) => h >= 0);
    if (ours.length === 0) continue;
    edit.changes.push({ sign: "-", path: `hooks.${event}`, value: ours.map((h) => hooks[h]) });
    if (ours.length === hooks.length) edit.text = withoutChild(edit.text, ["hooks", event, g]);
    else for (const h of ours.reverse()) edit.text = withoutChild(edit.text, ["hooks", event, g, "hooks", h]);
  }
  if (groups.length > 0 && arrayAt(edit.text, ["hooks", event]).length === 0) {
    edit.text = withoutChild(edit.text, ["hooks", event]);
  }
}

function removeRules(edit: SettingsEdit): void {
  const rules = allowRules(edit.text);
  for (let at = rules.length - 1; at >= 0; at--) {
    if (!isOurRule(rules[at])) continue;
    edit.text = withoutChild(edit.text, ["permissions", "allow", at]);
    edit.changes.push({ sign: "-", path: "permissions.allow", value: rules[at] });
  }
  if (rules.length > 0 && allowRules(edit.text).length === 0) {
    edit.text = withoutChild(edit.text, ["permissions", "allow"]);
  }
}

function ourGroups(text: string, event: string): { group: unknown }[] {
  return arrayAt(text, ["hooks", event]).filter((group) =>
    isObject(group) && Array.isArray(group["hooks"]) && group["hooks"].some((h) => isObject(h) && isOurHook(h))
  ).map((group) => ({ group }));
}

function hookList(text: string, event: string): Record<string, unknown>[] {
  return arrayAt(text, ["hooks", event]).flatMap((group) =>
    isObject(group) && Array.isArray(group["hooks"]) ? group["hooks"].filter(isObject) : []
  );
}

function isOurHook(hook: Record<string, unknown>): boolean {
  const args = hook["args"];
  return Array.isArray(args) && args.some((word, i) => word === "hook" && args[i + 1] === CLAUDE_CODE);
}

function isOurRule(rule: unknown): boolean {
  return typeof rule === "string" && /^Bash\(.*\bexec --ticket \*\)$/.test(rule);
}

function allowRules(text: string): unknown[] {
  return arrayAt(text, ["permissions", "allow"]);
}

function arrayAt(text: string, path: string[]): unknown[] {
  const value = valueAt(text, path);
  return Array.isArray(value) ? value : [];
}

function objectAt(text: string, path: string[]): Record<string, unknown> {
  const value = valueAt(text, path);
  return isObject(value) ? value : {};
}

function checkShapes(text: string): void {
  if (!isObject(valueAt(text, []))) throw new JsonTextError("it is not a JSON object");
  for (const part of ["hooks", "permissions"]) {
    const value = valueAt(text, [part]);
    if (value !== undefined && !isObject(value)) throw new JsonTextError(`its "${part}" is not an object`);
  }
  const lists = [["permissions", "allow"], ...EVENTS.map(({ event }) => ["hooks", event])];
  for (const path of lists) {
    const value = valueAt(text, path);
    if (value !== undefined && !Array.isArray(value)) throw new JsonTextError(`its "${path.join(".")}" is not a list`);
  }
}
