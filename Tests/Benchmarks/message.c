// SPDX-License-Identifier: Apache-2.0

#include "message.h"

#include "bus.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { digits = 8, room = 4 << 20 };

// A body may stand as JSON text inside a JSON string: quotes with or without a backslash.
static const char quotes[] = "\\\" :";

// Finds where the last digits of a key's value stand, when it is a string of at least `digits` characters.
static char *end_of_identity(char *text, const char *key) {
  char *at = strstr(text, key);
  if (at == NULL) return NULL;
  at += strlen(key);
  at += strspn(at, quotes);
  size_t length = strspn(at, "0123456789abcdefABCDEF-");
  return length < digits ? NULL : at + length - digits;
}

struct message message_read(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) give_up("the message %s cannot be opened", path);
  char *text = calloc(1, room + 1);
  if (text == NULL) give_up("there is no memory for the message");
  size_t size = fread(text, 1, room, file);
  if (ferror(file) || (size == room && fgetc(file) != EOF))
    give_up("the message %s cannot be read, or is larger than 4 MiB", path);
  fclose(file);
  return (struct message){.body = {.len = size, .bytes = text},
                          .counters = {end_of_identity(text, "message_id"), end_of_identity(text, "_unique_id")}};
}

void message_publish(amqp_connection_state_t bus, const char *queue, struct message *message, int64_t number) {
  char text[digits + 1];
  snprintf(text, sizeof text, "%08" PRIx32, (uint32_t)number);
  for (size_t i = 0; i < sizeof message->counters / sizeof *message->counters; i++)
    if (message->counters[i] != NULL) memcpy(message->counters[i], text, digits);
  amqp_basic_properties_t properties = {
      ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_CONTENT_ENCODING_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                AMQP_BASIC_PRIORITY_FLAG,
      .content_type = amqp_cstring_bytes("application/json"),
      .content_encoding = amqp_cstring_bytes("utf-8"),
      .delivery_mode = AMQP_DELIVERY_PERSISTENT,
      .priority = 0,
  };
  expect_ok(amqp_basic_publish(bus, 1, amqp_empty_bytes, amqp_cstring_bytes(queue), 0, 0, &properties, message->body),
            "publishing");
}
