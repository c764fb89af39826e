/*
 * Runs a command and notes how it ended.
 *
 *   keeper FILE COMMAND…           appends "status N", or "signal N" and, where the kernel dumped its memory, " core"
 *   keeper --trace FILE COMMAND…   the same, as its debugger from the first instruction on
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **words) {
  int tracing = count > 1 && strcmp(words[1], "--trace") == 0;
  char **rest = words + 1 + tracing;
  if (count < 3 + tracing) return 2;
  int note = open(rest[0], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  /* Whoever debugs allows core files as large as can be. */
  struct rlimit core;
  getrlimit(RLIMIT_CORE, &core);
  core.rlim_cur = core.rlim_max;
  setrlimit(RLIMIT_CORE, &core);
  pid_t child = fork();
  if (child == 0) {
    if (tracing) ptrace(PTRACE_TRACEME, 0, 0, 0);
    execvp(rest[1], rest + 1);
    _exit(127);
  }
  int status;
  for (;;) {
    if (waitpid(child, &status, 0) < 0) return 1;
    if (!WIFSTOPPED(status)) break;
    int signal = WSTOPSIG(status);
    ptrace(PTRACE_CONT, child, 0, signal == SIGTRAP ? 0 : signal);
  }
  if (WIFEXITED(status)) dprintf(note, "status %d\n", WEXITSTATUS(status));
  else dprintf(note, "signal %d%s\n", WTERMSIG(status), WCOREDUMP(status) ? " core" : "");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
