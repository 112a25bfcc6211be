// SPDX-License-Identifier: Apache-2.0
//
// run-as: becomes what a script is to run as, and then the script.
//
// onevent starts it between itself and a script, since what it does cannot be done between fork and exec of a program
// with threads. It reads one request (see CRunAs.h), takes its steps in one order, each checked, and executes the
// script. It has no privileges of its own, neither a setuid bit nor file capabilities: whoever may start it with effect
// has what it takes already, and it only ever gives up.
//
// Started with an empty environment, a session of its own, default signals and an empty mask; 0, 1 and 2 are the
// script's.

#define _GNU_SOURCE

#include "CRunAs.h"
#include "identity.h"
#include "request.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static const char *const step_names[runas_step_count] = {
    [runas_step_request] = "request",
    [runas_step_own_file] = "own file",
    [runas_step_cgroup] = "cgroup.procs",
    [runas_step_files] = "RLIMIT_NOFILE",
    [runas_step_processes] = "RLIMIT_NPROC",
    [runas_step_cpu] = "RLIMIT_CPU",
    [runas_step_memory] = "RLIMIT_AS",
    [runas_step_nice] = "setpriority",
    [runas_step_bounding_set] = "PR_CAPBSET_DROP",
    [runas_step_groups] = "setgroups",
    [runas_step_gid] = "setresgid",
    [runas_step_uid] = "setresuid",
    [runas_step_capabilities] = "capabilities",
    [runas_step_verification] = "verification",
    [runas_step_no_new_privileges] = "PR_SET_NO_NEW_PRIVS",
    [runas_step_directory] = "chdir",
    [runas_step_descriptors] = "close_range",
    [runas_step_program] = "execve",
};

/// Writes a record into the pipe, which has room for it: it is the first or the second.
static void report(int step, int error) {
  struct runas_report record = {.magic = runas_magic, .step = (uint32_t)step, .error = error};
  while (write(runas_report_descriptor, &record, sizeof record) < 0 && errno == EINTR) {
  }
}

_Noreturn static void fail(int step, int error) {
  report(step, error);
  fprintf(stderr, "run-as: %s: %s\n", step_names[step], strerror(error));
  _exit(EX_OSERR);
}

_Noreturn static void refuse(const char *problem) {
  report(runas_step_request, EINVAL);
  fprintf(stderr, "run-as: this is started by onevent, with a request: %s\n", problem);
  _exit(EX_USAGE);
}

static void require_report_pipe(void) {
  struct stat status;
  if (fstat(runas_report_descriptor, &status) == 0 && S_ISFIFO(status.st_mode) &&
      fcntl(runas_report_descriptor, F_SETFD, FD_CLOEXEC) == 0)
    return;
  fprintf(stderr, "run-as: this is started by onevent, with a pipe for reports as descriptor 4\n");
  _exit(EX_USAGE);
}

static void join_cgroup(const char *directory) {
  if (directory[0] == 0) return;
  char path[PATH_MAX];
  int length = snprintf(path, sizeof path, "%s/cgroup.procs", directory);
  if (length < 0 || (size_t)length >= sizeof path) fail(runas_step_cgroup, ENAMETOOLONG);
  int file = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  // 0 stands for the writer itself.
  if (file < 0 || write(file, "0", 1) != 1) fail(runas_step_cgroup, errno);
  close(file);
}

static void set_limit(int step, __rlimit_resource_t resource, uint64_t soft, uint64_t hard) {
  struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
  if (setrlimit(resource, &limit) != 0) fail(step, errno);
}

static void set_limits(const struct runas_request *numbers) {
  if (numbers->flags & runas_has_files)
    set_limit(runas_step_files, RLIMIT_NOFILE, numbers->files, numbers->files);
  if (numbers->flags & runas_has_processes)
    set_limit(runas_step_processes, RLIMIT_NPROC, numbers->processes, numbers->processes);
  // A second between SIGXCPU and SIGKILL, for whoever wants to say something.
  if (numbers->flags & runas_has_cpu)
    set_limit(runas_step_cpu, RLIMIT_CPU, numbers->cpu, numbers->cpu + (numbers->cpu < UINT64_MAX));
  if (numbers->flags & runas_has_memory)
    set_limit(runas_step_memory, RLIMIT_AS, numbers->memory, numbers->memory);
}

int main(void) {
  require_report_pipe();
  // Nobody looks into this process while it has more rights than the script. exec takes this back.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  // With a setuid bit or file capabilities, everybody could become anybody.
  if (getauxval(AT_SECURE) != 0) fail(runas_step_own_file, EPERM);

  struct request request;
  const char *problem = read_request(runas_request_descriptor, &request);
  if (problem != NULL) refuse(problem);
  close(runas_request_descriptor);
  const struct runas_request *numbers = &request.numbers;

  join_cgroup(request.cgroup);
  umask(numbers->mask);
  if ((numbers->flags & runas_has_nice) && setpriority(PRIO_PROCESS, 0, numbers->nice) != 0)
    fail(runas_step_nice, errno);
  set_limits(numbers);

  int step = take_identity(&request);
  if (step != runas_step_ready) fail(step, errno);
  if ((numbers->flags & runas_no_new_privileges) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    fail(runas_step_no_new_privileges, errno);

  // With the rights of the script's user from here on.
  if (chdir(request.directory) != 0) fail(runas_step_directory, errno);
  if (close_range(runas_report_descriptor + 1, ~0U, 0) != 0) fail(runas_step_descriptors, errno);
  report(runas_step_ready, 0);
  execve(request.path, request.arguments, request.environment);
  fail(runas_step_program, errno);
}
