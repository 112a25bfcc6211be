// SPDX-License-Identifier: Apache-2.0
//
// watch-queue URL QUEUE COUNT
//
// Watches a queue that holds COUNT messages being emptied by somebody else: asks the broker
// every 5 ms how many are ready, and prints, in nanoseconds of CLOCK_MONOTONIC, when the first
// was gone, when half were, and when the last was. The same stop watch for every consumer.
// Ends with 69 when the number stays the same for 60 seconds.

#include "bus.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

int main(int argc, char **argv) {
  if (argc != 4) {
    fputs("usage: watch-queue URL QUEUE COUNT\n", stderr);
    return 64;
  }
  int64_t count = number_argument(argv[3], "COUNT");
  amqp_connection_state_t bus = bus_open(argv[1]);
  int64_t first = 0, half = 0, last = count, changed = now_ns();
  puts("watching");
  fflush(stdout);
  for (;;) {
    int64_t depth = bus_depth(bus, argv[2]), now = now_ns();
    if (depth < 0) give_up("the queue %s does not exist", argv[2]);
    if (depth != last) {
      last = depth;
      changed = now;
    } else if (now - changed > INT64_C(60000000000)) {
      give_up("the queue %s stays at %lld of %lld messages", argv[2], (long long)depth, (long long)count);
    }
    if (first == 0 && depth < count) first = now;
    if (half == 0 && depth <= count / 2) {
      half = now;
      puts("half");
      fflush(stdout);
    }
    if (depth == 0) break;
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
  }
  bus_close(bus);
  printf("%" PRId64 " %" PRId64 " %" PRId64 "\n", first, half, now_ns());
  return 0;
}
