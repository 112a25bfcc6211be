// SPDX-License-Identifier: Apache-2.0

#include "bus.h"

#include <errno.h>
#include <amqp_tcp_socket.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void give_up(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(69);
}

void expect_reply(amqp_rpc_reply_t reply, const char *what) {
  switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
      return;
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
      give_up("%s failed: %s", what, amqp_error_string2(reply.library_error));
    case AMQP_RESPONSE_SERVER_EXCEPTION:
      if (reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
        amqp_connection_close_t *close = reply.reply.decoded;
        give_up("%s failed: the broker closed the connection: %d %.*s", what, close->reply_code,
                (int)close->reply_text.len, (char *)close->reply_text.bytes);
      }
      if (reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
        amqp_channel_close_t *close = reply.reply.decoded;
        give_up("%s failed: the broker closed the channel: %d %.*s", what, close->reply_code,
                (int)close->reply_text.len, (char *)close->reply_text.bytes);
      }
      give_up("%s failed: the broker answered with method 0x%08X", what, reply.reply.id);
    default:
      give_up("%s failed: there was no answer", what);
  }
}

void expect_ok(int status, const char *what) {
  if (status != AMQP_STATUS_OK) give_up("%s failed: %s", what, amqp_error_string2(status));
}

static void open_channel(amqp_connection_state_t bus) {
  amqp_channel_open(bus, 1);
  expect_reply(amqp_get_rpc_reply(bus), "opening a channel");
}

amqp_connection_state_t bus_open(const char *url) {
  // amqp_parse_url cuts the text up in place, and the result points into it.
  char *text = strdup(url);
  if (text == NULL) give_up("there is no memory for the URL");
  struct amqp_connection_info info;
  amqp_default_connection_info(&info);
  expect_ok(amqp_parse_url(text, &info), "reading the URL");
  // "amqp://host/" names the virtual host "", which no broker has; what is meant is "/".
  const char *vhost = info.vhost[0] == '\0' ? "/" : info.vhost;

  amqp_connection_state_t bus = amqp_new_connection();
  amqp_socket_t *socket = bus == NULL ? NULL : amqp_tcp_socket_new(bus);
  if (socket == NULL) give_up("there is no memory for a connection");
  expect_ok(amqp_socket_open(socket, info.host, info.port), "connecting");
  expect_reply(amqp_login(bus, vhost, 0, AMQP_DEFAULT_FRAME_SIZE, 0, AMQP_SASL_METHOD_PLAIN, info.user, info.password),
               "logging in");
  open_channel(bus);
  free(text);
  return bus;
}

void bus_close(amqp_connection_state_t bus) {
  amqp_channel_close(bus, 1, AMQP_REPLY_SUCCESS);
  amqp_connection_close(bus, AMQP_REPLY_SUCCESS);
  amqp_destroy_connection(bus);
}

void bus_declare(amqp_connection_state_t bus, const char *queue) {
  amqp_queue_declare(bus, 1, amqp_cstring_bytes(queue), 0, 1, 0, 0, amqp_empty_table);
  expect_reply(amqp_get_rpc_reply(bus), "declaring the queue");
  amqp_queue_purge(bus, 1, amqp_cstring_bytes(queue));
  expect_reply(amqp_get_rpc_reply(bus), "emptying the queue");
}

int64_t bus_depth(amqp_connection_state_t bus, const char *queue) {
  amqp_queue_declare_ok_t *declared =
      amqp_queue_declare(bus, 1, amqp_cstring_bytes(queue), 1, 0, 0, 0, amqp_empty_table);
  if (declared != NULL) {
    int64_t depth = declared->message_count;
    amqp_maybe_release_buffers(bus);
    return depth;
  }
  amqp_rpc_reply_t reply = amqp_get_rpc_reply(bus);
  if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
    amqp_channel_close_t *close = reply.reply.decoded;
    if (close->reply_code == AMQP_NOT_FOUND) {
      amqp_channel_close_ok_t closed = {0};
      expect_ok(amqp_send_method(bus, 1, AMQP_CHANNEL_CLOSE_OK_METHOD, &closed), "closing the channel");
      open_channel(bus);
      return -1;
    }
  }
  expect_reply(reply, "looking at the queue");
  return -1;
}

int64_t number_argument(const char *text, const char *name) {
  char *end = NULL;
  errno = 0;
  long long number = strtoll(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || number <= 0) {
    fprintf(stderr, "%s must be a positive number, not '%s'\n", name, text);
    exit(64);
  }
  return number;
}

int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
