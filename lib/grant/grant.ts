/**
 * What a secret may be used for, as stored *in* the secret under the same seal. The default is no.
 * Destination, position, mode and expiry are boundaries; agent and project are guard rails that a process of the
 * same user can forge. The whole schema is in every record from the first version on. docs/architecture.md, "grant".
 */

/** How a value reaches its use. Only `sealed`, `env` and `file` exist so far; the rest is reserved in the schema. */
export type InjectionMode = "sealed" | "env" | "file" | "ssh-agent" | "database";

/** A place that may receive the value on the wire. */
export interface Destination {
  /** Lower-case LDH host name or IP literal; with `suffix`, every name below it and not the name itself. */
  host: string;
  /** Whether `host` stands for what lies below it. */
  suffix: boolean;
  /** TCP port; null means 443. */
  port: number | null;
  /** Upper-case methods; empty means any but TRACE and CONNECT. */
  methods: string[];
  /** Path prefixes, each beginning with `/`; empty means any. */
  paths: string[];
}

/** A place in a request where the value may stand. */
export interface Position {
  /** Which part of the request. */
  kind: "header" | "basic" | "query" | "path" | "json" | "form" | "websocket";
  /** Header name, query or form key, JSON path; null where the kind needs none. */
  name: string | null;
  /** How often the value may occur there in one request. */
  max: number;
}

/** When a person must say yes before a use. */
export type Confirmation = "never" | "session" | "use";

/** What one secret may be used for. */
export interface Grant {
  /** Where it may be sent; empty means nowhere by the proxy. */
  destinations: Destination[];
  /** Empty means the provider's one header, else `Authorization`. */
  positions: Position[];
  /** How it may reach a use; empty means not at all. */
  modes: InjectionMode[];
  /** Agent names; empty means any. A guard rail. */
  agents: string[];
  /** Canonical project directories; empty means any. A guard rail. */
  projects: string[];
  /** When a person must say yes. */
  confirm: Confirmation;
  /** Unix time in milliseconds after which every use is refused; null means none. */
  expires: number | null;
}

/** Everything about a secret except its value. Sealed in the vault's index; never readable at rest. */
export interface SecretMetadata {
  /** Matches the grammar of lib/names.ts. */
  name: string;
  /** `token`, `password`, `key`, … free text of at most 32 characters; proposals live in the commands. */
  kind: string;
  /** Free words for people. */
  tags: string[];
  /** Free text for people. */
  description: string;
  /** Provider template by which the value was recognised, or null. */
  provider: string | null;
  /** What it may be used for. */
  grant: Grant;
  /** Unix time in milliseconds. */
  created: number;
  /** Unix time in milliseconds. */
  updated: number;
  /** Revision of the value, 1 at first. */
  rev: number;
  /** Stored with `--weak`: too short or too common for the scrubber to promise anything. */
  weak: boolean;
}

/** A grant that allows nothing. */
export function emptyGrant(): Grant {
  return { destinations: [], positions: [], modes: [], agents: [], projects: [], confirm: "never", expires: null };
}
