/** Mutants of lib/grant. */
import { type Mutant, mutantsOf } from "./mutant.ts";

export const GRANT: readonly Mutant[] = [
  ...mutantsOf("lib/grant/decide.ts", ["lib/grant/decide_test.ts"], {
    "grant-at-expiry": ["use.now >= grant.expires", "use.now > grant.expires", "at its time it has expired"],
    "grant-no-expiry": [
      "if (grant.expires !== null && use.now >= grant.expires) {",
      "if (grant.expires !== null && use.now < 0) {",
      "an expired secret is refused",
      ["tests/promises/expiry_is_enforced_test.ts"],
    ],
    "grant-missing-mode": [
      "  if (missing) {",
      '  if (missing && use.mode === "sealed") {',
      "a mode that was not granted is refused",
    ],
    "grant-sealed-otherwise": [
      '(missing || use.mode === "sealed")',
      'use.mode === "sealed"',
      "sealed is told as sealed, not as a missing grant",
    ],
    "grant-later-mode": [
      'if (use.mode !== "env" && use.mode !== "file") {',
      'if (use.mode === "sealed") {',
      "a mode that this version lacks is refused",
    ],
    "grant-no-agent": [
      "(use.agent === null || !grant.agents.includes(use.agent))",
      "(use.agent !== null && !grant.agents.includes(use.agent))",
      "who names no agent is none of the granted",
    ],
    "grant-agent-prefix": [
      "!grant.agents.includes(use.agent)",
      "!grant.agents.some((agent) => use.agent?.startsWith(agent))",
      "an agent is named whole",
    ],
    "grant-no-project": [
      "(use.project === null || !grant.projects.includes(use.project))",
      "(use.project !== null && !grant.projects.includes(use.project))",
      "outside a project is none of the granted",
    ],
    "grant-below-project": [
      "!grant.projects.includes(use.project)",
      "!grant.projects.some((project) => use.project?.startsWith(project))",
      "a project is named whole",
    ],
    "grant-confirm": [
      'if (grant.confirm !== "never") {',
      'if (grant.confirm === "use") {',
      "a grant that asks for a yes is not used without",
    ],
    "grant-caller-steers-terminal": [
      "return escapeForDisplay(text.slice(0, 200));",
      "return text.slice(0, 200);",
      "a caller's words steer no terminal",
    ],
    "grant-caller-in-hint": [
      "!words.every((word) => PLAIN_WORD.test(word))",
      "!words.some((word) => PLAIN_WORD.test(word))",
      "a caller's words are no command for a person",
    ],
  }),
  ...mutantsOf("lib/grant/destination.ts", ["lib/grant/destination_test.ts"], {
    "destination-suffix": ["endsWith(`.${d.host}`)", "endsWith(d.host)", "a suffix covers whole labels"],
    "destination-host": ["request.host === d.host", "request.host.startsWith(d.host)", "a host is compared whole"],
    "destination-port": [
      "request.port !== (d.port ?? DEFAULT_PORT)",
      "d.port !== null && request.port !== d.port",
      "no port means 443",
    ],
    "destination-method-case": [
      "!d.methods.includes(request.method)",
      "!d.methods.includes(request.method.toUpperCase())",
      "a method is compared as sent",
    ],
    "destination-trace": [
      "REFUSED_METHODS.includes(request.method.toUpperCase())",
      "REFUSED_METHODS.includes(request.method)",
      "no spelling of TRACE is covered",
    ],
    "destination-path-prefix": [
      'prefix.endsWith("/") ? prefix : `${prefix}/`',
      "prefix",
      "a path covers whole segments",
    ],
    "destination-escapes": ["%(?:2e|2f|5c|00)|", "", "an escaped step upwards leaves no path"],
    "destination-dots": ["\\/\\.{1,2}(?:\\/|$)", "\\/\\.{3}(?:\\/|$)", "a step upwards leaves no path"],
    "destination-request-host": [
      "if (hostFault(request.host, false) !== null) return false;",
      "",
      "a host in a second spelling is not covered",
    ],
    "destination-scheme": [
      'if (scheme[1] !== "https") refuse',
      'if (scheme[1] === "ftp") refuse',
      "only https is granted",
    ],
    "destination-dotted-path": [
      'some((part) => part === "." || part === "..")',
      'some((part) => part === "...")',
      "a granted path goes nowhere upwards",
    ],
  }),
  ...mutantsOf("lib/grant/host.ts", ["lib/grant/destination_test.ts"], {
    "host-odd-address": ["|0x[0-9a-f]*)$/", ")$/", "an address in hexadecimal is refused"],
    "host-look-alike": ['label.startsWith("xn--")', 'label === "xn--"', "an encoded international name is refused"],
    "host-mapped": ["if (/^::ffff:/.test(host)) return false;", "", "an address has one spelling"],
    "host-top-level": [
      "if (suffix && labels.length < 2)",
      "if (suffix && labels.length < 1)",
      "a top-level domain is too wide",
    ],
    "host-leading-zero": ["(?:0|[1-9][0-9]?|", "(?:[0-9][0-9]?|", "an octet has no leading zero"],
  }),
  ...mutantsOf("lib/grant/validate.ts", ["lib/grant/validate_test.ts"], {
    "validate-extra-key": ["found.length !== keys.length || ", "", "a grant holds nothing but what is known"],
    "validate-twice": [
      "if (new Set<string>(items).size !== items.length) refuse",
      "if (items.length > 9999) refuse",
      "an entry stands once",
    ],
    "validate-destination": [
      "const fault = destinationFault(destination);",
      "const fault = null as string | null;",
      "a stored destination is as strict as a typed one",
    ],
    "validate-header-name": [
      'kind === "header" ? HEADER : POSITION_NAME',
      "POSITION_NAME",
      "a header's name holds no colon",
    ],
    "validate-project-dots": [
      'part === "" || part === "." || part === ".."',
      'part === ""',
      "a project is in its canonical form",
    ],
    "validate-list-bound": [
      "if (unknown.length > max) return refuse",
      "if (unknown.length < 0) return refuse",
      "lists are bounded",
    ],
    "validate-expiry": [
      'whole(grant.expires, "expires", 1, MAX_TIME)',
      'whole(grant.expires, "expires", 0, MAX_TIME * 2)',
      "an expiry is a time that exists",
    ],
  }),
];
