/** How a bench says what it found: one line per figure, with its budget and a verdict in words. It never fails. */

/** A figure against its budget; both in the unit that `unit` names. */
export interface Figure {
  what: string;
  value: number;
  /** The most that is allowed, or null for a figure without a budget. */
  budget: number | null;
  unit: "×" | "ms" | "s" | "MB" | "GB/s";
  /** True where more is better: throughput. */
  more?: boolean;
  /** How the figure came about: the two times of a ratio, sizes, counts. */
  how: string;
}

/** Prints figures as a table. */
export function report(title: string, figures: Figure[]): void {
  const rows = figures.map((figure) => {
    const bound = figure.budget === null ? "-" : `${figure.more === true ? "≥" : "≤"} ${figure.budget} ${figure.unit}`;
    return [figure.what, `${digits(figure.value)} ${figure.unit}`, bound, verdict(figure), figure.how];
  });
  const widths = [0, 1, 2, 3].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  console.log(`\n${title}`);
  for (const row of rows) console.log(`  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd()}`);
}

/** Says why something was not measured. */
export function skipped(title: string, reason: string): void {
  console.log(`\n${title}\n  not measured: ${reason}`);
}

function verdict({ value, budget, more }: Figure): string {
  if (budget === null) return "";
  return (more === true ? value >= budget : value <= budget) ? "within budget" : "OVER BUDGET";
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
