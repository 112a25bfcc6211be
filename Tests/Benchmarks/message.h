// SPDX-License-Identifier: Apache-2.0
//
// The message that the benchmarks publish: one file's bytes, made an event of its own each time.

#ifndef BENCHMARK_MESSAGE_H
#define BENCHMARK_MESSAGE_H

#include <amqp.h>
#include <stdint.h>

struct message {
  amqp_bytes_t body;
  char *counters[2];  // where the last digits of an identity stand in the body, or NULL
};

// Reads a file of at most 4 MiB; anything else ends the program.
struct message message_read(const char *path);

// Publishes the message, persistent and as oslo.messaging sends it, with `number` as the last
// digits of its "message_id" and "_unique_id": no listener may take two events for one.
void message_publish(amqp_connection_state_t bus, const char *queue, struct message *message, int64_t number);

#endif
