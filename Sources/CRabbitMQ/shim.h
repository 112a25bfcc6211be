// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/time.h>

// The library logs in through a variadic function, which Swift cannot call.
static inline amqp_rpc_reply_t onevent_login_plain(amqp_connection_state_t state, const char *virtual_host,
                                                   int frame_max, int heartbeat, const amqp_table_t *properties,
                                                   const char *user, const char *password) {
  return amqp_login_with_properties(state, virtual_host, 1, frame_max, heartbeat, properties,
                                    AMQP_SASL_METHOD_PLAIN, user, password);
}

static inline amqp_rpc_reply_t onevent_login_external(amqp_connection_state_t state, const char *virtual_host,
                                                      int frame_max, int heartbeat, const amqp_table_t *properties,
                                                      const char *identity) {
  return amqp_login_with_properties(state, virtual_host, 1, frame_max, heartbeat, properties,
                                    AMQP_SASL_METHOD_EXTERNAL, identity);
}

// Method numbers are macros with a cast around them, which Swift does not import.
static const amqp_method_number_t onevent_connection_close = AMQP_CONNECTION_CLOSE_METHOD;
static const amqp_method_number_t onevent_connection_close_ok = AMQP_CONNECTION_CLOSE_OK_METHOD;
static const amqp_method_number_t onevent_connection_blocked = AMQP_CONNECTION_BLOCKED_METHOD;
static const amqp_method_number_t onevent_connection_unblocked = AMQP_CONNECTION_UNBLOCKED_METHOD;
static const amqp_method_number_t onevent_channel_open = AMQP_CHANNEL_OPEN_METHOD;
static const amqp_method_number_t onevent_channel_close = AMQP_CHANNEL_CLOSE_METHOD;
static const amqp_method_number_t onevent_channel_close_ok = AMQP_CHANNEL_CLOSE_OK_METHOD;
static const amqp_method_number_t onevent_basic_deliver = AMQP_BASIC_DELIVER_METHOD;
static const amqp_method_number_t onevent_basic_consume = AMQP_BASIC_CONSUME_METHOD;
static const amqp_method_number_t onevent_basic_consume_ok = AMQP_BASIC_CONSUME_OK_METHOD;
static const amqp_method_number_t onevent_basic_cancel = AMQP_BASIC_CANCEL_METHOD;
static const amqp_method_number_t onevent_basic_cancel_ok = AMQP_BASIC_CANCEL_OK_METHOD;
static const amqp_method_number_t onevent_basic_return = AMQP_BASIC_RETURN_METHOD;
static const amqp_method_number_t onevent_basic_ack = AMQP_BASIC_ACK_METHOD;
static const amqp_method_number_t onevent_basic_nack = AMQP_BASIC_NACK_METHOD;

// Times in microseconds: `struct timeval` belongs to several modules at once, as Swift sees it, and is not for it.
static inline struct timeval onevent_interval(int64_t microseconds) {
  return (struct timeval){.tv_sec = microseconds / 1000000, .tv_usec = microseconds % 1000000};
}

// The next frame that is there already, or AMQP_STATUS_TIMEOUT.
static inline int onevent_next_frame(amqp_connection_state_t state, amqp_frame_t *frame) {
  struct timeval immediately = {0, 0};
  return amqp_simple_wait_frame_noblock(state, frame, &immediately);
}

// The next frame, waited for at most so long, or AMQP_STATUS_TIMEOUT.
static inline int onevent_await_frame(amqp_connection_state_t state, amqp_frame_t *frame, int64_t microseconds) {
  struct timeval limit = onevent_interval(microseconds);
  return amqp_simple_wait_frame_noblock(state, frame, &limit);
}

static inline int onevent_set_handshake_limit(amqp_connection_state_t state, int64_t microseconds) {
  struct timeval limit = onevent_interval(microseconds);
  return amqp_set_handshake_timeout(state, &limit);
}

static inline int onevent_set_reply_limit(amqp_connection_state_t state, int64_t microseconds) {
  struct timeval limit = onevent_interval(microseconds);
  return amqp_set_rpc_timeout(state, &limit);
}

static inline int onevent_open_socket(amqp_socket_t *socket, const char *host, int port, int64_t microseconds) {
  struct timeval limit = onevent_interval(microseconds);
  return amqp_socket_open_noblock(socket, host, port, &limit);
}

// Glibc as Swift sees it leaves these two headers out.
static inline int onevent_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
static inline void onevent_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
