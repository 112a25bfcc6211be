// SPDX-License-Identifier: Apache-2.0

/// The C face of libsimdjson: one call validates a whole JSON text and lays it out as a flat tape of nodes.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The nesting that a text may have.
#define JSON_TAPE_DEPTH 512u

/// The length in bytes that a text may have: twice that is addressed by 32 bits.
#define JSON_TAPE_LENGTH 1073741824u

/// The number of values that a text may have: bounds the tape of a body of `[1,1,1,…` to 96 MiB.
#define JSON_TAPE_NODES 4194304u

enum json_tape_kind {
  JSON_TAPE_NULL,
  JSON_TAPE_FALSE,
  JSON_TAPE_TRUE,
  JSON_TAPE_NUMBER,
  JSON_TAPE_STRING,
  JSON_TAPE_ARRAY,
  JSON_TAPE_OBJECT,
};

/// One value. Its children, if any, follow it; `next` is the index of the first node that is not inside it.
struct json_tape_node {
  /// One of `json_tape_kind`.
  uint32_t kind;
  /// The key of a member of an object, unescaped, in the tape's text. Not terminated.
  uint32_t key_offset;
  uint32_t key_length;
  /// A scalar's text: a string unescaped, everything else as it stood.
  uint32_t text_offset;
  /// The length of a scalar's text, or the number of children.
  uint32_t length;
  uint32_t next;
};

enum json_tape_error {
  JSON_TAPE_OK,
  JSON_TAPE_EMPTY,
  JSON_TAPE_TOO_LONG,
  JSON_TAPE_NO_MEMORY,
  JSON_TAPE_TOO_DEEP,
  JSON_TAPE_TOO_MANY_VALUES,
  JSON_TAPE_BAD_UTF8,
  JSON_TAPE_CONTROL_CHARACTER,
  JSON_TAPE_UNCLOSED_STRING,
  JSON_TAPE_BAD_ESCAPE,
  JSON_TAPE_BAD_NUMBER,
  JSON_TAPE_BAD_LITERAL,
  JSON_TAPE_EXPECTED_VALUE,
  JSON_TAPE_EXPECTED_KEY,
  JSON_TAPE_EXPECTED_COLON,
  JSON_TAPE_EXPECTED_COMMA_OR_BRACKET,
  JSON_TAPE_EXPECTED_COMMA_OR_BRACE,
  JSON_TAPE_EXPECTED_END,
  JSON_TAPE_OTHER,
};

/// What a parse came to. The pointers belong to the tape and are valid until it parses again or is destroyed.
struct json_tape_result {
  /// One of `json_tape_error`.
  uint32_t error;
  /// Where the fault lies in the text: at most its length, which stands for its end. -1 where there is no place.
  int64_t offset;
  const struct json_tape_node *nodes;
  uint32_t node_count;
  const uint8_t *text;
};

struct json_tape;

/// Returns an empty tape, or NULL when there is no memory.
struct json_tape *json_tape_create(void);

void json_tape_destroy(struct json_tape *tape);

/// Parses one text. Memory is reused from call to call; what a text over 1 MiB needed is given back by the next call
/// or by `json_tape_trim`.
struct json_tape_result json_tape_parse(struct json_tape *tape, const void *bytes, size_t length);

/// Gives back the memory that a large text needed, and forgets that text. Returns whether it did.
bool json_tape_trim(struct json_tape *tape);

/// Finds bytes in bytes; NULL where they are not. Faster than `memmem` where the first byte is frequent.
const void *json_tape_find(const void *bytes, size_t count, const void *wanted, size_t wanted_count);

#ifdef __cplusplus
}
#endif
