// SPDX-License-Identifier: Apache-2.0
//
// foster COMMAND ARGUMENT...
//
// Runs a command as init would: what loses its parent below it becomes its own child and is buried when it ends, also
// where process 1 of the machine does neither (a container). A trial kills daemons whose scripts go on; a zombie that
// nobody buries would look like one of them. When the command has ended, whatever is left below it is killed.
// TERM, INT and HUP are handed on. Ends as the command did.

#define _GNU_SOURCE

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t command;

static void hand_on(int signal) {
  if (command > 0) kill((pid_t)command, signal);
}

static int exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

// The kernel lists the children of a thread; there is one thread here.
static void kill_children(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
  FILE *list = fopen(path, "r");
  int child;
  while (list != NULL && fscanf(list, "%d", &child) == 1) kill(child, SIGKILL);
  if (list != NULL) fclose(list);
}

int main(int count, char **arguments) {
  if (count < 2) {
    fputs("usage: foster COMMAND ARGUMENT...\n", stderr);
    return 64;
  }
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  struct sigaction handing_on = {.sa_handler = hand_on};
  sigaction(SIGTERM, &handing_on, NULL);
  sigaction(SIGINT, &handing_on, NULL);
  sigaction(SIGHUP, &handing_on, NULL);

  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(arguments[1], arguments + 1);
    fprintf(stderr, "foster: %s: %s\n", arguments[1], strerror(errno));
    _exit(127);
  }
  if (child < 0) {
    perror("foster: fork");
    return 71;
  }
  command = child;
  int status = 0, result = 0;
  for (;;) {
    pid_t ended = wait(&status);
    if (ended == child) {
      result = exit_status(status);
      break;
    }
    if (ended < 0 && errno != EINTR) break;
  }
  command = 0;
  // What is killed leaves its own children to this process.
  do {
    kill_children();
  } while (wait(NULL) > 0 || errno == EINTR);
  return result;
}
