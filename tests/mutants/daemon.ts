/** Mutants of lib/protocol, lib/daemon and lib/presence. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const FRAME = "lib/protocol/frame_test.ts";
const PARSE = "lib/protocol/parse_test.ts";
const CHANNEL = "lib/protocol/channel_test.ts";
const TICKETS = "lib/daemon/tickets_test.ts";
const SOCKET = "lib/daemon/socket_test.ts";
const SERVER = "lib/daemon/server_test.ts";
const WIDENING = "tests/promises/widening_needs_presence_test.ts";
const STATES = "tests/promises/states_test.ts";
const LEAVES = "tests/promises/key_leaves_test.ts";
const TICKET = "tests/promises/ticket_runs_one_command_once_test.ts";
const SEALED = "tests/promises/sealed_is_never_filled_test.ts";
const EXPIRED = "tests/promises/expired_stays_expired_test.ts";
const NO_LINE = "tests/promises/no_line_no_use_by_the_daemon_test.ts";

export const DAEMON: readonly Mutant[] = [
  ...mutantsOf("lib/protocol/frame.ts", [FRAME], {
    "frame-too-large": [
      "json > MAX_JSON_BYTES || attachment > MAX_ATTACHMENT_BYTES",
      "json > MAX_JSON_BYTES",
      "an attachment is bounded",
    ],
    "frame-json-too-large": [
      "json > MAX_JSON_BYTES || attachment > MAX_ATTACHMENT_BYTES",
      "attachment > MAX_ATTACHMENT_BYTES",
      "a message is bounded",
    ],
    "frame-deep": [
      "if (depthOf(text) > MAX_JSON_DEPTH) throw",
      "if (depthOf(text) < 0) throw",
      "a message's nesting is bounded",
    ],
    "frame-strings-are-depth": ["if (c === 0x5c) i++;", "if (c === 0) i++;", "brackets in a text are no nesting"],
    "frame-version": [
      'if (message["v"] !== PROTOCOL_VERSION) {',
      'if (message["v"] === undefined) {',
      "another version is refused",
    ],
    "frame-cut-off": [
      "if (mayEnd && filled === 0) return null;",
      "if (mayEnd || filled === 0) return null;",
      "a frame that was cut off is an error",
    ],
    "frame-reserve": [
      "if (!this.#reserve(size - buffer.length)) throw",
      "if (!this.#reserve(0)) throw",
      "memory is asked for before it is taken",
    ],
    "frame-not-utf8": ["fatal: true", "fatal: false", "a message is UTF-8"],
    "frame-memory-ahead": ["Math.min(length, FIRST_CHUNK_BYTES)", "length", "memory grows with what has arrived"],
  }),
  ...mutantsOf("lib/protocol/parse.ts", [PARSE], {
    "parse-lengths": [
      "if (lengths.reduce((sum, n) => sum + n, 0) !== attached) {",
      "if (lengths.length < 0) {",
      "lengths add up to the attachment",
    ],
    "parse-add-lengths": [
      "if (secrets.reduce((n, s) => n + s.length, 0) !== attached) {",
      "if (secrets.length < 0) {",
      "values add up to the attachment",
    ],
    "parse-given-twice": [
      "if (new Set(secrets.map((s) => s.name)).size !== secrets.length) throw",
      "if (secrets.length < 0) throw",
      "a name is given once",
    ],
    "parse-name": [
      'if (!isName(value)) throw new BadRequestError(field, "not a name");',
      "",
      "a name keeps the grammar",
    ],
    "parse-hex": [
      "value.length !== 2 * bytes || /[^0-9a-f]/.test(value)",
      "value.length !== 2 * bytes",
      "hexadecimal is hexadecimal",
    ],
    "parse-sealed-mode": [
      'oneOf(want, "mode", ["env", "file"])',
      'oneOf(want, "mode", ["env", "file", "sealed" as "env"])',
      "nobody asks for a sealed value",
    ],
    "parse-text-bound": [
      "if (value.length > most) throw new BadRequestError(field, `longer",
      "if (value.length < 0) throw new BadRequestError(field, `longer",
      "texts are bounded",
    ],
    "parse-command-index": [
      'integer(message, "command", 0, lengths.length - 1)',
      'integer(message, "command", 0, lengths.length)',
      "the command is one of the leaves",
    ],
    "parse-list-bound": [
      "if (value.length > most) throw new BadRequestError(field, `more",
      "if (value.length < 0) throw new BadRequestError(field, `more",
      "lists are bounded",
    ],
  }),
  ...mutantsOf("lib/protocol/channel.ts", [CHANNEL], {
    "channel-order": [
      "if (counter !== this.#received) throw",
      "if (counter < 0) throw",
      "a frame is taken once, in order",
    ],
    "channel-client-nonce": [
      "hkdf(kAdmin, concat(cn, sn),",
      "hkdf(kAdmin, sn,",
      "a channel's key depends on both nonces",
    ],
    "channel-daemon-nonce": [
      "hkdf(kAdmin, concat(cn, sn),",
      "hkdf(kAdmin, cn,",
      "a channel is not opened twice with a recorded nonce",
    ],
    "channel-proofs-alike": ['"asv1/admin/client"', '"asv1/admin/daemon"', "a daemon's proof is no client's"],
    "channel-proof-beginning": [
      "return expected.length === given.length && equalConstantTime(expected, given);",
      "return equalConstantTime(expected.subarray(0, given.length), given);",
      "a proof is compared whole",
    ],
    "channel-key-stays": ["this.#key.fill(0);", "", "a channel's key is wiped"],
    "channel-one-direction": [
      'this.#receive = utf8(side === "client" ? "d" : "c");',
      'this.#send = utf8("c");\n    this.#receive = utf8("c");',
      "a frame is not sent back to its sender",
    ],
  }),
  ...mutantsOf("lib/daemon/tickets.ts", [TICKETS, TICKET], {
    "ticket-again": ["    entry.used = true;\n", "", "a ticket is good once"],
    "ticket-for-ever": [
      'if (entry.age.elapsed() >= TICKET_LIFE_MS) return "ticket_expired";',
      "",
      "a ticket ends after 15 minutes",
    ],
    "ticket-any-command": ["binding.commandSha256 === commandSha256 && ", "", "a ticket is for one command"],
    "ticket-anywhere": [" && binding.cwd === cwd", "", "a ticket is for one directory"],
    "ticket-short": ["TICKET_BYTES = 16", "TICKET_BYTES = 8", "a ticket has 128 bits"],
    "ticket-unbounded": ["if (this.#entries.size <= MAX_TICKETS) break;", "break;", "tickets are bounded"],
    "ticket-outlives-session": [
      "if (entry.binding.caller.session === session) this",
      'if (entry.binding.caller.session === "") this',
      "a ticket ends with its session",
    ],
  }),
  ...mutantsOf("lib/daemon/caller.ts", ["lib/daemon/caller_test.ts"], {
    "caller-two-at-once": [
      "socket === undefined || sockets.length !== 1",
      "socket === undefined",
      "a connection that cannot be told apart is nobody's",
    ],
    "caller-before": [
      "    // What an earlier listener of this name has left open is not ours to attribute.\n    this.identify();\n",
      "",
      "what an earlier listener left is not attributed",
    ],
    "caller-again": [
      "for (const socket of sockets) this.#attributed.add(socket.identity);",
      "",
      "a socket is attributed once",
    ],
  }),
  ...mutantsOf("lib/daemon/peer_linux.ts", ["lib/daemon/caller_test.ts"], {
    "peer-other-listener": ["if (nameOf(fd) !== path) continue;", "", "a socket of another listener is not ours"],
    "peer-listener": [
      "if (!read(fd, SO_ACCEPTCONN, 4) || optionView.getInt32(0, true) !== 0) continue;",
      "",
      "a listener is no connection",
    ],
    "peer-group": [
      "uid: optionView.getUint32(4, true)",
      "uid: optionView.getUint32(0, true)",
      "the peer's user is the kernel's word",
    ],
  }),
  ...mutantsOf("lib/daemon/socket.ts", [SOCKET], {
    "socket-mode": ["Deno.umask(0o177)", "Deno.umask(0o077)", "a socket is 0600 from the first moment"],
    "socket-directory-link": [
      "const info = Deno.lstatSync(path);",
      "const info = Deno.statSync(path);",
      "a link in the directory's place is refused",
    ],
    "socket-directory-owner": [
      "if (info.uid !== uid) throw",
      "if (info.uid === -1) throw",
      "another user's directory is refused",
    ],
    "socket-over-a-file": ["info.isSocket !== true || ", "", "a file in the socket's place is left alone"],
    "socket-two-daemons": [
      "if (!file.tryLockSync(true)) {",
      "if (!file.tryLockSync(false)) {",
      "one daemon serves a home",
    ],
  }),
  ...mutantsOf("lib/daemon/server.ts", [SERVER], {
    "server-any-user": ["peer === null || peer.uid !== Deno.uid()", "peer === null", "another user is refused", [
      "tests/promises/other_user_is_refused_test.ts",
    ]],
    "server-connections": [
      "this.#open.size >= this.#options.maxConnections",
      "this.#open.size < 0",
      "connections are bounded",
    ],
    "server-memory": [
      "if (this.#taken + bytes > MAX_RECEIVING_BYTES) return false;",
      "",
      "memory for frames is bounded over all connections",
      ["lib/daemon/receive_budget_test.ts"],
    ],
    "server-patience": [
      "if (!conversation.patient) deadline.begin(this.#waits.idle, true);",
      "",
      "a silent connection ends",
    ],
    "server-first-frame": ["      deadline.begin(this.#waits.frame, true);\n", "", "who sends nothing is hung up"],
    "server-slow-frame": ["if (!anew && !this.idle) return;", "", "one byte at a time buys no time"],
    "server-reply-wait": ["        deadline.begin(this.#waits.reply, true);\n", "", "who does not read is hung up"],
  }),
  ...mutantsOf("lib/daemon/requests_use.ts", [EXPIRED, NO_LINE], {
    "use-grant-unasked": ["  await checkGrants(service, caller, granted);\n", "", "a grant is asked again at the use", [
      EXPIRED,
    ]],
    "use-without-line": [
      "service.journal.require(granted.map(",
      "service.journal.require(granted.slice(0, 0).map(",
      "no line, no use",
      [NO_LINE],
    ],
    "use-finish-twice": [
      "if (ended === undefined) throw",
      'if (ended === undefined && id === "") throw',
      "a use ends once",
      [TICKET],
    ],
  }),
  ...mutantsOf("lib/daemon/fill.ts", [SEALED], {
    "fill-grant-unasked": [
      "grant === undefined || !grant.modes.includes(mode)",
      "grant === undefined",
      "the fill asks the grant itself",
    ],
  }),
  ...mutantsOf("lib/daemon/requests_prepare.ts", [STATES, TICKET], {
    "prepare-values-pass": [
      "  await refuseValues(service, caller, leaves);\n",
      "",
      "a call that holds a value is refused",
      [STATES],
    ],
    "prepare-tokens-pass": [
      "  await refuseTokens(service, caller, texts);\n",
      "",
      "a call that holds a token is refused",
      ["lib/daemon/requests_prepare_test.ts"],
    ],
    "prepare-grant-unasked": [
      '  await checkGrants(service, caller, records.map((record) => ({ record, mode: "env" })));\n',
      "",
      "a ticket needs a grant",
      [SEALED],
    ],
    "prepare-unlocked": [
      "  await orDeny(service, caller, found, () => requireKey(service, found));\n",
      "",
      "while locked no ticket is given",
      [STATES],
    ],
    "prepare-whole-command": [
      "const body = cd?.rest ?? command;",
      "const body = command;",
      "a ticket is bound to what the runner will run",
      [TICKET],
    ],
  }),
  ...mutantsOf("lib/daemon/requests_admin.ts", [WIDENING], {
    "admin-proof": [
      "if (!proofMatches(clientProof(key, nonces.client, nonces.daemon), proof)) {",
      "if (proof.length === 0) {",
      "presence is proven",
    ],
    "admin-nonces-again": ["  state.nonces = null;\n", "", "a pair of nonces is good for one try"],
    "admin-presence-lasts": ["channel.age.elapsed() >= PRESENCE_LIFE_MS || ", "", "presence lasts a minute"],
    "admin-presence-outlives-lock": [" || service.keyring.keys === null) {", ") {", "presence ends with a lock"],
    "admin-no-wait": ["  if (wait > 0) {", "  if (wait < 0) {", "failed proofs slow down"],
    "admin-wait-constant": [
      "FIRST_WAIT_MS * 2 ** Math.min(16, this.#count - FREE_FAILURES)",
      "FIRST_WAIT_MS",
      "each failed proof waits longer",
    ],
    "admin-channel-survives": [
      '    dropChannel(state);\n    await service.journal.note({ event: "presence"',
      '    await service.journal.note({ event: "presence"',
      "a frame out of order closes the channel",
    ],
    "admin-no-alarm": [
      '    failures.add(new Stopwatch(service.clock));\n    await service.journal.note({ event: "presence", decision: "alarm", code: "presence_failed" });',
      "    failures.add(new Stopwatch(service.clock));",
      "a wrong proof is an alarm in the log",
    ],
    "admin-rest-of-frame": [
      "if (frame === null || at !== bytes.length) throw",
      "if (frame === null) throw",
      "a sealed request is one frame",
      ["tests/promises/widening_needs_presence_test.ts"],
    ],
  }),
  ...mutantsOf("lib/daemon/requests_widen.ts", [WIDENING], {
    "widen-name-taken": [
      "if (existing !== undefined && !secret.replace) {",
      "if (existing === null) {",
      "a name that is taken is not replaced unasked",
    ],
    "widen-weak": [
      "if (score.weak && !secret.weak) throw",
      "if (score.weak && secret.weak) throw",
      "a weak value is stored only when asked",
    ],
    "widen-zero-byte": [
      'if (secret.modes.includes("env") && value.includes(0)) {',
      'if (secret.modes.includes("env") && value.length === 0) {',
      "a value that no variable can hold is refused",
    ],
    "widen-foreign-field": [
      "if (foreign !== undefined) throw",
      'if (foreign === "") throw',
      "an edit names known fields",
    ],
    "widen-grant-unread": [
      "return validateGrant(given);",
      "return given as unknown as Grant;",
      "a grant is read strictly",
    ],
    "widen-remove-unknown": [
      "for (const name of names) existing(service, name);",
      "",
      "what is not there is not removed",
    ],
  }),
  ...mutantsOf("lib/daemon/keyring.ts", [LEAVES], {
    "keyring-idle": [
      'return this.#open.idle.elapsed() >= this.#open.limits.idleMs ? "idle" : null;',
      "return null;",
      "the key leaves after the idle time",
    ],
    "keyring-absolute": [
      'if (this.#open.since.elapsed() >= this.#open.limits.absoluteMs) return "absolute";',
      "",
      "the key leaves after the absolute time",
    ],
    "keyring-lock-keeps": [
      "    const wipe = () => {\n      open.vault.close();\n      open.keys.wipe();\n    };",
      "const wipe = () => {};",
      "a lock wipes the key",
    ],
  }),
  ...mutantsOf("lib/daemon/clock.ts", ["lib/daemon/clock_test.ts", LEAVES], {
    "clock-steady-only": [
      "return Math.max(this.#clock.wall() - this.#wall, this.#clock.steady() - this.#steady);",
      "return this.#clock.steady() - this.#steady;",
      "sleep extends no wait",
    ],
    "clock-wall-only": [
      "return Math.max(this.#clock.wall() - this.#wall, this.#clock.steady() - this.#steady);",
      "return this.#clock.wall() - this.#wall;",
      "a clock set back extends no wait",
    ],
    "clock-floor-falls": [
      "this.#floor = Math.max(this.#floor, this.#clock.wall());",
      "this.#floor = this.#clock.wall();",
      "time never goes back",
    ],
    "clock-forged-line": [
      "this.raise(Math.min(time, this.#clock.wall() + DAY_MS));",
      "this.raise(time);",
      "a forged line expires nothing for ever",
    ],
  }),
  ...mutantsOf("lib/daemon/service.ts", ["tests/promises/audit_holds_no_value_test.ts", NO_LINE], {
    "journal-unscrubbed": [
      "clean[field] = this.#scrub(clean[field]);",
      "clean[field] = clean[field];",
      "a value that a caller calls itself is not logged",
      ["tests/promises/canary_stays_in_the_daemon_test.ts", "lib/daemon/journal_test.ts"],
    ],
    "journal-failure-passes": [
      "      if (!(error instanceof AuditWriteError)) throw error;\n      throw new RefusedRequest(",
      "      if (!(error instanceof AuditWriteError)) throw error;\n      if (entries.length > 0) return;\n      throw new RefusedRequest(",
      "no line, no use",
    ],
  }),
  ...mutantsOf("lib/daemon/requests.ts", ["lib/daemon/requests_test.ts"], {
    "requests-unexpected-fault-told": [
      '"Cannot answer the request: an unexpected fault in the daemon"',
      'error instanceof Error ? error.message : ""',
      "an unexpected fault tells nothing of what it choked on",
    ],
  }),
  ...mutantsOf("lib/daemon/prompts.ts", ["tests/promises/states_test.ts", "lib/daemon/prompts_test.ts"], {
    "prompts-for-ever": [
      "warned !== undefined && warned.elapsed() < PROMPT_REPEAT_MS",
      "warned !== undefined",
      "a warning is answered within two minutes",
    ],
    "prompts-again": ["    this.#warned.delete(id);\n    if (warned", "    if (warned", "a warning is answered once"],
  }),
  ...mutantsOf("lib/daemon/sweep.ts", ["tests/promises/one_daemon_per_home_test.ts"], {
    "sweep-the-living": ["(pid !== undefined && isAlive(Number(pid)))", 'pid === ""', "a living runner's files stay"],
    "sweep-links": ["if (!entry.isFile || ", "if (", "the sweep leaves links alone"],
  }),
  ...mutantsOf("lib/presence/challenge.ts", ["tests/promises/impostor_gets_nothing_test.ts"], {
    "presence-impostor": [
      "if (theirs === null || proof === null || !proofMatches(daemonProof(keys.admin, ours, theirs), proof)) {",
      "if (theirs === null || proof === null) {",
      "an impostor gets nothing",
    ],
  }),
  ...mutantsOf("lib/presence/open_slot.ts", ["lib/presence/open_slot_test.ts"], {
    "presence-passphrase-stays": [
      'if (proof.kind === "passphrase") proof.passphrase.fill(0);',
      "",
      "a passphrase is wiped once it was tried",
    ],
    "presence-guess-unnoted": ["    await noteFailure(homes);\n", "", "a wrong passphrase leaves a line in the log"],
  }),
];
