/** Which agents call tacit, and whether what they call is still what was installed. Part of `doctor`. */
import { inspectClaudeSettings } from "../lib/hooks/inspect_settings.ts";
import type { Homes } from "../lib/paths.ts";
import type { Finding } from "./doctor.ts";
import { hashOfFile, readInstallation } from "./installation.ts";

/** Findings about each known agent's settings, and one about the program that they call. */
export function checkAgents(homes: Homes): Finding[] {
  const check = "claude-code";
  const installation = readInstallation(homes);
  const { settings, program } = installation.agents[check] ?? {};
  const own = [homes.installedBinary, ...(homes.chosen === null ? [] : ["--home", homes.chosen])];
  const report = inspectClaudeSettings(Deno.cwd(), settings, program ?? own);
  if (!report.installed) {
    return [{ check, state: "info", detail: "it does not call tacit", hint: "tacit install claude-code" }];
  }
  return [
    { check, state: "ok", detail: `it calls tacit (${report.path})`, hint: "" },
    ...report.findings.map(({ text }): Finding => ({
      check,
      state: "fail",
      detail: text,
      hint: "tacit install claude-code",
    })),
    checkProgram(homes, installation.program_sha256),
  ];
}

/** The pin: agents must run the very file that a person installed. */
function checkProgram(homes: Homes, pinned: string | null): Finding {
  const check = "program";
  const path = homes.installedBinary;
  const hint = "tacit install claude-code";
  if (pinned === null) return { check, state: "warn", detail: "no hash of the installed program is on record", hint };
  const hash = hashOfFile(path);
  if (hash === null) return { check, state: "fail", detail: `${path} is missing`, hint };
  if (hash !== pinned) return { check, state: "fail", detail: `${path} is not the file that was installed`, hint };
  const { uid, mode } = Deno.lstatSync(path);
  if (uid !== Deno.uid() || ((mode ?? 0) & 0o022) !== 0) {
    return { check, state: "fail", detail: `${path}: others may change it`, hint: `chmod 700 '${path}'` };
  }
  return { check, state: "ok", detail: `${path}, as installed`, hint: "" };
}
