/** What caller.ts needs from a platform; peer_linux.ts and peer_darwin.ts give it. */

/** What the kernel says about one accepted socket of ours. */
export interface AcceptedSocket {
  readonly fd: number;
  /** Unique among all sockets of this boot (Linux), or of this moment (macOS). */
  readonly identity: bigint;
  readonly uid: number;
  /** 0 where the platform does not tell. */
  readonly pid: number;
}

/** Platform calls: all accepted sockets among our descriptors whose own address is `path`, and hanging one up. */
export interface SocketProbe {
  accepted(path: string, known: ReadonlySet<bigint>): { sockets: AcceptedSocket[]; seen: bigint[] };
  /** Ends both directions at once, so that a read or write that waits on it returns. */
  shutdown(fd: number): void;
  /** Lets go of the system library; nothing of the probe is used afterwards. */
  close(): void;
}
