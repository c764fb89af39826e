/** Every trial by name, so that a test and the process in which files go wrong mean the same one. */
import { auditTrial, clockTrial, seedAudit } from "./log_trials.ts";
import type { Trial } from "./trial.ts";
import { type Saving, seedVault, type VaultStory, vaultTrial } from "./vault_trial.ts";

export type TrialName = `vault ${VaultStory} ${Saving}` | "audit begins" | "audit goes on" | "clock";

/** Puts into the empty directory `home` what the trial begins with. */
export async function seedTrial(name: TrialName, home: string): Promise<void> {
  const [kind, story, saving] = name.split(" ") as [string, VaultStory, Saving];
  if (kind === "vault") await seedVault(home, story, saving);
  else if (name === "audit goes on") await seedAudit(home);
}

/** The trial on a home that was seeded for it. */
export function trialOf(name: TrialName, home: string): Trial {
  const [kind, story, saving] = name.split(" ") as [string, VaultStory, Saving];
  if (kind === "vault") return vaultTrial(home, story, saving);
  return kind === "clock" ? clockTrial(home) : auditTrial(home, name === "audit begins");
}
