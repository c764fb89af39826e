/**
 * `tacit demo`: the whole story in a throw-away home against a local server. Everything is the real thing except the
 * agent, which is scripted; the leak count at the end is counted, and compared with the same work without tacit.
 */
import { join } from "node:path";
import { toHex } from "../lib/bytes.ts";
import { homesOf } from "../lib/paths.ts";
import { ScriptedAgent, tacit } from "./demo_agent.ts";
import { countLeaks, type LeakCount } from "./demo_search.ts";
import { CommandError } from "./exit_codes.ts";
import { answer, count as counted } from "./terminal.ts";

const NAME = "DEMO_TOKEN";

/** Plays the demo; resolves to 0 if every promise of it held, else 1. */
export async function runDemo(): Promise<number> {
  const base = await Deno.makeTempDir({ prefix: "tacit-demo-" });
  const home = join(base, "home");
  const server = startServer();
  try {
    return await play(base, home, server);
  } finally {
    await tacit(home, ["lock"]).catch(() => {});
    await stopDaemon(home);
    await server.stop();
    await Deno.remove(base, { recursive: true });
    // The daemon made it outside of the home, in memory.
    await Deno.remove(homesOf(home).oneShot, { recursive: true }).catch(() => {});
  }
}

async function play(base: string, home: string, server: DemoServer): Promise<number> {
  const value = drawToken();
  const passphraseFile = join(base, "passphrase");
  await Deno.mkdir(home, { mode: 0o700 });
  Deno.writeTextFileSync(passphraseFile, crypto.randomUUID(), { mode: 0o600 });
  const proof = ["--passphrase-file", passphraseFile];

  say("1", "A person makes a vault and stores a secret (its value comes through a pipe, never as an argument)");
  await must(home, ["init", ...proof, "--no-recovery", "--kdf-memory", "64"]);
  await must(home, ["add", NAME, "--inject", "env", ...proof], value);
  show("stored", `${NAME}, sha256 ${await shortHash(value)}`);

  say("2", "An agent writes a command with the placeholder");
  const agent = new ScriptedAgent(join(base, "agent"), home);
  const command = requestCommand(`{{${NAME}}}`, server.port);
  const turn = await agent.bash(command);
  show("the agent wrote", command);
  show("the hook made it", turn.executed.replace(/ exec .*--ticket \S+/s, " exec --ticket …"));
  const arrived = server.received.at(-1) ?? "";
  show("the destination got", `a token with sha256 ${await shortHash(arrived)}`);
  show("the server echoed it, the model saw", lastLine(turn.seen));

  say("3", "The agent reads a file that holds the value, and a person pastes the value into a prompt");
  agent.writeProjectFile(".env", `API_TOKEN=${value}\nDEBUG=1\n`);
  show("Read .env, the model saw", (await agent.read(".env")).trim().replaceAll("\n", " "));
  const blocked = await agent.prompt(`use ${value} for the deployment`);
  show("the prompt", blocked === null ? "REACHED THE MODEL" : `was blocked: ${blocked}`);

  say("4", "What the audit log keeps");
  for (const line of (await must(home, ["audit", "--secret", NAME, "--last", "5"])).trim().split("\n")) {
    answer(`     ${line}`);
  }

  say("5", "Leak count");
  // The project's own .env holds the value because a person put it there; everything else is searched.
  await Deno.remove(join(base, "agent", "project", ".env"));
  const leaks = countLeaks(base, value);
  const control = await playControl(base, value, server);
  show("with tacit", describe(leaks));
  show("without tacit", describe(control));
  const held = arrived === value && leaks.hits.length === 0 && leaks.files > 0 && control.hits.length > 0 &&
    blocked !== null;
  answer("");
  answer(held ? "Every promise of this demo held." : "A promise of this demo did NOT hold.");
  return held ? 0 : 1;
}

/** The same work as people do it today: the value in the command, no hooks. It must leak, or the count proves nothing. */
async function playControl(base: string, value: string, server: DemoServer): Promise<LeakCount> {
  const directory = join(base, "control");
  const agent = new ScriptedAgent(directory, null);
  await agent.bash(requestCommand(value, server.port));
  agent.writeProjectFile(".env", `API_TOKEN=${value}\n`);
  await agent.read(".env");
  await Deno.remove(join(directory, "project", ".env"));
  return countLeaks(directory, value);
}

/** A request with nothing but bash, so that the demo needs no other program. */
function requestCommand(token: string, port: number): string {
  return `exec 3<>/dev/tcp/127.0.0.1/${port}; ` +
    `printf 'GET /user HTTP/1.0\\r\\nAuthorization: Bearer %s\\r\\n\\r\\n' "${token}" >&3; cat <&3`;
}

interface DemoServer {
  port: number;
  received: string[];
  stop(): Promise<void>;
}

/** Records the bearer token of every request and, as sloppy servers do, echoes it. */
function startServer(): DemoServer {
  const received: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const token = request.headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
    received.push(token);
    return Response.json({ user: "demo", you_sent: token });
  });
  return { port: server.addr.port, received, stop: () => server.shutdown() };
}

/** A made-up token in the shape of a known provider, so that recognition by shape is exercised too. */
function drawToken(): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const random = crypto.getRandomValues(new Uint8Array(36));
  return "ghp_" + [...random].map((b) => alphabet[b % alphabet.length]).join("");
}

async function must(home: string, args: string[], stdin = ""): Promise<string> {
  const ran = await tacit(home, args, stdin);
  if (ran.code === 0) return ran.stdout;
  throw new CommandError("internal", `Cannot play the demo: "tacit ${args[0]}" failed`, ran.stderr.trim());
}

async function stopDaemon(home: string): Promise<void> {
  const status = await tacit(home, ["status", "--json"]).catch(() => null);
  const pid = status === null ? undefined : (JSON.parse(status.stdout || "{}") as { pid?: number }).pid;
  if (typeof pid !== "number") return;
  try {
    Deno.kill(pid, "SIGTERM");
  } catch {
    // It ended by itself.
  }
}

async function shortHash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return toHex(new Uint8Array(digest)).slice(0, 16);
}

function describe(count: LeakCount): string {
  const where = [...new Set(count.hits.map((h) => h.file))].join(", ");
  const [hits, files] = [counted(count.hits.length, "hit"), counted(count.files, "file")];
  return `${hits} in ${files} (${count.bytes} bytes, ${count.encodings} encodings)` +
    (where === "" ? "" : `: ${where}`);
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

function say(step: string, text: string): void {
  answer("");
  answer(`${step}. ${text}`);
}

function show(label: string, text: string): void {
  answer(`   ${label}: ${text}`);
}
