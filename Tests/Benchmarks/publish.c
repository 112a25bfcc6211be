// SPDX-License-Identifier: Apache-2.0
//
// publish URL QUEUE COUNT FILE FIRST
//
// Fills a fresh QUEUE with COUNT messages made from FILE, numbered from FIRST on, and ends when the
// broker says that all of them are there.

#include "bus.h"
#include "message.h"

#include <stdio.h>

// The broker takes in what the socket brought while this process had long written it.
static void wait_until_filled(amqp_connection_state_t bus, const char *queue, int64_t count) {
  int64_t last = -1, changed = now_ns();
  for (;;) {
    int64_t depth = bus_depth(bus, queue);
    if (depth == count) return;
    if (depth != last) {
      last = depth;
      changed = now_ns();
    } else if (now_ns() - changed > INT64_C(30000000000)) {
      give_up("the queue %s stays at %lld of %lld messages", queue, (long long)depth, (long long)count);
    }
  }
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fputs("usage: publish URL QUEUE COUNT FILE FIRST\n", stderr);
    return 64;
  }
  int64_t count = number_argument(argv[3], "COUNT"), first = number_argument(argv[5], "FIRST");
  struct message message = message_read(argv[4]);
  amqp_connection_state_t bus = bus_open(argv[1]);
  bus_declare(bus, argv[2]);
  int64_t began = now_ns();
  for (int64_t number = 0; number < count; number++)
    message_publish(bus, argv[2], &message, first + number);
  wait_until_filled(bus, argv[2], count);
  double elapsed = (double)(now_ns() - began) / 1e9;
  bus_close(bus);
  printf("%lld messages of %zu bytes in %.3f s, %.0f messages/s\n", (long long)count, message.body.len, elapsed,
         (double)count / elapsed);
  return 0;
}
