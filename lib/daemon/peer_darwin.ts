/**
 * The kernel's word on our sockets, macOS: getsockname(2), LOCAL_PEERCRED, LOCAL_PEERPID, and the inode of fstat(2) in
 * place of a cookie. Untested: no such machine was at hand. docs/platforms.md.
 */
import type { AcceptedSocket, SocketProbe } from "./socket_probe.ts";

const SOL_LOCAL = 0;
const LOCAL_PEERCRED = 1;
const LOCAL_PEERPID = 2;
const AF_UNIX = 1;
const SHUT_RDWR = 2;
/** struct xucred: version u32, uid u32, group count i16, padding, sixteen groups. */
const XUCRED_BYTES = 76;
/** Offset of st_ino in struct stat with 64-bit inodes. */
const STAT_INODE_OFFSET = 8;
const MAX_DESCRIPTORS = 1024;

/** A probe of this process's sockets; it holds the library open until `close`. */
export function darwinSockets(): SocketProbe {
  const library = Deno.dlopen("/usr/lib/libSystem.B.dylib", {
    getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
    getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
    fstat: { parameters: ["i32", "buffer"], result: "i32" },
    shutdown: { parameters: ["i32", "i32"], result: "i32" },
  });
  const libc = library.symbols;
  const address = new Uint8Array(128);
  const option = new Uint8Array(XUCRED_BYTES);
  const stat = new Uint8Array(256);
  const length = new Uint8Array(4);
  const lengthView = new DataView(length.buffer);
  const optionView = new DataView(option.buffer);

  function read(fd: number, name: number, size: number): boolean {
    lengthView.setUint32(0, size, true);
    return libc.getsockopt(fd, SOL_LOCAL, name, option, length) === 0;
  }

  function nameOf(fd: number): string {
    lengthView.setUint32(0, address.length, true);
    // Here the first byte is the length of the address and the second its family.
    if (libc.getsockname(fd, address, length) !== 0 || address[1] !== AF_UNIX) return "";
    const path = address.subarray(2, lengthView.getUint32(0, true));
    const end = path.indexOf(0);
    return new TextDecoder().decode(end < 0 ? path : path.subarray(0, end));
  }

  return {
    accepted(path, known) {
      const sockets: AcceptedSocket[] = [];
      const seen: bigint[] = [];
      for (let fd = 0; fd < MAX_DESCRIPTORS; fd++) {
        if (nameOf(fd) !== path || libc.fstat(fd, stat) !== 0) continue;
        const identity = new DataView(stat.buffer).getBigUint64(STAT_INODE_OFFSET, true);
        if (known.has(identity)) {
          seen.push(identity);
          continue;
        }
        // A listener has no peer and fails here.
        if (!read(fd, LOCAL_PEERPID, 4)) continue;
        const pid = optionView.getInt32(0, true);
        if (!read(fd, LOCAL_PEERCRED, XUCRED_BYTES)) continue;
        sockets.push({ fd, identity, pid, uid: optionView.getUint32(4, true) });
      }
      return { sockets, seen };
    },
    shutdown(fd) {
      libc.shutdown(fd, SHUT_RDWR);
    },
    close: () => library.close(),
  };
}
