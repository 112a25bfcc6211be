// SPDX-License-Identifier: Apache-2.0
//
// consume-spawn URL QUEUE COUNT INFLIGHT PROGRAM
//
// The least that can be done to run a program for each message of a queue: takes a message, puts
// its body into a memory file, starts PROGRAM on it, with at most INFLIGHT of them running, and
// acknowledges a message when its program has ended. One thread, no log, no order, no limits. What
// this machine allows at most, broker included: the bare spawn loop has the processors for itself.

#define _GNU_SOURCE

#include "bus.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct running {
  pid_t pid;
  uint64_t tag;
};

static uint64_t take(amqp_connection_state_t bus, int file) {
  amqp_envelope_t message;
  amqp_maybe_release_buffers(bus);
  expect_reply(amqp_consume_message(bus, &message, NULL, 0), "taking a message");
  if (write(file, message.message.body.bytes, message.message.body.len) != (ssize_t)message.message.body.len)
    give_up("the body could not be put into a memory file: %s", strerror(errno));
  uint64_t tag = message.delivery_tag;
  amqp_destroy_envelope(&message);
  return tag;
}

static pid_t start(char *program, int file, const posix_spawnattr_t *attributes) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, file, 0);
  char *arguments[] = {program, NULL};
  pid_t pid;
  int result = posix_spawn(&pid, program, &actions, attributes, arguments, environ);
  if (result != 0) give_up("%s cannot be started: %s", program, strerror(result));
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

static void wait_for_one(amqp_connection_state_t bus, struct running *running, int64_t in_flight) {
  int status;
  pid_t pid = wait(&status);
  for (int64_t index = 0; index < in_flight; index++) {
    if (running[index].pid != pid) continue;
    running[index].pid = 0;
    expect_ok(amqp_basic_ack(bus, 1, running[index].tag, 0), "acknowledging");
    return;
  }
  give_up("a program ended that was not started");
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fputs("usage: consume-spawn URL QUEUE COUNT INFLIGHT PROGRAM\n", stderr);
    return 64;
  }
  int64_t count = number_argument(argv[3], "COUNT"), in_flight = number_argument(argv[4], "INFLIGHT");
  struct running *running = calloc((size_t)in_flight, sizeof *running);
  amqp_connection_state_t bus = bus_open(argv[1]);
  amqp_basic_qos(bus, 1, 0, 500, 0);
  expect_reply(amqp_get_rpc_reply(bus), "setting the prefetch");
  amqp_basic_consume(bus, 1, amqp_cstring_bytes(argv[2]), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  expect_reply(amqp_get_rpc_reply(bus), "consuming");
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);

  int64_t began = 0, busy = 0;
  for (int64_t taken = 0; taken < count; taken++) {
    if (busy == in_flight) wait_for_one(bus, running, in_flight), busy--;
    int file = memfd_create("event", MFD_CLOEXEC);
    uint64_t tag = take(bus, file);
    if (taken == 0) began = now_ns();
    lseek(file, 0, SEEK_SET);
    int64_t place = 0;
    while (running[place].pid != 0) place++;
    running[place] = (struct running){.pid = start(argv[5], file, &attributes), .tag = tag};
    close(file);
    busy++;
  }
  while (busy > 0) wait_for_one(bus, running, in_flight), busy--;
  double elapsed = (double)(now_ns() - began) / 1e9;
  bus_close(bus);
  printf("%lld messages, %.0f runs/s\n", (long long)count, (double)count / elapsed);
  return 0;
}
