/** How two states of the vault differ, told to people by the names of secrets. docs/cli.md, "restore". */
import { escapeForDisplay } from "../lib/display.ts";
import type { LoggedChange } from "../lib/presence/changed_since.ts";
import type { RestoreView } from "../lib/presence/prepare_restore.ts";
import { count, showTime } from "./terminal.ts";

type Difference = NonNullable<RestoreView["difference"]>;

/** Names on one line: more are counted, and JSON has them all. */
const MOST_NAMES = 20;

/** One line for each kind of difference that there is, and one for what stays. */
export function differenceLines(difference: Difference): string[] {
  const rows: [string, string[]][] = [
    ["come back", difference.back],
    ["vanish", difference.gone],
    ["other value", difference.otherValue],
    ["other settings", difference.otherSettings],
  ];
  return [
    ...rows.filter(([, names]) => names.length > 0).map(([label, names]) =>
      `  ${`${label}:`.padEnd(16)}${list(names)}`
    ),
    ...(difference.same > 0 ? [`  ${"the same:".padEnd(16)}${count(difference.same, "secret")}`] : []),
  ];
}

/** What the log knows that neither file tells. */
export function newerLines(changes: readonly LoggedChange[]): string[] {
  if (changes.length === 0) return [];
  const shown = changes.toSorted((a, b) => b.time - a.time).slice(0, MOST_NAMES);
  const left = changes.length - shown.length;
  return [
    "Changed later, says the audit log:",
    ...shown.map(({ name, change, time }) => `  ${name} ${change} ${showTime(time)}`),
    ...(left > 0 ? [`  and ${left} more`] : []),
  ];
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map(escapeForDisplay).join(", ");
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}
