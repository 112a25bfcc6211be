// SPDX-License-Identifier: Apache-2.0
//
// The yardstick for starting scripts: a bare posix_spawn loop, with nothing around it.
// Usage: spawn-loop PROGRAM COUNT INFLIGHT
// Starts PROGRAM COUNT times with at most INFLIGHT of them running, each in a session of its own and with a file
// of one event's size as its standard input, and waits for all. Prints runs per second, and CPU time per run of
// the loop itself and of its children.
// Build: gcc -O2 -o spawn-loop spawn-loop.c

#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { input_size = 2200 };  // A real lease event.

static void fail(const char *what, int reason) {
  fprintf(stderr, "spawn-loop: %s: %s\n", what, strerror(reason));
  exit(1);
}

static double seconds_of(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

static double cpu_of(int who) {
  struct rusage usage;
  if (getrusage(who, &usage) != 0) fail("getrusage", errno);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void start(const char *program, const char *input, const posix_spawnattr_t *attributes) {
  int file = open(input, O_RDONLY | O_CLOEXEC);
  if (file < 0) fail(input, errno);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, file, 0);
  char *arguments[] = {(char *)program, NULL};
  char *environment[] = {"PATH=/usr/bin:/bin", NULL};
  pid_t child;
  int reason = posix_spawn(&child, program, &actions, attributes, arguments, environment);
  if (reason != 0) fail(program, reason);
  posix_spawn_file_actions_destroy(&actions);
  close(file);
}

static void wait_for_one(void) {
  int status;
  if (wait(&status) < 0) fail("wait", errno);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail("the program did not exit with 0", EINVAL);
}

int main(int count, char **arguments) {
  if (count != 4) {
    fprintf(stderr, "usage: spawn-loop PROGRAM COUNT INFLIGHT\n");
    return 64;
  }
  const char *program = arguments[1];
  long runs = strtol(arguments[2], NULL, 10), in_flight = strtol(arguments[3], NULL, 10);
  if (runs < 1 || in_flight < 1) {
    fprintf(stderr, "spawn-loop: COUNT and INFLIGHT must be numbers from 1 on\n");
    return 64;
  }

  char input[64];
  int memory_file = memfd_create("input", 0);
  if (memory_file < 0 || ftruncate(memory_file, input_size) != 0) fail("memfd_create", errno);
  snprintf(input, sizeof input, "/proc/self/fd/%d", memory_file);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);

  double began = now();
  long running = 0;
  for (long started = 0; started < runs; started++) {
    if (running == in_flight) wait_for_one(), running--;
    start(program, input, &attributes);
    running++;
  }
  while (running > 0) wait_for_one(), running--;
  double took = now() - began;

  printf("runs_per_second=%.0f cpu_us_per_run=%.0f child_cpu_us_per_run=%.0f\n", (double)runs / took,
         cpu_of(RUSAGE_SELF) / (double)runs * 1e6, cpu_of(RUSAGE_CHILDREN) / (double)runs * 1e6);
  return 0;
}
