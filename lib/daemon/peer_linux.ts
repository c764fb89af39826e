/** The kernel's word on our sockets, Linux: getsockname(2), SO_PEERCRED, SO_COOKIE (since 4.12), SO_ACCEPTCONN. */
import type { AcceptedSocket, SocketProbe } from "./socket_probe.ts";

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SO_ACCEPTCONN = 30;
const SO_COOKIE = 57;
const AF_UNIX = 1;
const SHUT_RDWR = 2;
/** Searched where /proc is missing; the soft limit of most systems. */
const DESCRIPTORS_WITHOUT_PROC = 1024;

/** A probe of this process's sockets; it holds the library open until `close`. */
export function linuxSockets(): SocketProbe {
  const library = Deno.dlopen("libc.so.6", {
    getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
    getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
    shutdown: { parameters: ["i32", "i32"], result: "i32" },
  });
  const libc = library.symbols;
  const address = new Uint8Array(128);
  const option = new Uint8Array(16);
  const length = new Uint8Array(4);
  const lengthView = new DataView(length.buffer);
  const optionView = new DataView(option.buffer);

  function read(fd: number, name: number, size: number): boolean {
    lengthView.setUint32(0, size, true);
    return libc.getsockopt(fd, SOL_SOCKET, name, option, length) === 0 && lengthView.getUint32(0, true) === size;
  }

  function nameOf(fd: number): string {
    lengthView.setUint32(0, address.length, true);
    if (libc.getsockname(fd, address, length) !== 0 || address[0] !== AF_UNIX) return "";
    const path = address.subarray(2, lengthView.getUint32(0, true));
    const end = path.indexOf(0);
    return new TextDecoder().decode(end < 0 ? path : path.subarray(0, end));
  }

  return {
    accepted(path, known) {
      const sockets: AcceptedSocket[] = [];
      const seen: bigint[] = [];
      for (const fd of descriptors()) {
        if (!read(fd, SO_COOKIE, 8)) continue;
        const identity = optionView.getBigUint64(0, true);
        if (known.has(identity)) {
          seen.push(identity);
          continue;
        }
        if (nameOf(fd) !== path) continue;
        if (!read(fd, SO_ACCEPTCONN, 4) || optionView.getInt32(0, true) !== 0) continue;
        if (!read(fd, SO_PEERCRED, 12)) continue;
        sockets.push({ fd, identity, pid: optionView.getInt32(0, true), uid: optionView.getUint32(4, true) });
      }
      return { sockets, seen };
    },
    shutdown(fd) {
      libc.shutdown(fd, SHUT_RDWR);
    },
    close: () => library.close(),
  };
}

function descriptors(): number[] {
  try {
    return [...Deno.readDirSync("/proc/self/fd")].map((entry) => Number(entry.name));
  } catch {
    return Array.from({ length: DESCRIPTORS_WITHOUT_PROC }, (_, fd) => fd);
  }
}
