/*
 * Preloaded into a process: counts its file operations below one directory and makes a chosen one go wrong, and can
 * keep a log of those that change something. tests/kit/fault_library.ts compiles it and speaks to it.
 *
 * FAULT_BELOW is the directory, absolute and without links. An operation belongs to it by its path or by the path its
 * descriptor was opened with. Everything else passes untouched. Only one thread at a time may use files below it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* The order of OPERATIONS in fault_library.ts. */
enum { OPEN, READ, STAT, LIST, LOCK, CREATE, WRITE, TRUNCATE, FSYNC, FDATASYNC, RENAME, LINK, UNLINK, MKDIR, NOTE };
/* The order of FAULTS in fault_library.ts. */
enum { FAIL, HALF, FILL, DIE_BEFORE, DIE_AMID, DIE_AFTER };

#define MAX_FD 4096
#define PAGE 4096
static char *path_of[MAX_FD];
static char below[PATH_MAX];
static size_t below_length;

static int paused, log_fd = -1;
static struct { int at, times, fault, error; uint32_t operations; } armed;
static int seen, hits;
static char last_hit[PATH_MAX + 32];

/* ---- The door to the process under test, called through FFI ---- */

void fault_arm(int at, int times, int fault, int error, uint32_t operations) {
  armed.at = at, armed.times = times, armed.fault = fault, armed.error = error, armed.operations = operations;
  seen = hits = 0;
  last_hit[0] = 0;
}
/* How many calls of the chosen operations came by since fault_arm. */
int fault_seen(void) { return seen; }
/* How many of them went wrong. */
int fault_hits(void) { return hits; }
/* Operation number and path of the last one that went wrong, "7 /path". */
const char *fault_last(void) { return last_hit; }
void fault_pause(int on) { paused = on; }
/* Everything that changes something is appended to the file `path` from here on. */
void fault_log(const char *path) {
  log_fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void __attribute__((constructor)) begin(void) {
  const char *directory = getenv("FAULT_BELOW"), *arm = getenv("FAULT_ARM");
  if (directory) snprintf(below, sizeof below, "%s", directory);
  below_length = strlen(below);
  int at, times, fault, error;
  unsigned operations;
  if (arm && sscanf(arm, "%d %d %d %d %u", &at, &times, &fault, &error, &operations) == 5)
    fault_arm(at, times, fault, error, operations);
}

/* ---- Which operations count ---- */

static int is_below(const char *path) {
  return below_length && path && !strncmp(path, below, below_length) &&
    (path[below_length] == '/' || path[below_length] == 0);
}

/* The path that `name` means beside `directory`, in `buffer` if it has to be put together. */
static const char *resolve(int directory, const char *name, char *buffer) {
  if (!name || name[0] == '/' || directory == AT_FDCWD) return name;
  if (directory < 0 || directory >= MAX_FD || !path_of[directory]) return NULL;
  snprintf(buffer, PATH_MAX, "%s/%s", path_of[directory], name);
  return buffer;
}

static const char *of_fd(int fd) { return fd >= 0 && fd < MAX_FD ? path_of[fd] : NULL; }

static void remember(int fd, const char *path) {
  if (fd < 0 || fd >= MAX_FD) return;
  free(path_of[fd]);
  path_of[fd] = is_below(path) ? strdup(path) : NULL;
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

enum { PASS, FAILED, HALVED, LAST };

/* What is to become of this call. LAST: do it, then die. */
static int judge(int operation, const char *path) {
  if (paused || !is_below(path)) return PASS;
  if (!armed.at || !(armed.operations & 1u << operation)) return PASS;
  seen++;
  if (seen < armed.at || seen - armed.at >= armed.times) return PASS;
  hits++;
  snprintf(last_hit, sizeof last_hit, "%d %s", operation, path);
  switch (armed.fault) {
    case FAIL: errno = armed.error; return FAILED;
    case HALF: return HALVED;
    case FILL:
      if (seen == armed.at) return HALVED;
      errno = armed.error;
      return FAILED;
    case DIE_BEFORE: die(); return PASS;
    case DIE_AMID: return operation == WRITE ? HALVED : PASS;
    default: return LAST;
  }
}

static void after(int verdict) {
  int kept = errno;
  if (verdict == LAST || (verdict == HALVED && armed.fault == DIE_AMID)) die();
  errno = kept;
}

static size_t size_of(int verdict, size_t size) { return verdict == HALVED && size > 1 ? size / 2 : size; }

/* ---- The log: u8 operation, u64 offset, length or failure, u32 × 3 lengths, path, other path, data ---- */

static int is_logged(const char *path) { return log_fd >= 0 && !paused && is_below(path); }

static void put(const void *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    long n = syscall(SYS_write, log_fd, (const char *)bytes + at, length - at);
    if (n < 0 && errno != EINTR) abort();
    if (n > 0) at += n;
  }
}

static void record(int operation, uint64_t number, const char *path, const char *other, const void *data,
                   size_t length) {
  int kept = errno;
  unsigned char head[21];
  uint32_t lengths[3] = { path ? strlen(path) : 0, other ? strlen(other) : 0, length };
  head[0] = operation;
  memcpy(head + 1, &number, 8), memcpy(head + 9, lengths, 12);
  put(head, sizeof head), put(path, lengths[0]), put(other, lengths[1]), put(data, length);
  errno = kept;
}

void fault_note(const char *text) { if (log_fd >= 0) record(NOTE, 0, text, NULL, NULL, 0); }

static int exists(const char *path) {
  struct stat s;
  return syscall(SYS_newfstatat, AT_FDCWD, path, &s, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Where the next write of `fd` goes. */
static uint64_t position_of(int fd) {
  if (syscall(SYS_fcntl, fd, F_GETFL) & O_APPEND) return syscall(SYS_lseek, fd, 0, SEEK_END);
  return syscall(SYS_lseek, fd, 0, SEEK_CUR);
}

/* Bytes that a file already has are replaced as a whole within one page: no system stops in the middle of that. */
static int can_tear(int fd, uint64_t at, size_t size) {
  struct stat s;
  if (size == 0 || syscall(SYS_fstat, fd, &s) != 0) return 0;
  return at + size > (uint64_t)s.st_size || at / PAGE != (at + size - 1) / PAGE;
}

/* ---- Operations ---- */

static int do_open(int directory, const char *name, int flags, mode_t mode) {
  char buffer[PATH_MAX];
  const char *path = resolve(directory, name, buffer);
  int creates = (flags & O_CREAT) && is_below(path) && !exists(path);
  int verdict = judge(creates ? CREATE : OPEN, path);
  if (verdict == FAILED) return -1;
  int fd = syscall(SYS_openat, directory, name, flags, mode);
  if (fd >= 0) {
    remember(fd, path);
    if (creates && is_logged(path)) record(CREATE, 0, path, NULL, NULL, 0);
    else if ((flags & O_TRUNC) && is_logged(path)) record(TRUNCATE, 0, path, NULL, NULL, 0);
  }
  after(verdict);
  return fd;
}

#define MODE_ARGUMENT(flags) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | O_TMPFILE)) { va_list a; va_start(a, flags); mode = va_arg(a, mode_t); va_end(a); }

int open(const char *path, int flags, ...) { MODE_ARGUMENT(flags) return do_open(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE_ARGUMENT(flags) return do_open(AT_FDCWD, path, flags, mode); }
int openat(int d, const char *path, int flags, ...) { MODE_ARGUMENT(flags) return do_open(d, path, flags, mode); }
int openat64(int d, const char *path, int flags, ...) { MODE_ARGUMENT(flags) return do_open(d, path, flags, mode); }
int creat(const char *path, mode_t mode) { return do_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd) {
  if (fd >= 0 && fd < MAX_FD && path_of[fd]) free(path_of[fd]), path_of[fd] = NULL;
  return syscall(SYS_close, fd);
}

static ssize_t do_write(int fd, const void *data, size_t size, int64_t offset) {
  const char *path = of_fd(fd);
  int verdict = judge(WRITE, path);
  if (verdict == FAILED) return -1;
  int logged = is_logged(path);
  uint64_t at = !logged && verdict != HALVED ? 0 : offset >= 0 ? (uint64_t)offset : position_of(fd);
  if (verdict == HALVED && armed.fault != HALF && !can_tear(fd, at, size)) {
    if (armed.fault == DIE_AMID) die();
    errno = armed.error;
    return -1;
  }
  size = size_of(verdict, size);
  ssize_t n = offset < 0 ? syscall(SYS_write, fd, data, size) : syscall(SYS_pwrite64, fd, data, size, offset);
  if (n > 0 && logged) record(WRITE, at, path, NULL, data, n);
  after(verdict);
  return n;
}

ssize_t write(int fd, const void *data, size_t size) { return do_write(fd, data, size, -1); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return do_write(fd, data, size, at); }
ssize_t pwrite64(int fd, const void *data, size_t size, off_t at) { return do_write(fd, data, size, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) {
  /* The first part alone is a short write, which every caller must expect. */
  if (of_fd(fd) && count > 0) return do_write(fd, parts[0].iov_base, parts[0].iov_len, -1);
  return syscall(SYS_writev, fd, parts, count);
}
/* The C library's own answer where the kernel has no such call: callers fall back to read and write. */
ssize_t copy_file_range(int in, off_t *in_at, int out, off_t *out_at, size_t size, unsigned flags) {
  if (of_fd(in) || of_fd(out)) { errno = ENOSYS; return -1; }
  return syscall(SYS_copy_file_range, in, in_at, out, out_at, size, flags);
}
ssize_t sendfile64(int out, int in, off_t *at, size_t size) {
  if (of_fd(in) || of_fd(out)) { errno = ENOSYS; return -1; }
  return syscall(SYS_sendfile, out, in, at, size);
}
ssize_t sendfile(int out, int in, off_t *at, size_t size) { return sendfile64(out, in, at, size); }

static ssize_t do_read(int fd, void *data, size_t size, int64_t offset) {
  int verdict = judge(READ, of_fd(fd));
  if (verdict == FAILED) return -1;
  size = size_of(verdict, size);
  ssize_t n = offset < 0 ? syscall(SYS_read, fd, data, size) : syscall(SYS_pread64, fd, data, size, offset);
  after(verdict);
  return n;
}

ssize_t read(int fd, void *data, size_t size) { return do_read(fd, data, size, -1); }
ssize_t pread(int fd, void *data, size_t size, off_t at) { return do_read(fd, data, size, at); }
ssize_t pread64(int fd, void *data, size_t size, off_t at) { return do_read(fd, data, size, at); }

static int do_truncate(int fd, off_t length) {
  const char *path = of_fd(fd);
  int verdict = judge(TRUNCATE, path);
  if (verdict == FAILED) return -1;
  int result = syscall(SYS_ftruncate, fd, length);
  if (result == 0 && is_logged(path)) record(TRUNCATE, length, path, NULL, NULL, 0);
  after(verdict);
  return result;
}

int ftruncate(int fd, off_t length) { return do_truncate(fd, length); }
int ftruncate64(int fd, off_t length) { return do_truncate(fd, length); }

static int do_sync(int fd, int operation) {
  const char *path = of_fd(fd);
  int verdict = judge(operation, path);
  /* A sync that failed is logged too: the kernel may have forgotten what it was to write. */
  if (verdict == FAILED) {
    if (is_logged(path)) record(operation, 1, path, NULL, NULL, 0);
    return -1;
  }
  int result = syscall(operation == FSYNC ? SYS_fsync : SYS_fdatasync, fd);
  if (is_logged(path)) record(operation, result != 0, path, NULL, NULL, 0);
  after(verdict);
  return result;
}

int fsync(int fd) { return do_sync(fd, FSYNC); }
int fdatasync(int fd) { return do_sync(fd, FDATASYNC); }

static int do_rename(int d, const char *from, int e, const char *to, unsigned flags) {
  char one[PATH_MAX], two[PATH_MAX];
  const char *path = resolve(d, from, one), *other = resolve(e, to, two);
  int verdict = judge(RENAME, path);
  if (verdict == FAILED) return -1;
  int result = syscall(SYS_renameat2, d, from, e, to, flags);
  if (result == 0 && is_logged(path)) record(RENAME, 0, path, other, NULL, 0);
  after(verdict);
  return result;
}

int rename(const char *from, const char *to) { return do_rename(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int d, const char *from, int e, const char *to) { return do_rename(d, from, e, to, 0); }
int renameat2(int d, const char *from, int e, const char *to, unsigned f) { return do_rename(d, from, e, to, f); }

int linkat(int d, const char *from, int e, const char *to, int flags) {
  char one[PATH_MAX], two[PATH_MAX];
  const char *path = resolve(d, from, one), *other = resolve(e, to, two);
  int verdict = judge(LINK, path);
  if (verdict == FAILED) return -1;
  int result = syscall(SYS_linkat, d, from, e, to, flags);
  if (result == 0 && is_logged(path)) record(LINK, 0, path, other, NULL, 0);
  after(verdict);
  return result;
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int d, const char *name, int flags) {
  char buffer[PATH_MAX];
  const char *path = resolve(d, name, buffer);
  int verdict = judge(UNLINK, path);
  if (verdict == FAILED) return -1;
  int result = syscall(SYS_unlinkat, d, name, flags);
  if (result == 0 && is_logged(path)) record(UNLINK, 0, path, NULL, NULL, 0);
  after(verdict);
  return result;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int d, const char *name, mode_t mode) {
  char buffer[PATH_MAX];
  const char *path = resolve(d, name, buffer);
  int verdict = judge(MKDIR, path);
  if (verdict == FAILED) return -1;
  int result = syscall(SYS_mkdirat, d, name, mode);
  if (result == 0 && is_logged(path)) record(MKDIR, 0, path, NULL, NULL, 0);
  after(verdict);
  return result;
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int flock(int fd, int operation) {
  int verdict = judge(LOCK, of_fd(fd));
  if (verdict == FAILED) return -1;
  int result = syscall(SYS_flock, fd, operation);
  after(verdict);
  return result;
}

int statx(int d, const char *name, int flags, unsigned mask, struct statx *s) {
  char buffer[PATH_MAX];
  int verdict = judge(STAT, (flags & AT_EMPTY_PATH) && !*name ? of_fd(d) : resolve(d, name, buffer));
  if (verdict == FAILED) return -1;
  int result = syscall(SYS_statx, d, name, flags, mask, s);
  after(verdict);
  return result;
}

DIR *opendir(const char *path) {
  static DIR *(*real_opendir)(const char *);
  if (!real_opendir) real_opendir = (DIR * (*)(const char *)) dlsym(RTLD_NEXT, "opendir");
  int verdict = judge(LIST, path);
  if (verdict == FAILED) return NULL;
  DIR *result = real_opendir(path);
  after(verdict);
  return result;
}
