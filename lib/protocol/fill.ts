/**
 * The one reply that carries values: to a redeemed ticket, or to `tacit run`, for env and file grants only.
 * A sealed secret has no code path to it. Blind rooms may not import this file (tests/rooms_test.ts).
 */

/** JSON part of a fill; the values follow in the attachment in the same order. */
export interface FillReply {
  ok: true;
  /** Names this use in `finish` and in the audit log. */
  use: string;
  values: FillEntry[];
}

/** One value of a fill: which secret it is, and how the grant lets the child have it. */
export interface FillEntry {
  name: string;
  mode: "env" | "file";
  /** Bytes of the attachment that belong to this entry. */
  length: number;
}
