/**
 * Puts values into the one reply that carries them. It asks the grant itself, last of all: whatever came before, a
 * secret that is sealed has no way through here. docs/protocol.md, "Fill".
 */
import type { FillReply } from "../protocol/fill.ts";
import { MAX_ATTACHMENT_BYTES } from "../protocol/frame.ts";
import type { Secret } from "../secret.ts";
import { type Answer, RefusedRequest, type Service } from "./service.ts";

/** One value that was asked for. */
export interface Want {
  name: string;
  mode: "env" | "file";
}

/**
 * The values of `wants` under the name of `use`; wiped once sent.
 * @throws {RefusedRequest} if one may not be had.
 */
export function fill(service: Service, use: string, wants: readonly Want[]): Answer {
  const opened: Secret[] = [];
  try {
    for (const { name, mode } of wants) {
      const grant = service.keyring.names.get(name)?.grant;
      if (grant === undefined || !grant.modes.includes(mode)) {
        throw new RefusedRequest("no_grant", `Cannot use "${name}": its grant does not allow injection by ${mode}`);
      }
      const secret = service.keyring.read(name);
      if (secret === null) throw new RefusedRequest("locked", `Cannot use "${name}": tacit is locked`);
      opened.push(secret);
    }
    const sizes = opened.map((secret) => secret.reveal().length);
    const total = sizes.reduce((sum, n) => sum + n, 0);
    if (total > MAX_ATTACHMENT_BYTES) {
      throw new RefusedRequest("too_large", `Cannot fill ${wants.length} values: together they are too large`);
    }
    const attachment = new Uint8Array(total);
    let at = 0;
    for (const secret of opened) {
      attachment.set(secret.reveal(), at);
      at += secret.reveal().length;
    }
    const values = wants.map(({ name, mode }, i) => ({ name, mode, length: sizes[i] ?? 0 }));
    const message: FillReply = { ok: true, use, values };
    return { message, attachment, wipe: true };
  } finally {
    for (const secret of opened) secret.wipe();
  }
}
