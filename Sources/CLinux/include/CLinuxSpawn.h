// SPDX-License-Identifier: Apache-2.0
//
// The start of a child: posix_spawn(3) without what it does anew each time, and with a process descriptor.

#pragma once

#include <sys/types.h>

/// What a child executes, and what it has then.
typedef struct {
  /// Executed as it is written; `PATH` is not looked at, and no shell is tried.
  const char *path;
  char *const *arguments;
  char *const *environment;
  /// Become the child's descriptors 0, 1 and so on; none is below its new number. Every other one is closed.
  const int *descriptors;
  int count;
  /// An open directory that becomes the child's working directory; -1 = that of this process.
  int directory;
} clinux_program;

/// Starts a child in a session of its own, with default signal dispositions and an empty signal mask.
///
/// Returns once the program is executed: 0, with the child's number in `pid` and in `process` a descriptor that becomes
/// readable when it ends; or the `errno` of what failed, and then there is no child. Until its program is executed the
/// child lives in this process's memory, on `stack`, of which it needs 16 KiB.
///
/// posix_spawn(3) maps and unmaps such a stack for each child, which interrupts every processor that this process runs
/// on, and asks for the limit of descriptors at each of its file actions; a process descriptor needs one more call.
int clinux_spawn(const clinux_program *program, void *stack, size_t size, pid_t *pid, int *process);
