/**
 * Runs one command with injected values: environment, streams, signals, exit status. The value is in the child's
 * environment or in a one-shot file and nowhere else: not in any argv, not in our output, not in our own environment.
 */
import type { Caller } from "../protocol/messages.ts";
import type { Homes } from "../paths.ts";
import { ScrubLink } from "../client/scrub_link.ts";
import type { ScrubStream } from "../scrub/stream.ts";
import type { Secret } from "../secret.ts";
import { childEnvironment, type Injection } from "./environment.ts";
import { closeDescriptor, openPipe } from "./libc.ts";
import { Output } from "./output.ts";
import { PipeReader } from "./pipe_reader.ts";
import { SignalRelay } from "./signals.ts";
import { type Ending, spawn, waitFor } from "./spawn.ts";

/** How long the streams may stay open after the command's end before its background children get a custodian. */
const GRACE_MS = 60;

/** What a runner runs. */
export interface Command {
  argv: string[];
  /** The environment the child inherits, without the injections. */
  env: Record<string, string>;
  injections: Injection[];
  homes: Homes;
  caller: Caller;
}

/** The command ran, and what it printed could not be written. */
export class OutputError extends Error {
  override readonly name = "OutputError";
  /** The command's own status. */
  readonly status: number;
  constructor(status: number, cause: Error) {
    super(`Cannot write the command's output: ${cause.message}`, { cause });
    this.status = status;
  }
}

/**
 * Runs `command` to its end and returns how it ended. Output of background children that outlive it stays behind the
 * scrubber, in a custodian process.
 * @throws {SpawnError} if the program cannot be started, {InjectionError} if a value cannot be injected,
 * {OutputError} if its output could not be written.
 */
export async function runCommand(command: Command): Promise<Ending> {
  const files = command.injections.some(({ mode }) => mode === "file")
    ? new (await import("./one_shot.ts")).OneShotFiles(command.homes)
    : null;
  const secrets = command.injections.map((i) => i.secret);
  const makeLocal = () => localScrubber(secrets);
  const openLink = linkOpener(command.homes, command.caller, secrets.length > 0);
  const [out, err] = [openPipe(), openPipe()];
  const signals = new SignalRelay();
  try {
    const env = childEnvironment(command.env, command.injections, files);
    const pid = spawn({ argv: command.argv, env, stdin: 0, stdout: out.write, stderr: err.write });
    signals.started(pid);
    closeDescriptor(out.write);
    closeDescriptor(err.write);
    const outputs = [
      new Output({ reader: new PipeReader(out.read), openLink: openLink(), makeLocal, sink: Deno.stdout }),
      new Output({ reader: new PipeReader(err.read), openLink: openLink(), makeLocal, sink: Deno.stderr }),
    ];
    const ending = await waitFor(pid);
    signals.ended(() => files?.remove());
    const drained = Promise.all(outputs.map((o) => o.done)).then(() => true);
    if (!await Promise.race([drained, after(GRACE_MS)])) {
      const { handToCustodian } = await import("./custody.ts");
      for (const [i, output] of outputs.entries()) {
        if (output.ended) continue;
        const held = await output.handOver();
        if (held !== null) await handToCustodian(command.homes, secrets, held, output.reader, i + 1);
      }
    }
    const fault = outputs.find((output) => output.fault !== null)?.fault;
    if (fault) throw new OutputError(ending.status, fault);
    return ending;
  } finally {
    files?.remove();
    signals.stop();
    for (const secret of secrets) secret.wipe();
  }
}

/**
 * How an output gets its stream at the daemon: at its first byte, or, where values are injected, now, so that the stream
 * knows these values even if one is replaced or removed from the vault while the command runs.
 */
function linkOpener(homes: Homes, caller: Caller, now: boolean): () => () => Promise<ScrubLink> {
  return () => {
    const opened = now ? ScrubLink.open(homes, caller) : null;
    return () => opened ?? ScrubLink.open(homes, caller);
  };
}

/** A stream over the injected values; the scrubber is loaded only where the daemon's is not to be had. */
async function localScrubber(secrets: Secret[]): Promise<ScrubStream> {
  const [{ buildTables }, { ScrubStream }] = await Promise.all([
    import("../scrub/tables.ts"),
    import("../scrub/stream.ts"),
  ]);
  return new ScrubStream(buildTables(secrets));
}

function after(ms: number): Promise<false> {
  return new Promise((resolve) => Deno.unrefTimer(setTimeout(() => resolve(false), ms)));
}
