/**
 * `tacit doctor`: measures this machine and this home, and says what is weak. It reads no value, needs no passphrase
 * and changes nothing. Exit 0 if nothing is broken. docs/cli.md, "doctor".
 */
import { foreignCode, harden } from "../lib/harden.ts";
import { showDuration } from "../lib/duration.ts";
import type { Homes } from "../lib/paths.ts";
import type { SecretView, StatusReply } from "../lib/protocol/messages.ts";
import { listCopies } from "../lib/presence/copies.ts";
import { headerFault } from "../lib/presence/vault_file.ts";
import { VERSION } from "../lib/self.ts";
import { verifyLog } from "./audit.ts";
import { showAge } from "./copy_list.ts";
import { hasVault, hintWithoutVault, readSecrets, readStatus } from "./daemon_state.ts";
import { checkAgents } from "./doctor_agents.ts";
import { EXIT, failureOf } from "./exit_codes.ts";
import type { Invocation } from "./invocation.ts";
import { answerEither, count, proposing, table } from "./terminal.ts";

/** One thing that was looked at. `fail` is broken, `warn` weaker than it could be, `info` worth knowing. */
export interface Finding {
  readonly check: string;
  readonly state: "ok" | "info" | "warn" | "fail";
  readonly detail: string;
  /** The step that helps; empty where there is none. */
  readonly hint: string;
}

// A token that expires within this time deserves a word.
const SOON_MS = 7 * 86400e3;

export async function runDoctor(invocation: Invocation): Promise<number> {
  const { homes } = invocation;
  const status = await readStatus(homes);
  const findings = [
    ...checkFiles(homes),
    ...await checkVault(homes),
    ...checkSockets(homes, status),
    ...checkDaemon(homes, status),
    ...checkProcess(),
    await checkAudit(homes),
    ...await checkSecrets(homes, status),
    ...checkAgents(homes),
  ];
  const broken = findings.some((finding) => finding.state === "fail");
  answerEither({ ok: !broken, findings }, () => [
    ...table(
      ["", "CHECK", "FINDING"],
      findings.map((f) => [f.state, f.check, f.hint === "" ? f.detail : `${f.detail} (${proposing(f.hint)})`]),
    ),
    "",
    `${count(findings.filter((f) => f.state === "fail").length, "fault")}, ${
      count(findings.filter((f) => f.state === "warn").length, "warning")
    }.`,
  ]);
  return broken ? EXIT.internal.code : EXIT.ok.code;
}

function checkFiles(homes: Homes): Finding[] {
  const findings: Finding[] = [];
  const uid = Deno.uid();
  for (
    const [check, path, kind] of [
      ["data directory", homes.data, "directory"],
      ["state directory", homes.state, "directory"],
      ["runtime directory", homes.runtime, "directory"],
      ["backup directory", homes.backups, "directory"],
      ["vault", homes.vault, "file"],
    ] as const
  ) {
    let info: Deno.FileInfo;
    try {
      info = Deno.lstatSync(path);
    } catch {
      const missing = check === "vault"
        ? { state: "fail", hint: hintWithoutVault(homes) } as const
        : { state: "info", hint: "" } as const;
      findings.push({ check, ...missing, detail: `not there yet: ${path}` });
      continue;
    }
    const fault = info.isSymlink || (kind === "directory" ? !info.isDirectory : !info.isFile)
      ? `it is not a plain ${kind}`
      : uid !== null && info.uid !== uid
      ? "it belongs to another user"
      : Deno.build.os !== "windows" && ((info.mode ?? 0) & 0o077) !== 0
      ? "others may look into it"
      : null;
    const hint = fault === "others may look into it" ? `chmod ${kind === "file" ? "600" : "700"} '${path}'` : "";
    findings.push({
      check,
      state: fault === null ? "ok" : "fail",
      detail: fault === null ? path : `${path}: ${fault}`,
      hint,
    });
  }
  const { oneShot, runtime } = homes;
  if (Deno.build.os === "linux" && oneShot.startsWith(`${runtime}/`) && !runtime.startsWith("/run/user/")) {
    findings.push({
      check: "one-shot files",
      state: "warn",
      detail: "they lie on a disk: there is no /dev/shm, or another user has taken their place in it",
      hint: "prefer --inject env to file",
    });
  }
  return findings;
}

/** The vault's header, which needs no key, and its backups: should only an unlock find a fault, the way back is named. */
async function checkVault(homes: Homes): Promise<Finding[]> {
  const { vault, copies } = listCopies(homes);
  const hint = copies.length === 0 ? "a copy that you made: tacit restore FILE" : "tacit restore latest";
  const findings: Finding[] = [];
  const fault = vault === null ? null : await headerFault(homes) ?? vault.fault;
  if (fault !== null) findings.push({ check: "vault header", state: "fail", detail: fault, hint });
  const [newest] = copies;
  if (newest === undefined) {
    if (vault === null) return findings;
    return [...findings, { check: "backups", state: "info", detail: "none yet", hint: "tacit backup FILE" }];
  }
  const detail = `${count(copies.length, "backup")}, the newest written ${showAge(newest.written)}`;
  findings.push({
    check: "backups",
    state: "info",
    detail,
    hint: fault === null ? "tacit restore goes back to one" : hint,
  });
  const broken = copies.filter((copy) => copy.fault !== null);
  if (broken.length > 0) {
    const detail = `${count(broken.length, "backup")} cannot be read as a whole`;
    findings.push({ check: "backups", state: "warn", detail, hint: "tacit backup" });
  }
  const older = copies.filter((copy) => copy.opensToday === false);
  if (older.length > 0) {
    const detail = `${count(older.length, "backup")} opens with an earlier passphrase or code`
      .replace(/^(\d{2,}|[2-9])(.*) opens/, "$1$2 open");
    findings.push({ check: "backups", state: "warn", detail, hint: "tacit passwd rewrites them" });
  }
  return findings;
}

function checkSockets(homes: Homes, status: StatusReply | null): Finding[] {
  if (status === null) return [];
  return ([["use socket", homes.useSocket], ["admin socket", homes.adminSocket]] as const).map(([check, path]) => {
    try {
      const info = Deno.lstatSync(path);
      const open = Deno.build.os !== "windows" && ((info.mode ?? 0) & 0o077) !== 0;
      return {
        check,
        state: open ? "fail" : "ok",
        detail: open ? `${path}: others may connect` : path,
        hint: open ? "tacit unlock --again" : "",
      } as const;
    } catch {
      return {
        check,
        state: "fail",
        detail: `${path}: missing while a daemon runs`,
        hint: "tacit unlock --again",
      } as const;
    }
  });
}

function checkDaemon(homes: Homes, status: StatusReply | null): Finding[] {
  if (status === null) {
    return [{
      check: "daemon",
      state: "info",
      detail: "it does not run",
      hint: hasVault(homes) ? "tacit unlock" : hintWithoutVault(homes),
    }];
  }
  const findings: Finding[] = [
    { check: "daemon", state: "ok", detail: `pid ${status.pid}, ${status.state.replace("_", " ")}`, hint: "" },
    {
      check: "promise level",
      state: "info",
      detail: `${status.level}: values stay out of the transcript; a hostile command can still read what it is given`,
      hint: "",
    },
  ];
  if (status.version !== VERSION) {
    findings.push({
      check: "version",
      state: "warn",
      detail: `the daemon is ${status.version}, this program ${VERSION}`,
      hint: "tacit unlock --again",
    });
  }
  if (status.presence === "file") {
    findings.push({
      check: "presence",
      state: "warn",
      detail: "presence: file; whoever reads it is present too",
      hint: "tacit unlock",
    });
  }
  if (status.state === "unlocked" && !status.scrubbing) {
    findings.push({
      check: "scrubbing",
      state: "fail",
      detail: "output of tools is not searched for values",
      hint: "tacit unlock --again",
    });
  }
  for (const [step, held] of Object.entries(status.hardening)) {
    if (!held) {
      findings.push({
        check: "hardening",
        state: "warn",
        detail: `the daemon could not do: ${step.replaceAll("_", " ")}`,
        hint: "",
      });
    }
  }
  return [...findings, ...status.notes.map((detail) => ({ check: "vault", state: "warn" as const, detail, hint: "" }))];
}

/** What this process can tell about the ground it stands on. */
function checkProcess(): Finding[] {
  const held = harden();
  const failed = Object.keys(held).filter((step) => held[step] === false && step !== "loader");
  const findings: Finding[] = failed.length === 0
    ? [{ check: "hardening", state: "ok", detail: "no core files, closed to other processes of this user", hint: "" }]
    : failed.map((step) => ({
      check: "hardening",
      state: "warn",
      detail: `this machine lacks: ${step.replaceAll("_", " ")}`,
      hint: "",
    }));
  for (const code of foreignCode()) {
    findings.push({
      check: "foreign code",
      state: "fail",
      detail: `loaded into this process: ${code}`,
      hint: "unset it before unlocking",
    });
  }
  const scope = readLine("/proc/sys/kernel/yama/ptrace_scope");
  if (Deno.build.os === "linux" && (scope === null || scope === "0")) {
    findings.push({
      check: "ptrace",
      state: "info",
      detail: "this kernel lets processes of one user read each other; tacit's daemon shields itself",
      hint: "sysctl kernel.yama.ptrace_scope=1",
    });
  }
  if (/^\S+\s+(partition|file)/m.test(readText("/proc/swaps"))) {
    findings.push({ check: "swap", state: "info", detail: "memory may be written to swap", hint: "encrypt it" });
  }
  return findings;
}

async function checkAudit(homes: Homes): Promise<Finding> {
  const check = "audit log";
  try {
    const { verified, lines, keyed, bad_line, reason } = await verifyLog(homes);
    return verified
      ? {
        check,
        state: "ok",
        detail: `${count(lines, "line")}, whole${
          keyed ? ", every seal holds" : " as far as can be told without the key"
        }`,
        hint: "",
      }
      : { check, state: "fail", detail: `line ${bad_line}: ${reason}`, hint: "tacit audit verify" };
  } catch (error) {
    return { check, state: "fail", detail: failureOf(error).message, hint: "" };
  }
}

async function checkSecrets(homes: Homes, status: StatusReply | null): Promise<Finding[]> {
  if (status === null || status.state === "never_unlocked") return [];
  let secrets: SecretView[];
  try {
    secrets = await readSecrets(homes, "look at the secrets");
  } catch (error) {
    return [{ check: "secrets", state: "fail", detail: failureOf(error).message, hint: "" }];
  }
  const findings: Finding[] = [{ check: "secrets", state: "ok", detail: count(secrets.length, "secret"), hint: "" }];
  const now = Date.now();
  for (const { name, weak, expired, grant } of secrets) {
    if (weak) {
      const detail = `${name} is too short or too common to be found in output`;
      findings.push({
        check: "weak",
        state: "warn",
        detail,
        hint: `replace it at its provider, then: tacit add ${name} --replace`,
      });
    }
    if (expired) {
      findings.push({
        check: "expired",
        state: "warn",
        detail: `${name} has expired`,
        hint: `tacit edit ${name} --expires 30d`,
      });
    } else if (grant.expires !== null && grant.expires - now < SOON_MS) {
      const detail = `${name} expires in ${showDuration(grant.expires - now)}`;
      findings.push({ check: "expiry", state: "info", detail, hint: `tacit edit ${name} --expires 30d` });
    }
  }
  return findings;
}

function readText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

function readLine(path: string): string | null {
  return readText(path).trim() || null;
}
