/**
 * Who opened a connection, as the kernel knows it. Another user's connection is refused, and so is one that cannot be
 * attributed. What this proves: the uid at the time of connecting. What it does not: which program asks; every
 * process of this user looks the same. docs/protocol.md, "Peer check".
 *
 * The runtime shows no descriptor of an accepted connection. So connections are accepted one at a time, and after each
 * accept our own descriptors are searched for the one socket that carries our listener's name and is not attributed
 * yet. Sockets are told apart by the kernel's cookie, which is never given twice, unlike descriptors and inodes.
 */
import { darwinSockets } from "./peer_darwin.ts";
import { linuxSockets } from "./peer_linux.ts";
import type { SocketProbe } from "./socket_probe.ts";

/** The peer of one connection. */
export interface Peer {
  readonly uid: number;
  readonly pid: number;
  /** Ends the connection even while a write to a peer that does not read is waiting. Only before `conn.close()`. */
  hangUp(): void;
}

/** Attributes the connections of one listener. Call `identify` after each accept, before the next one begins. */
export class CallerCheck {
  readonly #path: string;
  readonly #probe: SocketProbe;
  #attributed = new Set<bigint>();

  /** @throws {Error} where the platform offers no way to know the peer. */
  constructor(path: string, probe: SocketProbe = platformProbe()) {
    this.#path = path;
    this.#probe = probe;
    // What an earlier listener of this name has left open is not ours to attribute.
    this.identify();
  }

  /** The peer of the connection accepted last, or null if it cannot be told for certain: refuse it then. */
  identify(): Peer | null {
    const { sockets, seen } = this.#probe.accepted(this.#path, this.#attributed);
    // A connection that is gone gives its cookie back; one that only was closed in our eyes keeps it until then.
    this.#attributed = new Set(seen);
    for (const socket of sockets) this.#attributed.add(socket.identity);
    const [socket] = sockets;
    if (socket === undefined || sockets.length !== 1) return null;
    const probe = this.#probe;
    return { uid: socket.uid, pid: socket.pid, hangUp: () => probe.shutdown(socket.fd) };
  }

  /** Nobody is identified or hung up any more. */
  close(): void {
    this.#probe.close();
  }
}

function platformProbe(): SocketProbe {
  if (Deno.build.os === "linux") return linuxSockets();
  if (Deno.build.os === "darwin") return darwinSockets();
  throw new Error(`Cannot check callers on "${Deno.build.os}": the platform names no peer`);
}
