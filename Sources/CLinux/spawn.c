// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE

#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// Bytes of the kernel's signal set: 64 signals.
enum { signal_set_size = 8 };

struct start {
  const clinux_program *program;
  int error;
};

/// Gives every signal its default disposition, those that the C library keeps for itself among them.
///
/// A handler would run in the memory that is shared with this process, and an ignored signal stay ignored.
static void forget_dispositions(void) {
  // The kernel's own `struct sigaction`, of at most so many words.
  static const unsigned long by_default[4];
  for (int signal = 1; signal <= 8 * signal_set_size; signal++)
    syscall(SYS_rt_sigaction, signal, by_default, NULL, signal_set_size);
}

static int become(const clinux_program *program) {
  if (setsid() < 0) return errno;
  for (int number = 0; number < program->count; number++) {
    int descriptor = program->descriptors[number];
    // One that has its number already loses only its close-on-exec.
    if ((descriptor == number ? fcntl(number, F_SETFD, 0) : dup2(descriptor, number)) < 0) return errno;
  }
  if (program->directory >= 0 && fchdir(program->directory) != 0) return errno;
  if (syscall(SYS_close_range, program->count, ~0U, 0) != 0) return errno;
  static const unsigned long none;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, signal_set_size);
  execve(program->path, program->arguments, program->environment);
  return errno;
}

static int child(void *argument) {
  struct start *start = argument;
  forget_dispositions();
  start->error = become(start->program);
  _exit(127);
}

int clinux_spawn(const clinux_program *program, void *stack, size_t size, pid_t *pid, int *process) {
  struct start start = {.program = program};
  // Down to the child's exec no handler of ours may run in it.
  static const unsigned long all = ~0UL;
  unsigned long before;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, signal_set_size);
  int flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
  pid_t number = clone(child, (char *)stack + size, flags, &start, process);
  int error = number < 0 ? errno : start.error;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, signal_set_size);
  if (number < 0) return error;
  if (error == 0) {
    *pid = number;
    return 0;
  }
  // It ended without executing anything.
  close(*process);
  while (waitpid(number, NULL, 0) < 0 && errno == EINTR) {
  }
  return error;
}
