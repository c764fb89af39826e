/*
 * A library that somebody else brings into a process, by LD_PRELOAD or LD_AUDIT: it notes where it was loaded, and all
 * that the process reads and writes. The file it writes to is compiled in.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int file = -1;

static void note(const char *what, const void *bytes, size_t size) {
  /* The program reads itself at its start: a megabyte that tells nothing. */
  if (size > 8 && memcmp(bytes, "d3n0l4nd", 8) == 0) return;
  if (file < 0) file = syscall(SYS_openat, AT_FDCWD, SPY_LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return;
  char head[64];
  int length = snprintf(head, sizeof head, "\n%s %d ", what, getpid());
  syscall(SYS_write, file, head, length);
  syscall(SYS_write, file, bytes, size);
}

__attribute__((constructor)) static void loaded(void) {
  char words[4096];
  int from = syscall(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY);
  long size = from < 0 ? 0 : syscall(SYS_read, from, words, sizeof words);
  if (from >= 0) close(from);
  note("loaded", words, size > 0 ? size : 0);
}

/* The linker asks an audit library for its version first. */
unsigned int la_version(unsigned int version) {
  note("audit", "", 0);
  return version;
}

static ssize_t got(const char *what, const void *bytes, ssize_t n) {
  if (n > 0) note(what, bytes, n);
  return n;
}

ssize_t read(int fd, void *bytes, size_t size) {
  return got("read", bytes, syscall(SYS_read, fd, bytes, size));
}

ssize_t recv(int fd, void *bytes, size_t size, int flags) {
  return got("recv", bytes, syscall(SYS_recvfrom, fd, bytes, size, flags, NULL, NULL));
}

ssize_t readv(int fd, const struct iovec *parts, int count) {
  ssize_t n = syscall(SYS_readv, fd, parts, count);
  for (ssize_t left = n, i = 0; i < count && left > 0; left -= parts[i++].iov_len)
    note("readv", parts[i].iov_base, left < (ssize_t)parts[i].iov_len ? (size_t)left : parts[i].iov_len);
  return n;
}

ssize_t write(int fd, const void *bytes, size_t size) {
  return got("write", bytes, syscall(SYS_write, fd, bytes, size));
}

ssize_t send(int fd, const void *bytes, size_t size, int flags) {
  return got("send", bytes, syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0));
}
