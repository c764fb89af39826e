/** What a restore would do, told to people and to scripts. docs/cli.md, "restore". */
import { escapeForDisplay } from "../lib/display.ts";
import type { RestoreView } from "../lib/presence/prepare_restore.ts";
import { showAge } from "./copy_list.ts";
import { differenceLines, newerLines } from "./difference_lines.ts";
import { count, showTime, warn } from "./terminal.ts";

/** What a person is shown before they answer. */
export function viewLines(view: RestoreView): string[] {
  const { generation, changed, secrets, complete, skipped, present, difference, changedSince, opensAsThen } = view;
  const age = changed === 0 ? "" : `, last changed ${showTime(changed)} (${showAge(changed)})`;
  return [
    ...skipped.map(({ path, reason }) => `Passed over ${escapeForDisplay(path)}: ${reason}.`),
    `Generation ${generation}${age}, holds ${count(secrets, "secret")}${
      complete ? "" : "; what came after it in the same file is damaged and lost"
    }.`,
    present === null
      ? "There is no vault to compare it with."
      : "fault" in present
      ? `The vault as it is cannot be used: ${present.fault}. It is kept as it is.`
      : present.complete
      ? `Against the vault as it is now, generation ${present.generation}, which is kept:`
      : `Against what can be read of the vault as it is now, generation ${present.generation}; its file is kept:`,
    ...(difference === null ? [] : differenceLines(difference)),
    ...newerLines(changedSince),
    ...(opensAsThen
      ? ["Afterwards the vault opens with the passphrase and recovery code of that time, not with newer ones."]
      : []),
  ];
}

/** The same in JSON. */
export function documentOf(view: RestoreView): Record<string, unknown> {
  const { path, id, generation, changed, secrets, complete, skipped, present, difference, changedSince } = view;
  return {
    from: { path, id, generation, changed, secrets, complete },
    skipped,
    present,
    difference: difference === null ? null : {
      back: difference.back,
      gone: difference.gone,
      other_value: difference.otherValue,
      other_settings: difference.otherSettings,
      same: difference.same,
    },
    changed_since: changedSince,
    opens_as_then: view.opensAsThen,
    nothing_to_do: view.nothingToDo,
  };
}

/** A value that was rotated may be void by now, one that was removed may have been removed for a reason. */
export function warnOfSuspects({ difference }: RestoreView): void {
  if (difference === null) return;
  const { back, otherValue, otherSettings } = difference;
  if (otherValue.length > 0) warn(`Older values are in force again, which may be revoked: ${otherValue.join(", ")}`);
  if (back.length > 0) warn(`Removed secrets are back: ${back.join(", ")}`);
  if (otherSettings.length > 0) warn(`Older settings are in force again; look at them: ${otherSettings.join(", ")}`);
}
