/** The commands that tacit proposes to a person. */
import type { Homes } from "../paths.ts";
import { shellQuote } from "../shell/quote.ts";

/** `tacit VERB`, on the home in question: without it the command would open another vault, or none. */
export function humanCommand(homes: Homes, verb: string): string {
  return homes.chosen === null ? `tacit ${verb}` : `tacit --home ${shellQuote(homes.chosen)} ${verb}`;
}
