// SPDX-License-Identifier: Apache-2.0
//
// What the C programs of the benchmarks share: a connection to the broker that ends the
// program with a sentence when anything goes wrong.

#ifndef BENCHMARK_BUS_H
#define BENCHMARK_BUS_H

#include <amqp.h>
#include <stdint.h>

#if defined(__GNUC__)
#define NEVER_RETURNS __attribute__((noreturn, format(printf, 1, 2)))
#else
#define NEVER_RETURNS
#endif

// Prints a line to stderr and exits with 69, as onevent does when it cannot reach a broker.
void give_up(const char *format, ...) NEVER_RETURNS;

// Ends the program unless the last synchronous call on the connection succeeded.
void expect_reply(amqp_rpc_reply_t reply, const char *what);

// Ends the program unless a library call returned AMQP_STATUS_OK.
void expect_ok(int status, const char *what);

// A logged-in connection with channel 1 open. The heartbeat is off: these programs run for
// seconds, and what they are compared with must not look good by their extra work.
amqp_connection_state_t bus_open(const char *url);

// Closes the channel and the connection, and frees them.
void bus_close(amqp_connection_state_t bus);

// Declares a durable classic queue and empties it.
void bus_declare(amqp_connection_state_t bus, const char *queue);

// The messages that are ready in a queue, or -1 where it does not exist (which closes the
// channel: it is opened again).
int64_t bus_depth(amqp_connection_state_t bus, const char *queue);

// A positive number from the command line; anything else ends the program with 64.
int64_t number_argument(const char *text, const char *name);

// Nanoseconds of the clock that Python calls time.monotonic_ns().
int64_t now_ns(void);

#endif
