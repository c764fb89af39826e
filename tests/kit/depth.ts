/** How deep a test of tests/reliability goes: in CI within minutes, with `deno task torture` for as long as it takes. */

/** True where `deno task torture` runs. */
export const TORTURE: boolean = Deno.env.get("TACIT_TORTURE") === "1";

/** `often` under torture, `seldom` otherwise: how many cycles, cases or sequences a test does. */
export function depth(seldom: number, often: number): number {
  return TORTURE ? often : seldom;
}
