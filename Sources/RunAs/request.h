// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "CRunAs.h"

#include <sys/types.h>

/// A request that was read whole and found in order; lives as long as the process.
struct request {
  struct runas_request numbers;
  const gid_t *groups;
  const char *path;
  const char *directory;
  /// Empty = none is to be joined.
  const char *cgroup;
  /// As execve(2) takes them.
  char **arguments;
  char **environment;
};

/// Reads a request to the descriptor's end. Returns NULL, or what is wrong with it.
const char *read_request(int descriptor, struct request *request);
