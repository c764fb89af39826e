import assert from "node:assert/strict";
import { join } from "node:path";
import { inspectClaudeSettings } from "./inspect_settings.ts";
import { addToSettings } from "./settings.ts";
import { readRules } from "./settings_files.ts";

async function withProject(play: (project: string, own: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  await Deno.mkdir(join(dir, "project", ".claude"), { recursive: true });
  try {
    await play(join(dir, "project"), join(dir, "settings.json"));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const installed = addToSettings("", ["/opt/tacit"]).text;

Deno.test("an installation is found whole, in part, twice or not at all", () =>
  withProject(async (project, own) => {
    const kinds = () => inspectClaudeSettings(project, own).findings.map(({ kind }) => kind);
    assert.deepEqual(kinds(), ["not_installed"]);
    await Deno.writeTextFile(own, installed);
    assert.deepEqual(inspectClaudeSettings(project, own), {
      path: own,
      installed: true,
      programs: ["/opt/tacit"],
      findings: [],
    });
    const part = JSON.parse(installed);
    delete part.hooks.PostToolUse;
    part.hooks.Stop.push({ hooks: [{ type: "command", command: "/old/tacit", args: ["hook", "claude-code"] }] });
    await Deno.writeTextFile(own, JSON.stringify(part));
    assert.deepEqual(kinds(), ["event_missing", "several_programs"]);
    await Deno.writeTextFile(own, "{ // broken");
    assert.deepEqual(kinds(), ["not_installed", "unreadable"]);
  }));

Deno.test("another program, matcher, time or failure mode than was installed is found", () =>
  withProject(async (project, own) => {
    const kinds = () => inspectClaudeSettings(project, own, ["/opt/tacit"]).findings.map(({ kind }) => kind);
    await Deno.writeTextFile(own, installed);
    assert.deepEqual(kinds(), []);
    const edits: ((group: { matcher: string; hooks: Record<string, unknown>[] }) => void)[] = [
      (group) => group.hooks.forEach((hook) => hook["command"] = "/evil/tacit"),
      (group) => group.hooks.forEach((hook) => hook["args"] = ["--home", "/evil", "hook", "claude-code"]),
      (group) => group.hooks.forEach((hook) => delete hook["onFailure"]),
      (group) => group.hooks.forEach((hook) => hook["timeout"] = 0),
      (group) => group.matcher = "Nothing",
    ];
    for (const edit of edits) {
      const changed = JSON.parse(installed);
      edit(changed.hooks.PreToolUse[0]);
      await Deno.writeTextFile(own, JSON.stringify(changed));
      assert.ok(kinds().includes("changed"), edit.toString());
    }
  }));

Deno.test("hooks switched off in a project's settings are found", () =>
  withProject(async (project, own) => {
    await Deno.writeTextFile(own, installed);
    for (const name of ["settings.json", "settings.local.json"]) {
      const file = join(project, ".claude", name);
      await Deno.writeTextFile(file, '{"disableAllHooks": true}');
      const { findings } = inspectClaudeSettings(project, own);
      assert.deepEqual(findings.map(({ kind }) => kind), ["hooks_disabled"]);
      assert.ok(findings[0]?.text.startsWith(file));
      await Deno.remove(file);
    }
  }));

Deno.test("rules are read from the session's own configuration and its project, and a broken file is told", () =>
  withProject(async (project) => {
    const moved = join(project, "..", "moved");
    await Deno.mkdir(moved);
    await Deno.writeTextFile(join(moved, "settings.json"), '{"permissions": {"allow": ["Bash(a:*)"]}}');
    await Deno.writeTextFile(join(project, ".claude", "settings.json"), '{"permissions": {"deny": ["Bash(b:*)"]}}');
    const local = join(project, ".claude", "settings.local.json");
    await Deno.writeTextFile(local, '{"permissions": {"ask": ["Bash(c:*)"]}}');
    const places = { transcript: join(moved, "projects", "p", "s.jsonl"), project };
    const { rules, complete } = readRules(places);
    assert.ok(complete);
    assert.ok(rules.allow.includes("Bash(a:*)") && rules.deny.includes("Bash(b:*)") && rules.ask.includes("Bash(c:*)"));
    await Deno.writeTextFile(local, "{");
    assert.equal(readRules(places).complete, false);
  }));
