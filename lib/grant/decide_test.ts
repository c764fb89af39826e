import assert from "node:assert/strict";
import { REFUSALS } from "../protocol/refusals.ts";
import { decideUse, type IntendedUse } from "./decide.ts";
import { parseDestination } from "./destination.ts";
import { emptyGrant, type Grant, type InjectionMode, type SecretMetadata } from "./grant.ts";

function secretWith(grant: Partial<Grant>): SecretMetadata {
  return {
    name: "GH_TOKEN",
    kind: "token",
    tags: [],
    description: "",
    provider: null,
    grant: { ...emptyGrant(), ...grant },
    created: 0,
    updated: 0,
    rev: 1,
    weak: false,
  };
}

const USE: IntendedUse = { mode: "env", agent: "claude-code", project: "/home/u/p", now: 1000 };
const HOSTS = [parseDestination("api.github.com"), parseDestination(".example.com:8443")];

Deno.test("the table of decisions", () => {
  const cases: [string, Partial<Grant>, Partial<IntendedUse>, string][] = [
    ["env granted", { modes: ["env"] }, {}, "ok"],
    ["file granted", { modes: ["file"] }, { mode: "file" }, "ok"],
    ["env beside hosts", { modes: ["sealed", "env"], destinations: HOSTS }, {}, "ok"],
    ["nothing granted", {}, {}, "no_env_grant"],
    ["nothing granted, file", {}, { mode: "file" }, "no_grant"],
    ["nothing granted, sealed", {}, { mode: "sealed" }, "no_grant"],
    ["only file granted", { modes: ["file"] }, {}, "no_env_grant"],
    ["only env granted, file", { modes: ["env"] }, { mode: "file" }, "no_grant"],
    ["sealed never falls back to env", { modes: ["sealed"], destinations: HOSTS }, {}, "sealed_unavailable"],
    ["sealed never falls back to file", { modes: ["sealed"] }, { mode: "file" }, "sealed_unavailable"],
    ["sealed", { modes: ["sealed", "env"] }, { mode: "sealed" }, "sealed_unavailable"],
    ["a mode of a later version", { modes: ["ssh-agent"] }, { mode: "ssh-agent" }, "no_grant"],
    ["database", { modes: ["database"] }, { mode: "database" }, "no_grant"],
    ["before expiry", { modes: ["env"], expires: 1001 }, {}, "ok"],
    ["at expiry", { modes: ["env"], expires: 1000 }, {}, "expired"],
    ["after expiry", { modes: ["env"], expires: 999 }, {}, "expired"],
    ["expired and not granted", { expires: 1 }, {}, "expired"],
    ["its agent", { modes: ["env"], agents: ["codex", "claude-code"] }, {}, "ok"],
    ["another agent", { modes: ["env"], agents: ["codex"] }, {}, "agent_not_granted"],
    [
      "an agent of a longer name",
      { modes: ["env"], agents: ["claude-code"] },
      { agent: "claude-code-x" },
      "agent_not_granted",
    ],
    ["no agent named", { modes: ["env"], agents: ["codex"] }, { agent: null }, "agent_not_granted"],
    ["no agent needed", { modes: ["env"] }, { agent: null, project: null }, "ok"],
    ["its project", { modes: ["env"], projects: ["/home/u/p"] }, {}, "ok"],
    ["a directory below", { modes: ["env"], projects: ["/home/u"] }, {}, "project_not_granted"],
    [
      "a project of a longer name",
      { modes: ["env"], projects: ["/home/u/p"] },
      { project: "/home/u/px" },
      "project_not_granted",
    ],
    ["no project known", { modes: ["env"], projects: ["/home/u/p"] }, { project: null }, "project_not_granted"],
    ["confirm each session", { modes: ["env"], confirm: "session" }, {}, "presence_required"],
    ["confirm each use", { modes: ["env"], confirm: "use" }, {}, "presence_required"],
  ];
  for (const [name, grant, use, expected] of cases) {
    const decision = decideUse(secretWith(grant), { ...USE, ...use });
    assert.equal(decision.ok ? "ok" : decision.code, expected, name);
    if (decision.ok) continue;
    assert.ok((REFUSALS as readonly string[]).includes(decision.code), "a code of the protocol");
    assert.match(decision.message, /^Cannot use "GH_TOKEN": [^\n]*[^.]$/, name);
    assert.match(decision.hint, /^tacit (?:edit|show) GH_TOKEN/, name);
  }
});

Deno.test("a refusal says what a person can do", () => {
  const hint = (grant: Partial<Grant>, use: Partial<IntendedUse> = {}) => {
    const decision = decideUse(secretWith(grant), { ...USE, ...use });
    assert.ok(!decision.ok);
    return decision.hint;
  };
  assert.equal(hint({ expires: 1 }), "tacit edit GH_TOKEN --expires 30d");
  assert.equal(hint({}), "tacit edit GH_TOKEN --inject env");
  assert.equal(hint({}, { mode: "file" }), "tacit edit GH_TOKEN --inject file");
  assert.equal(hint({ modes: ["sealed"], destinations: HOSTS }), "tacit edit GH_TOKEN --inject env");
  const agents = { modes: ["env" as const], agents: ["codex"] };
  assert.equal(hint(agents), "tacit edit GH_TOKEN --agent codex --agent claude-code");
  assert.equal(hint(agents, { agent: null }), "tacit show GH_TOKEN");
  assert.equal(hint(agents, { agent: "$(id)" }), "tacit show GH_TOKEN");
  const projects = { modes: ["env" as const], projects: ["/p"] };
  assert.equal(hint(projects), "tacit edit GH_TOKEN --project /p --project /home/u/p");
  assert.equal(hint(projects, { project: "/home/u/my project" }), "tacit show GH_TOKEN");
  const sealed = decideUse(secretWith({ modes: ["sealed"], destinations: HOSTS }), USE);
  assert.ok(!sealed.ok && sealed.message.includes("api.github.com, .example.com:8443"));
});

Deno.test("what a caller calls itself cannot steer a terminal or reach the hint", () => {
  const hostile = "x\x1b]0;y\x07\n; rm -rf ~";
  for (const use of [{ agent: hostile }, { project: hostile }]) {
    const decision = decideUse(secretWith({ modes: ["env"], agents: ["codex"], projects: ["/p"] }), {
      ...USE,
      agent: "codex",
      ...use,
    });
    assert.ok(!decision.ok);
    assert.equal(/[\p{Cc}\p{Cf}]/u.test(decision.message), false);
    assert.equal(decision.hint.includes("rm"), false);
  }
});

Deno.test("without a grant every mode is refused", () => {
  const modes: InjectionMode[] = ["sealed", "env", "file", "ssh-agent", "database"];
  for (const mode of modes) assert.equal(decideUse(secretWith({}), { ...USE, mode }).ok, false, mode);
});
