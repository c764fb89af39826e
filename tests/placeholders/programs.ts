/**
 * The only programs that generated commands find. A fault in the rewrite may turn a value into a command or a file's
 * name, so a failing test must not be able to reach anything outside its own directory.
 */

/** Makes `directory` hold copies of the named programs, where this machine has them. Copies: a write stays inside. */
export function copyPrograms(directory: string, names: readonly string[]): void {
  Deno.mkdirSync(directory);
  for (const name of names) {
    for (const place of ["/bin", "/usr/bin"]) {
      try {
        Deno.copyFileSync(`${place}/${name}`, `${directory}/${name}`);
        break;
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }
}
