/*
 * What a process of this user can learn about process PID, and where a text occurs in it.
 *
 *   prober PID [TEXT]        one line for each way in that is open: its name, and " TEXT" where the text was found there;
 *                            where memory is open, one more that says how often it lies there
 *
 * It tries every way it knows and reports only what worked, so the tests run it on an unhardened control too.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

static int pid;
static const char *text;

static void open_way(const char *name, int found) {
  printf("%s%s\n", name, found ? " TEXT" : "");
}

/* Opens and reads a file of /proc/PID; what reads empty gives nothing away. */
static void try_file(const char *name) {
  char path[128];
  static char bytes[1 << 20];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  int fd = open(path, O_RDONLY);
  if (fd < 0) return;
  ssize_t n = read(fd, bytes, sizeof bytes);
  close(fd);
  if (n > 0) open_way(name, text != NULL && memmem(bytes, n, text, strlen(text)) != NULL);
}

static void try_directory(const char *name) {
  char path[128];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  DIR *directory = opendir(path);
  if (directory == NULL) return;
  int entries = 0;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) entries += entry->d_name[0] != '.';
  closedir(directory);
  if (entries > 0) open_way(name, 0);
}

static void try_link(const char *name) {
  char path[128], target[4096];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  if (readlink(path, target, sizeof target) > 0) open_way(name, 0);
}

/* The memory itself: open for reading or writing is a fault already, and what can be read is searched. */
static void try_memory(void) {
  char path[64], line[512];
  static char bytes[1 << 22];
  snprintf(path, sizeof path, "/proc/%d/mem", pid);
  int writing = open(path, O_WRONLY);
  if (writing >= 0) open_way("mem, writing", 0);
  if (writing >= 0) close(writing);
  int memory = open(path, O_RDONLY);
  if (memory < 0) return;
  long found = 0;
  size_t length = text == NULL ? 0 : strlen(text);
  snprintf(path, sizeof path, "/proc/%d/maps", pid);
  FILE *maps = fopen(path, "r");
  while (maps != NULL && length > 0 && fgets(line, sizeof line, maps) != NULL) {
    unsigned long from, to;
    char reads = '-';
    /* What is only reserved could be read too, and is endless. */
    if (sscanf(line, "%lx-%lx %c", &from, &to, &reads) != 3 || reads != 'r') continue;
    for (unsigned long at = from; at < to;) {
      ssize_t n = pread(memory, bytes, to - at < sizeof bytes ? to - at : sizeof bytes, at);
      if (n <= 0) break;
      for (char *hit = bytes; (hit = memmem(hit, bytes + n - hit, text, length)) != NULL; hit++) found++;
      /* The next piece begins where a text that is cut here would. */
      at += n > (ssize_t)length && at + n < to ? n - length + 1 : (size_t)n;
    }
  }
  if (maps != NULL) fclose(maps);
  close(memory);
  open_way("mem", found > 0);
  if (length > 0) printf("occurrences %ld\n", found);
}

/* These look at the caller's rights before they look at the address, so an empty request tells. */
static void try_calls(void) {
  char byte;
  struct iovec mine = {&byte, 1}, theirs = {(void *)8, 1};
  if (process_vm_readv(pid, &mine, 1, &theirs, 1, 0) >= 0 || errno == EFAULT) open_way("process_vm_readv", 0);
  if (process_vm_writev(pid, &mine, 1, &theirs, 1, 0) >= 0 || errno == EFAULT) open_way("process_vm_writev", 0);
  int process = syscall(SYS_pidfd_open, pid, 0);
  if (process >= 0) {
    for (int fd = 0; fd < 32; fd++) {
      int taken = syscall(SYS_pidfd_getfd, process, fd, 0);
      if (taken < 0) continue;
      open_way("pidfd_getfd", 0);
      close(taken);
      break;
    }
    close(process);
  }
  if (syscall(SYS_kcmp, pid, getpid(), KCMP_VM, 0, 0) >= 0) open_way("kcmp", 0);
  if (syscall(SYS_move_pages, pid, 0, NULL, NULL, NULL, 0) == 0) open_way("move_pages", 0);
  struct rlimit core = {RLIM_INFINITY, RLIM_INFINITY};
  if (prlimit(pid, RLIMIT_CORE, &core, NULL) == 0) open_way("prlimit core", 0);
  if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) {
    open_way("ptrace seize", 0);
    ptrace(PTRACE_INTERRUPT, pid, 0, 0);
    waitpid(pid, NULL, __WALL);
    ptrace(PTRACE_DETACH, pid, 0, 0);
  }
  if (ptrace(PTRACE_ATTACH, pid, 0, 0) == 0) {
    open_way("ptrace attach", 0);
    waitpid(pid, NULL, __WALL);
    ptrace(PTRACE_DETACH, pid, 0, 0);
  }
}

int main(int count, char **words) {
  pid = count < 2 ? 0 : atoi(words[1]);
  if (pid <= 0) return 2;
  text = count > 2 ? words[2] : NULL;
  static const char *const files[] = {"environ", "maps",    "smaps",   "auxv", "io",     "stack",   "syscall",
                                      "pagemap", "timers",  "numa_maps", "personality", "fd/0", "fd/1",    "fd/2",
                                      "fdinfo/0", "patch_state", "clear_refs", NULL};
  static const char *const directories[] = {"fd", "map_files", NULL};
  static const char *const links[] = {"exe", "cwd", "root", "ns/mnt", "fd/3", NULL};
  for (int i = 0; files[i] != NULL; i++)
    if (strncmp(files[i], "fd/", 3) != 0) try_file(files[i]);
  for (int i = 0; directories[i] != NULL; i++) try_directory(directories[i]);
  for (int i = 0; links[i] != NULL; i++) try_link(links[i]);
  try_memory();
  /* The same by way of each thread. */
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *tasks = opendir(path);
  for (struct dirent *entry; tasks != NULL && (entry = readdir(tasks)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    char name[64];
    snprintf(name, sizeof name, "task/%.20s/environ", entry->d_name);
    try_file(name);
    snprintf(name, sizeof name, "task/%.20s/fd", entry->d_name);
    try_directory(name);
  }
  if (tasks != NULL) closedir(tasks);
  try_calls();
  return 0;
}
