/** One request of either socket to its handler. Which verb exists on which socket is decided here and nowhere else. */
import { AuditWriteError } from "../audit/log.ts";
import { type Frame, FrameError } from "../protocol/frame.ts";
import { BadRequestError, parseAdminRequest, parseUseRequest } from "../protocol/parse.ts";
import type { Refusal } from "../protocol/refusals.ts";
import { VaultError } from "../vault/vault.ts";
import { admin, type AdminState, dropChannel, type ProofFailures } from "./requests_admin.ts";
import { prepare } from "./requests_prepare.ts";
import { prompt } from "./requests_prompt.ts";
import { feed, openStream, scrub, type StreamState } from "./requests_scrub.ts";
import { auditVerify, list, session, status } from "./requests_status.ts";
import { finish, redeem, run } from "./requests_use.ts";
import { type Answer, RefusedRequest, type Service } from "./service.ts";

/** What a connection remembers from frame to frame. */
export interface Conversation {
  /** Answers one frame; never throws. */
  answer(frame: Frame): Promise<Answer>;
  /** True while a scrub stream is open: the command behind it may be silent for hours. */
  readonly patient: boolean;
  /** Forgets everything. */
  end(): void;
}

/** A conversation on `use.sock`. */
export function useConversation(service: Service): Conversation {
  let stream: StreamState | null = null;
  const close = () => {
    if (stream !== null) service.streams.open--;
    stream = null;
  };
  return {
    get patient() {
      return stream !== null;
    },
    end: close,
    answer: ({ message, attachment }) =>
      guarded(async () => {
        const request = parseUseRequest(message, attachment.length);
        switch (request.verb) {
          case "status":
            return status(service);
          case "list":
            return list(service);
          case "session":
            return await session(service, request.event, request.caller);
          case "prepare":
            return await prepare(service, request.caller, request.lengths, request.command, attachment);
          case "scrub":
            return await scrub(service, request.caller, request.lengths, attachment);
          case "scrub_stream":
            close();
            stream = openStream(service, request.caller);
            service.streams.open++;
            return { message: { ok: true, scrubbing: stream.stream !== null } };
          case "feed":
            return await feed(service, stream, attachment, false);
          case "feed_end": {
            const ending = stream;
            close();
            return await feed(service, ending, attachment, true);
          }
          case "prompt":
            return await prompt(service, request.caller, attachment);
          case "redeem":
            return await redeem(service, request.ticket, request.command_sha256, request.cwd);
          case "run":
            return await run(service, request.caller, request.wants);
          case "finish":
            return await finish(service, request.use, request.exit_status, request.duration_ms);
          case "audit_verify":
            return auditVerify(service);
        }
      }),
  };
}

/** A conversation on `admin.sock`. */
export function adminConversation(service: Service, failures: ProofFailures): Conversation {
  const state: AdminState = { nonces: null, channel: null };
  return {
    patient: false,
    end: () => dropChannel(state),
    answer: ({ message, attachment }) =>
      guarded(async () => await admin(service, state, failures, parseAdminRequest(message), attachment)),
  };
}

/** A refusal as it travels. */
export function refusal(code: Refusal["code"], message: string, hint = ""): Refusal {
  return { ok: false, code, message, hint };
}

/** What goes wrong in one request ends with that request; what it was about stays inside. */
async function guarded(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    return { message: refusalFor(error) };
  }
}

function refusalFor(error: unknown): Refusal {
  if (error instanceof RefusedRequest) return refusal(error.code, error.message, error.hint);
  if (error instanceof BadRequestError) return refusal("bad_request", error.message);
  if (error instanceof FrameError) return refusal("too_large", error.message);
  if (error instanceof VaultError) return refusal("vault_fault", error.message, error.hint ?? "tacit doctor");
  if (error instanceof AuditWriteError) return refusal("audit_unavailable", error.message, error.hint);
  // An unexpected error's text may quote what it choked on, so not even its message leaves.
  return refusal("internal", "Cannot answer the request: an unexpected fault in the daemon", "tacit doctor");
}
