// SPDX-License-Identifier: Apache-2.0

#include "CostCounting.h"

#include <simdjson.h>

#include <string_view>

struct cost_parser {
  simdjson::dom::parser outer;
  simdjson::dom::parser inner;
};

extern "C" cost_parser *cost_parser_create(void) { return new cost_parser; }

// Both texts are copied by the library: neither a frame of AMQP nor an unescaped string has the padding that it needs.
extern "C" bool cost_parse_outer(cost_parser *parser, const void *body, size_t length) {
  return parser->outer.parse(static_cast<const char *>(body), length).error() == simdjson::SUCCESS;
}

extern "C" bool cost_parse_both(cost_parser *parser, const void *body, size_t length) {
  std::string_view message;
  if (parser->outer.parse(static_cast<const char *>(body), length)["oslo.message"].get(message) != simdjson::SUCCESS) {
    return false;
  }
  return parser->inner.parse(message.data(), message.size()).error() == simdjson::SUCCESS;
}
