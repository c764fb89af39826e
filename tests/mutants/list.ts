/** The list: every mutant that the suite must notice. */
import { AUDIT } from "./audit.ts";
import { CRYPTO } from "./crypto.ts";
import { DAEMON } from "./daemon.ts";
import { GRANT } from "./grant.ts";
import { HOOKS } from "./hooks.ts";
import type { Mutant } from "./mutant.ts";
import { SCRUB } from "./scrub.ts";
import { SHELL } from "./shell.ts";
import { VAULT_CORE } from "./vault_core.ts";
import { VAULT_FILES } from "./vault_files.ts";
import { VAULT_SLOTS } from "./vault_slots.ts";

/** All mutants, room by room. */
export const MUTANTS: readonly Mutant[] = [
  ...CRYPTO,
  ...VAULT_SLOTS,
  ...VAULT_FILES,
  ...VAULT_CORE,
  ...GRANT,
  ...AUDIT,
  ...SHELL,
  ...SCRUB,
  ...DAEMON,
  ...HOOKS,
];
