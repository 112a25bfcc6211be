// SPDX-License-Identifier: Apache-2.0
//
// latency URL FIFO FILE FIRST BLOCKS COUNT QUEUE...
//
// Publishes messages made from FILE, numbered from FIRST on, one at a time, and waits each time
// until the program that the queue's consumer starts for it, stamp, has reported through FIFO when
// its first instruction ran. Goes BLOCKS times over the queues, forwards and backwards in turn,
// with COUNT messages for each; the first few of a block are not counted, as caches hold the other
// queue's programs then. Prints for each message that counts the index of its queue, the number of
// its block, and nanoseconds from before it was published to the report. A pause after each report
// lets the consumer come to rest.

#include "bus.h"
#include "message.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { warm_up = 5, limit_ms = 30000, pause_ns = 1000000 };

static int64_t next_report(int fifo) {
  struct pollfd ready = {.fd = fifo, .events = POLLIN};
  int64_t stamp;
  if (poll(&ready, 1, limit_ms) != 1) give_up("no program was started within 30 s");
  if (read(fifo, &stamp, sizeof stamp) != sizeof stamp) give_up("the report is cut short: %s", strerror(errno));
  return stamp;
}

int main(int argc, char **argv) {
  if (argc < 8) {
    fputs("usage: latency URL FIFO FILE FIRST BLOCKS COUNT QUEUE...\n", stderr);
    return 64;
  }
  int64_t blocks = number_argument(argv[5], "BLOCKS"), count = number_argument(argv[6], "COUNT");
  char **queues = argv + 7;
  int queue_count = argc - 7;
  struct message message = message_read(argv[3]);
  // Open for writing too: it never ends.
  int fifo = open(argv[2], O_RDWR | O_CLOEXEC);
  if (fifo < 0) give_up("%s cannot be opened: %s", argv[2], strerror(errno));
  amqp_connection_state_t bus = bus_open(argv[1]);

  int64_t number = number_argument(argv[4], "FIRST");
  for (int64_t block = 0; block < blocks; block++) {
    for (int turn = 0; turn < queue_count; turn++) {
      int queue = block % 2 == 0 ? turn : queue_count - 1 - turn;
      for (int64_t sent = -warm_up; sent < count; sent++) {
        int64_t published = now_ns();
        message_publish(bus, queues[queue], &message, number++);
        int64_t reported = next_report(fifo);
        if (sent >= 0) printf("%d %lld %lld\n", queue, (long long)block, (long long)(reported - published));
        nanosleep(&(struct timespec){.tv_nsec = pause_ns}, NULL);
      }
    }
  }
  bus_close(bus);
  return 0;
}
