/**
 * A library that a test loads into the runner: the moment the process has created a file with SIGNAL_AT in its path, it
 * gets SIGTERM. No other way meets the instant between a one-shot file and the command that is to read it.
 */
import { join } from "node:path";

const SOURCE = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int opened(const char *path, int flags, int fd) {
  const char *part = getenv("SIGNAL_AT");
  if (fd >= 0 && part && (flags & O_CREAT) && strstr(path, part)) kill(getpid(), SIGTERM);
  return fd;
}
#define MODE va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list);
#define NEXT(name) static typeof(&name) next; if (!next) next = dlsym(RTLD_NEXT, #name);
int open(const char *path, int flags, ...) { MODE NEXT(open) return opened(path, flags, next(path, flags, mode)); }
int open64(const char *path, int flags, ...) { MODE NEXT(open64) return opened(path, flags, next(path, flags, mode)); }
int openat(int at, const char *path, int flags, ...) {
  MODE NEXT(openat) return opened(path, flags, next(at, path, flags, mode));
}
int openat64(int at, const char *path, int flags, ...) {
  MODE NEXT(openat64) return opened(path, flags, next(at, path, flags, mode));
}
`;

/** Builds the library in `directory` and returns its path. Needs gcc. */
export async function signalAtOpen(directory: string): Promise<string> {
  const [source, library] = [join(directory, "signal_at_open.c"), join(directory, "signal_at_open.so")];
  await Deno.writeTextFile(source, SOURCE);
  const args = ["-shared", "-fPIC", "-O1", "-w", "-o", library, source, "-ldl"];
  const { success, stderr } = await new Deno.Command("gcc", { args, stderr: "piped" }).output();
  if (!success) throw new Error(`Cannot build "${source}": ${new TextDecoder().decode(stderr)}`);
  return library;
}
