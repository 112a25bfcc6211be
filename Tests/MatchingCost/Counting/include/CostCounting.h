// SPDX-License-Identifier: Apache-2.0

/// What matching-cost cannot say in Swift: the heap allocations of one thread, and simdjson's own parse.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct cost_allocations {
  uint64_t count;
  /// As they were asked for.
  uint64_t bytes;
};

/// Calls `body`, and returns what the calling thread allocated meanwhile. What grows counts as allocated anew.
///
/// A function of its own, so that callgrind can be told to collect inside of it only (`--toggle-collect`).
struct cost_allocations cost_measure(void (*_Nonnull body)(void *_Nonnull), void *_Nonnull context);

/// simdjson's DOM parsers for a notification of oslo 2.0; their memory stays from one body to the next.
struct cost_parser;

struct cost_parser *_Nonnull cost_parser_create(void);

/// Parses the body alone; returns whether it is JSON.
bool cost_parse_outer(struct cost_parser *_Nonnull parser, const void *_Nonnull body, size_t length);

/// Parses the body, and what its string `oslo.message` holds; returns whether both are JSON.
bool cost_parse_both(struct cost_parser *_Nonnull parser, const void *_Nonnull body, size_t length);

#ifdef __cplusplus
}
#endif
