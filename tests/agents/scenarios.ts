/** Every scenario, in the order of the leak table. */
import type { Scenario } from "./scenario.ts";
import { COMMANDS } from "./scenarios_commands.ts";
import { CORE, FILES } from "./scenarios_core.ts";
import { HOLES, MODES, SHELLS } from "./scenarios_limits.ts";
import { PERMISSIONS, STATES } from "./scenarios_states.ts";
import { TOOLS } from "./scenarios_tools.ts";

/** What every change is tested with. */
export const CORE_SCENARIOS: Scenario[] = [...CORE, ...FILES, ...STATES, ...PERMISSIONS, ...SHELLS, ...TOOLS];

/** These, and further forms, modes and known holes. */
export const SCENARIOS: Scenario[] = [...CORE_SCENARIOS, ...COMMANDS, ...MODES, ...HOLES];
