// SPDX-License-Identifier: Apache-2.0
//
// witness DIRECTORY MILLISECONDS STATUS [TIMES [KEY]]
//
// The script of the trials: what is written down by the scripts themselves is the only evidence of what ran that does
// not come from the daemon. Appends a line to DIRECTORY/log when it starts and one before it exits:
//   start|end|overlap  nanoseconds (CLOCK_MONOTONIC)  action  run  attempt  event  status  key
// For as long as it works, it holds a lock that is the run's own: "overlap" says that another attempt of the same run
// still held it. Works for MILLISECONDS, or with "gate" until the file DIRECTORY/gate is gone. Exits with STATUS in the
// first TIMES attempts (default: in all) and with 0 after those.

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static const char *directory;

static const char *variable(const char *name) {
  const char *value = getenv(name);
  return value == NULL || *value == '\0' ? "-" : value;
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// One write of one line: appended whole, whoever else appends.
static void testify(const char *what, int status, const char *key) {
  char path[4096], line[1024];
  snprintf(path, sizeof path, "%s/log", directory);
  int length = snprintf(line, sizeof line, "%s\t%" PRId64 "\t%s\t%s\t%s\t%s\t%d\t%s\n", what, now(),
                        variable("ONEVENT_ACTION"), variable("ONEVENT_RUN_ID"), variable("ONEVENT_ATTEMPT"),
                        variable("ONEVENT_EVENT_ID"), status, key);
  int log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (log < 0 || length < 0 || (size_t)length >= sizeof line || write(log, line, (size_t)length) != length) {
    fprintf(stderr, "witness: cannot write to %s: %s\n", path, strerror(errno));
    _exit(99);
  }
  close(log);
}

static int hold_lock(void) {
  char path[4096];
  snprintf(path, sizeof path, "%s/locks/%s", directory, variable("ONEVENT_RUN_ID"));
  // Left open: the kernel takes the lock back when the process is gone, however it ends.
  int lock = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0666);
  if (lock < 0) {
    fprintf(stderr, "witness: cannot open %s: %s\n", path, strerror(errno));
    _exit(99);
  }
  return flock(lock, LOCK_EX | LOCK_NB);
}

static void work(const char *duration) {
  if (strcmp(duration, "gate") != 0) {
    long milliseconds = atol(duration);
    struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
    return;
  }
  char path[4096];
  snprintf(path, sizeof path, "%s/gate", directory);
  while (access(path, F_OK) == 0) nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

int main(int count, char **arguments) {
  if (count < 4 || count > 6) {
    fputs("usage: witness DIRECTORY MILLISECONDS STATUS [TIMES [KEY]]\n", stderr);
    return 64;
  }
  directory = arguments[1];
  int status = atoi(arguments[3]);
  const char *key = count > 5 ? arguments[5] : "-";
  if (count > 4 && atol(variable("ONEVENT_ATTEMPT")) > atol(arguments[4])) status = 0;

  int overlaps = hold_lock() != 0;
  testify(overlaps ? "overlap" : "start", status, key);
  work(arguments[2]);
  testify("end", status, key);
  // For the journal's kept output.
  printf("witness of %s, attempt %s\n", variable("ONEVENT_EVENT_ID"), variable("ONEVENT_ATTEMPT"));
  return status;
}
