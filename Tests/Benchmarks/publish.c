// SPDX-License-Identifier: Apache-2.0
//
// publish URL QUEUE COUNT FILE
//
// Declares the durable classic queue QUEUE, empties it, fills it with COUNT persistent messages
// made from FILE, and ends when the broker says that all of them are there. Each message is an
// event of its own: the last digits of "message_id" and "_unique_id", where FILE has them, count
// up, as no listener may take two events for one.

#include "bus.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { digits = 8 };

// A body may stand as JSON text inside a JSON string: quotes with or without a backslash.
static const char quotes[] = "\\\" :";

struct body {
  char *bytes;
  size_t size;
  char *counters[2];  // where the last digits of an identity stand, or NULL
};

static struct body read_body(const char *path) {
  struct body body = {0};
  FILE *file = fopen(path, "rb");
  if (file == NULL) give_up("the message %s cannot be opened", path);
  size_t room = 1 << 20;
  body.bytes = calloc(1, room + 1);
  if (body.bytes == NULL) give_up("there is no memory for the message");
  body.size = fread(body.bytes, 1, room, file);
  if (ferror(file) || !feof(file)) give_up("the message %s cannot be read, or is larger than 1 MiB", path);
  fclose(file);
  return body;
}

// Finds where the value of a key ends, when it is a string of at least `digits` characters.
static char *end_of_identity(char *text, const char *key) {
  char *at = strstr(text, key);
  if (at == NULL) return NULL;
  at += strlen(key);
  at += strspn(at, quotes);
  size_t length = strspn(at, "0123456789abcdefABCDEF-");
  return length < digits ? NULL : at + length - digits;
}

static void count_up(struct body *body, int64_t number) {
  char text[digits + 1];
  snprintf(text, sizeof text, "%08" PRIx32, (uint32_t)number);
  for (size_t i = 0; i < sizeof body->counters / sizeof *body->counters; i++)
    if (body->counters[i] != NULL) memcpy(body->counters[i], text, digits);
}

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
  if (argc != 5) {
    fputs("usage: publish URL QUEUE COUNT FILE\n", stderr);
    return 64;
  }
  int64_t count = number_argument(argv[3], "COUNT");
  struct body body = read_body(argv[4]);
  body.counters[0] = end_of_identity(body.bytes, "message_id");
  body.counters[1] = end_of_identity(body.bytes, "_unique_id");

  amqp_connection_state_t bus = bus_open(argv[1]);
  amqp_bytes_t queue = amqp_cstring_bytes(argv[2]);
  amqp_queue_declare(bus, 1, queue, 0, 1, 0, 0, amqp_empty_table);
  expect_reply(amqp_get_rpc_reply(bus), "declaring the queue");
  amqp_queue_purge(bus, 1, queue);
  expect_reply(amqp_get_rpc_reply(bus), "emptying the queue");

  // As oslo.messaging sends them.
  amqp_basic_properties_t properties = {
      ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_CONTENT_ENCODING_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                AMQP_BASIC_PRIORITY_FLAG,
      .content_type = amqp_cstring_bytes("application/json"),
      .content_encoding = amqp_cstring_bytes("utf-8"),
      .delivery_mode = AMQP_DELIVERY_PERSISTENT,
      .priority = 0,
  };
  int64_t began = now_ns();
  for (int64_t number = 0; number < count; number++) {
    count_up(&body, number);
    amqp_bytes_t bytes = {.len = body.size, .bytes = body.bytes};
    expect_ok(amqp_basic_publish(bus, 1, amqp_empty_bytes, queue, 0, 0, &properties, bytes), "publishing");
  }
  wait_until_filled(bus, argv[2], count);
  double elapsed = (double)(now_ns() - began) / 1e9;
  bus_close(bus);
  printf("%lld messages of %zu bytes in %.3f s, %.0f messages/s\n", (long long)count, body.size, elapsed,
         (double)count / elapsed);
  free(body.bytes);
  return 0;
}
