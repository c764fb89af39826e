/** `tacit passwd`: a new passphrase, proven by the old one or by the recovery code. docs/cli.md, "passwd". */
import { changePassphrase } from "../lib/presence/slot_changes.ts";
import type { Proof } from "../lib/presence/open_slot.ts";
import { refuseSuspect } from "../lib/presence/rollback.ts";
import { requireHeader } from "../lib/presence/vault_file.ts";
import { refuseUnderAgent } from "./agent_markers.ts";
import { requireVault } from "./daemon_state.ts";
import { readKdfMemory } from "./init.ts";
import type { Invocation } from "./invocation.ts";
import { readNewPassphrase, readPassphrase, readRecoveryProof, withProof } from "./passphrase.ts";
import { backupCounts, tellDaemon } from "./slot_notice.ts";
import { answerEither, withProgress } from "./terminal.ts";

export interface PasswdOptions {
  recovery?: boolean;
  kdfMemory?: number;
}

export async function runPasswd(invocation: Invocation, options: PasswdOptions): Promise<number> {
  refuseUnderAgent("passwd");
  const { homes } = invocation;
  requireVault(homes);
  const memory = readKdfMemory(options.kdfMemory);
  await requireHeader(homes);
  // The old one is proven before a new one is chosen: a person should not think of one in vain.
  const proof = await readProof(invocation, options.recovery === true);
  return await withProof(invocation, proof, async (slot) => {
    await refuseSuspect(homes, slot);
    const next = await readNewPassphrase(invocation);
    const change = await withProgress("Deriving the key…", () => changePassphrase(homes, slot, next.bytes, memory));
    const lines = await tellDaemon(invocation, slot, change, "passphrase");
    answerEither({ changed: true, ...backupCounts(change) }, () => ["Passphrase changed.", ...lines]);
    return 0;
  });
}

async function readProof(invocation: Invocation, byRecovery: boolean): Promise<Proof> {
  if (byRecovery) return await readRecoveryProof(invocation);
  const { bytes, source } = await readPassphrase(invocation, "Current passphrase");
  return { kind: "passphrase", passphrase: bytes, source };
}
