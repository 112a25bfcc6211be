// SPDX-License-Identifier: Apache-2.0
//
// consume URL QUEUE COUNT [PREFETCH [ACKNOWLEDGE_EVERY]]
//
// The least that a consumer on librabbitmq can do: takes COUNT messages of a queue, looks at
// no byte of them, and acknowledges the last of every hundred for all before it. What onevent
// is measured against. Prints how many messages and bytes it took, its rate from the first
// delivery to the last, and its processor time for each.

#include "bus.h"

#include <stdio.h>
#include <sys/resource.h>

static amqp_frame_t next_frame(amqp_connection_state_t bus) {
  amqp_frame_t frame;
  expect_ok(amqp_simple_wait_frame(bus, &frame), "waiting for a delivery");
  return frame;
}

// The methods that a broker sends to a consumer by itself; only a delivery is welcome here.
static amqp_basic_deliver_t *next_delivery(amqp_connection_state_t bus) {
  amqp_frame_t frame = next_frame(bus);
  if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_DELIVER_METHOD)
    give_up("the broker sent something else than a delivery (frame type %d, method 0x%08X)", frame.frame_type,
            frame.frame_type == AMQP_FRAME_METHOD ? frame.payload.method.id : 0);
  return frame.payload.method.decoded;
}

static uint64_t skip_content(amqp_connection_state_t bus) {
  amqp_frame_t frame = next_frame(bus);
  if (frame.frame_type != AMQP_FRAME_HEADER) give_up("a delivery without a content header came");
  uint64_t size = frame.payload.properties.body_size;
  for (uint64_t taken = 0; taken < size;) {
    frame = next_frame(bus);
    if (frame.frame_type != AMQP_FRAME_BODY) give_up("a delivery's body was cut short");
    taken += frame.payload.body_fragment.len;
  }
  return size;
}

static double seconds(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

int main(int argc, char **argv) {
  if (argc < 4 || argc > 6) {
    fputs("usage: consume URL QUEUE COUNT [PREFETCH [ACKNOWLEDGE_EVERY]]\n", stderr);
    return 64;
  }
  int64_t count = number_argument(argv[3], "COUNT");
  int64_t prefetch = argc > 4 ? number_argument(argv[4], "PREFETCH") : 500;
  int64_t every = argc > 5 ? number_argument(argv[5], "ACKNOWLEDGE_EVERY") : 100;
  if (prefetch > UINT16_MAX || every > prefetch) {
    fputs("PREFETCH is at most 65535, and ACKNOWLEDGE_EVERY at most PREFETCH\n", stderr);
    return 64;
  }

  amqp_connection_state_t bus = bus_open(argv[1]);
  amqp_basic_qos(bus, 1, 0, (uint16_t)prefetch, 0);
  expect_reply(amqp_get_rpc_reply(bus), "setting the prefetch");
  amqp_basic_consume(bus, 1, amqp_cstring_bytes(argv[2]), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  expect_reply(amqp_get_rpc_reply(bus), "consuming");

  uint64_t bytes = 0;
  int64_t began = 0;
  for (int64_t taken = 1; taken <= count; taken++) {
    uint64_t tag = next_delivery(bus)->delivery_tag;
    if (taken == 1) began = now_ns();
    bytes += skip_content(bus);
    amqp_maybe_release_buffers_on_channel(bus, 1);
    if (taken % every == 0 || taken == count) expect_ok(amqp_basic_ack(bus, 1, tag, 1), "acknowledging");
  }
  double elapsed = (double)(now_ns() - began) / 1e9;
  bus_close(bus);

  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  printf("%lld messages, %llu bytes, %.3f s, %.0f messages/s, %.2f us CPU each\n", (long long)count,
         (unsigned long long)bytes, elapsed, (double)count / elapsed, cpu * 1e6 / (double)count);
  return 0;
}
