// SPDX-License-Identifier: Apache-2.0
//
// What onevent says to run-as, and what run-as answers. Both are built from this file and installed together; the
// version is there for the moment of an upgrade, in which a daemon meets the program of the next release.
//
// The request is one file, whose content is on descriptor 3 from its beginning to its end:
//   struct runas_request
//   uint32_t groups[group_count]
//   strings, each ended by a NUL byte: the program's path, the working directory, the cgroup's directory (empty =
//   none), argument_count arguments, variable_count environment entries
// and nothing after that. Numbers are in the machine's own order.
//
// The answer is records of struct runas_report in a pipe on descriptor 4, which is closed when the program is
// executed. One with RUNAS_READY and then the pipe's end: the program runs. One with another step: it failed there.
// The end without any: run-as itself was ended.

#pragma once

#include <stdint.h>

enum { runas_request_descriptor = 3, runas_report_descriptor = 4 };

/// "oera" and a version.
static const uint32_t runas_magic = 0x6f657261;
static const uint32_t runas_version = 1;

/// More than Linux passes to a program: 6 MiB, and what stands around it (execve(2), "Limits on size").
static const uint32_t runas_longest_request = 16 << 20;

/// More groups than NGROUPS_MAX are refused by the kernel.
static const uint32_t runas_most_groups = 65536;

/// What a request asks for beyond its numbers.
enum {
  /// The groups are those that the daemon has; setgroups(2) is not called.
  runas_keep_groups = 1 << 0,
  /// The target may be user 0.
  runas_allow_root = 1 << 1,
  runas_no_new_privileges = 1 << 2,
  runas_has_nice = 1 << 3,
  runas_has_files = 1 << 4,
  runas_has_processes = 1 << 5,
  runas_has_cpu = 1 << 6,
  runas_has_memory = 1 << 7,
  runas_known_flags = (1 << 8) - 1,
};

struct runas_request {
  uint32_t magic;
  uint32_t version;
  /// Of the whole request in bytes, this structure included.
  uint32_t size;
  uint32_t flags;
  uint32_t uid;
  uint32_t gid;
  uint32_t group_count;
  uint32_t mask;
  int32_t nice;
  uint32_t argument_count;
  uint32_t variable_count;
  uint32_t reserved;
  /// Resource limits, soft and hard: open files, processes, seconds of processor time, bytes of address space.
  uint64_t files;
  uint64_t processes;
  uint64_t cpu;
  uint64_t memory;
};

/// The steps in the order in which they are taken.
enum {
  runas_step_ready = 0,
  runas_step_request = 1,
  runas_step_own_file = 2,
  runas_step_cgroup = 3,
  runas_step_files = 4,
  runas_step_processes = 5,
  runas_step_cpu = 6,
  runas_step_memory = 7,
  runas_step_nice = 8,
  runas_step_bounding_set = 9,
  runas_step_groups = 10,
  runas_step_gid = 11,
  runas_step_uid = 12,
  runas_step_capabilities = 13,
  runas_step_verification = 14,
  runas_step_no_new_privileges = 15,
  runas_step_directory = 16,
  runas_step_descriptors = 17,
  runas_step_program = 18,
  runas_step_count = 19,
};

struct runas_report {
  uint32_t magic;
  uint32_t step;
  /// An errno; 0 with `runas_step_ready`.
  int32_t error;
  uint32_t reserved;
};
