/** What stands in a test's definition where the machine may lack what the test needs. */

/**
 * `ignore`, with its reason in the runner's output, where a silent gap would look like a pass. `reason` is null where
 * the test can run.
 */
export function leftOut(reason: string | null): { ignore: boolean } {
  if (reason !== null) console.log(`left out: ${reason}`);
  return { ignore: reason !== null };
}

/** Why a test of the kernel's or bash's ways on Linux cannot run here, or null. */
export const NOT_LINUX = Deno.build.os === "linux" ? null : "this platform is not Linux";
/** Why a test that needs a Unix shell cannot run here, or null. */
export const NO_SHELL = Deno.build.os === "windows" ? "Windows has no bash" : null;
/** Why a test that gives a file away, or looks behind a hardened process, cannot run here, or null. */
export const NOT_ROOT = Deno.uid() === 0 ? null : "only root can do what it does";
