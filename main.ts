/**
 * tacit's entry. An agent waits for `hook`, `exec`, `scrub` and `run`, so they load nothing but themselves; `daemon`
 * must not load a parser it does not need; every other verb goes through commands/program.ts.
 * This is the only file that ends the process.
 */

interface FastCall {
  verb: string;
  /** The arguments without the verb; `--home DIR` may have stood before it and stays in front. */
  argv: string[];
}

function fastCall(args: string[]): FastCall | null {
  let at = 0;
  while (at < args.length) {
    if (args[at] === "--home") at += 2;
    else if (args[at]?.startsWith("--home=")) at += 1;
    else break;
  }
  const verb = args[at];
  if (verb === undefined || !["hook", "exec", "scrub", "run", "daemon"].includes(verb)) return null;
  const argv = [...args.slice(0, at), ...args.slice(at + 1)];
  // Their help is a person's wish, not an agent's call; after `--` the words belong to the wrapped command.
  const own = argv.slice(0, argv.includes("--") ? argv.indexOf("--") : argv.length);
  return own.includes("--help") || own.includes("-h") ? null : { verb, argv };
}

async function main(args: string[]): Promise<number> {
  const fast = fastCall(args);
  try {
    switch (fast?.verb) {
      case "hook":
        return await (await import("./commands/hook.ts")).runHook(fast.argv);
      case "exec":
        return await (await import("./commands/exec.ts")).runExec(fast.argv);
      case "scrub":
        return await (await import("./commands/scrub.ts")).runScrub(fast.argv);
      case "run": {
        // What the plain reader does not understand is explained by the parser with the help texts.
        const status = await (await import("./commands/run_arguments.ts")).runPlainly(fast.argv);
        return status ?? await (await import("./commands/program.ts")).runProgram(args);
      }
      case "daemon":
        return await runDaemon(fast.argv);
      default:
        return await (await import("./commands/program.ts")).runProgram(args);
    }
  } catch (error) {
    return (await import("./commands/terminal.ts")).reportError(error);
  }
}

async function runDaemon(argv: string[]): Promise<number> {
  const { homesOf } = await import("./lib/paths.ts");
  const { VERSION } = await import("./lib/self.ts");
  const [first, second] = argv;
  // Started by `unlock`, which has judged the home; by hand it is the word of who types.
  const home = first === "--home" ? second : first?.startsWith("--home=") ? first.slice("--home=".length) : undefined;
  return await (await import("./commands/daemon.ts")).runDaemon(homesOf(home ?? null), VERSION);
}

if (import.meta.main) main(Deno.args).then((code) => Deno.exit(code));
