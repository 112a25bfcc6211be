// SPDX-License-Identifier: Apache-2.0

#include "CSimdJSON.h"

#include <simdjson.h>

#include <cstring>
#include <new>

#include "Buffer.h"
#include "Faults.h"

namespace ondemand = simdjson::ondemand;

namespace {

/// Texts up to this size share buffers that stay; what grew for a longer one is given back.
constexpr size_t kept_capacity = size_t{1} << 20;

size_t rounded_up(size_t length) {
  size_t capacity = 4096;
  while (capacity < length) capacity *= 2;
  return capacity;
}

} // namespace

/// The text is parsed between brackets of our own, as the only element of a list. That leaves one case where the
/// library has two (documents and values differ in what they check), makes scalars at the top level ordinary, and
/// gives every text an end that can be named in an error.
struct json_tape {
  ondemand::parser parser{};
  Buffer<uint8_t> input;
  Buffer<uint8_t> text;
  Buffer<json_tape_node> nodes;
  size_t capacity = 0;

  uint32_t node_count = 0;
  uint8_t *text_end = nullptr;
  const uint8_t *last_scalar = nullptr;
  bool may_hold_surrogates = false;
  json_tape_error error = JSON_TAPE_OK;
  const uint8_t *place = nullptr;

  bool fail(json_tape_error reason, const void *at) {
    error = reason;
    place = static_cast<const uint8_t *>(at);
    return false;
  }

  bool reserve(size_t length) {
    if (length <= capacity) return true;
    size_t wanted = rounded_up(length);
    // Strings never grow by unescaping; the library writes them in blocks and may run over by one.
    if (!input.reserve(wanted + simdjson::SIMDJSON_PADDING) || !text.reserve(wanted + 2 * simdjson::SIMDJSON_PADDING)
        || parser.allocate(wanted) != simdjson::SUCCESS) {
      release();
      return false;
    }
    capacity = wanted;
    return true;
  }

  void release() {
    input.release();
    text.release();
    nodes.release();
    parser = ondemand::parser{};
    capacity = 0;
    node_count = 0;
  }

  bool is_large() const {
    return capacity > kept_capacity || nodes.capacity * sizeof(json_tape_node) > 4 * kept_capacity;
  }

  bool append_node(json_tape_node node, const void *at) {
    if (node_count >= nodes.capacity) {
      if (node_count >= JSON_TAPE_NODES) return fail(JSON_TAPE_TOO_MANY_VALUES, at);
      if (!nodes.reserve(nodes.capacity == 0 ? 256 : nodes.capacity * 2)) return fail(JSON_TAPE_NO_MEMORY, nullptr);
    }
    node.next = node_count + 1;
    nodes.elements[node_count++] = node;
    return true;
  }

  uint32_t offset_of(const void *in_text) const {
    return static_cast<uint32_t>(static_cast<const uint8_t *>(in_text) - text.elements);
  }

  bool read_string(ondemand::raw_json_string raw, uint32_t &offset, uint32_t &length) {
    std::string_view unescaped;
    if (parser.unescape(raw, text_end).get(unescaped)) return fail(JSON_TAPE_BAD_ESCAPE, raw.raw() - 1);
    if (may_hold_surrogates && faults::has_lone_surrogate(unescaped)) return fail(JSON_TAPE_BAD_ESCAPE, raw.raw() - 1);
    offset = offset_of(unescaped.data());
    length = static_cast<uint32_t>(unescaped.size());
    return true;
  }

  bool walk_scalar(std::string_view token, json_tape_node node) {
    while (!token.empty() && faults::is_space(static_cast<uint8_t>(token.back()))) token.remove_suffix(1);
    switch (token[0]) {
    case 'n': node.kind = JSON_TAPE_NULL; break;
    case 't': node.kind = JSON_TAPE_TRUE; break;
    case 'f': node.kind = JSON_TAPE_FALSE; break;
    default: node.kind = JSON_TAPE_NUMBER; break;
    }
    if (node.kind == JSON_TAPE_NUMBER) {
      if (!faults::is_number(token)) return fail(JSON_TAPE_BAD_NUMBER, token.data());
    } else {
      static constexpr std::string_view literals[] = {"null", "false", "true"};
      if (token != literals[node.kind]) return fail(JSON_TAPE_BAD_LITERAL, token.data());
    }
    node.text_offset = offset_of(text_end);
    node.length = static_cast<uint32_t>(token.size());
    std::memcpy(text_end, token.data(), token.size());
    text_end += token.size();
    last_scalar = reinterpret_cast<const uint8_t *>(token.data());
    return append_node(node, token.data());
  }

  /// Recursive, at most `JSON_TAPE_DEPTH` deep. `node` holds the key.
  bool walk(ondemand::document &document, ondemand::value value, json_tape_node node, unsigned depth) {
    std::string_view token = value.raw_json_token();
    ondemand::json_type type;
    if (value.type().get(type)) return fail(JSON_TAPE_EXPECTED_VALUE, token.data());
    switch (type) {
    case ondemand::json_type::string: {
      ondemand::raw_json_string raw;
      if (value.get_raw_json_string().get(raw)) return fail(JSON_TAPE_OTHER, token.data());
      node.kind = JSON_TAPE_STRING;
      last_scalar = reinterpret_cast<const uint8_t *>(token.data());
      return read_string(raw, node.text_offset, node.length) && append_node(node, token.data());
    }
    case ondemand::json_type::array:
    case ondemand::json_type::object: {
      if (depth >= JSON_TAPE_DEPTH) return fail(JSON_TAPE_TOO_DEEP, token.data());
      bool is_array = type == ondemand::json_type::array;
      node.kind = is_array ? JSON_TAPE_ARRAY : JSON_TAPE_OBJECT;
      uint32_t index = node_count;
      uint32_t children = 0;
      if (!append_node(node, token.data())) return false;
      if (!(is_array ? walk_array(document, value, children, depth) : walk_object(document, value, children, depth)))
        return false;
      nodes.elements[index].length = children;
      nodes.elements[index].next = node_count;
      return true;
    }
    default: return walk_scalar(token, node);
    }
  }

  bool walk_array(ondemand::document &document, ondemand::value value, uint32_t &children, unsigned depth) {
    ondemand::array array;
    if (value.get_array().get(array)) return fail(JSON_TAPE_EXPECTED_COMMA_OR_BRACKET, location(document));
    for (auto element : array) {
      ondemand::value child;
      if (std::move(element).get(child)) return fail(JSON_TAPE_EXPECTED_COMMA_OR_BRACKET, location(document));
      if (!walk(document, child, json_tape_node{}, depth + 1)) return false;
      children++;
    }
    return true;
  }

  bool walk_object(ondemand::document &document, ondemand::value value, uint32_t &children, unsigned depth) {
    ondemand::object object;
    if (value.get_object().get(object)) return fail(JSON_TAPE_EXPECTED_COMMA_OR_BRACE, location(document));
    for (auto member : object) {
      ondemand::field field;
      if (std::move(member).get(field)) {
        const uint8_t *at = location(document);
        return fail(faults::missing_in_object(input.elements, at, last_scalar), at);
      }
      json_tape_node node{};
      if (!read_string(field.key(), node.key_offset, node.key_length)) return false;
      if (!walk(document, field.value(), node, depth + 1)) return false;
      children++;
    }
    return true;
  }

  /// The token at which the library stopped; the end of the text where it does not say.
  const uint8_t *location(ondemand::document &document) {
    const char *at;
    return document.current_location().get(at) ? input_end : reinterpret_cast<const uint8_t *>(at);
  }

  const uint8_t *input_end = nullptr;

  bool parse(const void *bytes, size_t length) {
    if (!reserve(length + 2)) return fail(JSON_TAPE_NO_MEMORY, nullptr);
    input.elements[0] = '[';
    if (length > 0) std::memcpy(input.elements + 1, bytes, length);
    input.elements[length + 1] = ']';
    std::memset(input.elements + length + 2, 0, simdjson::SIMDJSON_PADDING);
    input_end = input.elements + length + 1;
    text_end = text.elements;
    last_scalar = nullptr;
    may_hold_surrogates = faults::find(bytes, length, "\\u", 2) != nullptr;

    ondemand::document document;
    auto found = parser.iterate(input.elements, length + 2, length + 2 + simdjson::SIMDJSON_PADDING).get(document);
    if (found != simdjson::SUCCESS) return fail_structurally(found);
    ondemand::array whole;
    if (document.get_array().get(whole)) return fail(JSON_TAPE_EXPECTED_VALUE, location(document));
    unsigned values = 0;
    for (auto element : whole) {
      ondemand::value value;
      if (std::move(element).get(value)) {
        // A list that lacks its bracket has taken ours.
        const uint8_t *at = location(document);
        return fail(at >= input_end ? JSON_TAPE_EXPECTED_COMMA_OR_BRACKET : JSON_TAPE_EXPECTED_END, at);
      }
      if (values == 1) return fail(JSON_TAPE_EXPECTED_END, faults::before(value.raw_json_token().data(), ','));
      if (!walk(document, value, json_tape_node{}, 0)) return false;
      values++;
    }
    const char *behind;
    bool is_whole = document.current_location().get(behind) != simdjson::SUCCESS;
    if (!is_whole) {
      return fail(values == 0 ? JSON_TAPE_EXPECTED_VALUE : JSON_TAPE_EXPECTED_END, faults::before(behind, ']'));
    }
    return values == 1 || fail(JSON_TAPE_EMPTY, nullptr);
  }

  /// The library's first stage gives no place: finds it, on this cold path only.
  bool fail_structurally(simdjson::error_code code) {
    const uint8_t *begin = input.elements + 1;
    switch (code) {
    case simdjson::UTF8_ERROR: return fail(JSON_TAPE_BAD_UTF8, faults::invalid_utf8(begin, input_end));
    case simdjson::UNESCAPED_CHARS: return fail(JSON_TAPE_CONTROL_CHARACTER, faults::control(begin, input_end));
    case simdjson::UNCLOSED_STRING: return fail(JSON_TAPE_UNCLOSED_STRING, faults::unclosed(begin, input_end));
    case simdjson::MEMALLOC: return fail(JSON_TAPE_NO_MEMORY, nullptr);
    case simdjson::CAPACITY: return fail(JSON_TAPE_TOO_LONG, nullptr);
    default: return fail(JSON_TAPE_OTHER, nullptr);
    }
  }
};

extern "C" json_tape *json_tape_create(void) { return new (std::nothrow) json_tape; }

extern "C" void json_tape_destroy(json_tape *tape) { delete tape; }

extern "C" bool json_tape_trim(json_tape *tape) {
  if (!tape->is_large()) return false;
  tape->release();
  return true;
}

extern "C" const void *json_tape_find(const void *bytes, size_t count, const void *wanted, size_t wanted_count) {
  return faults::find(bytes, count, wanted, wanted_count);
}

extern "C" json_tape_result json_tape_parse(json_tape *tape, const void *bytes, size_t length) {
  json_tape_result result{};
  tape->node_count = 0;
  tape->error = JSON_TAPE_OK;
  tape->place = nullptr;
  if (length <= kept_capacity) json_tape_trim(tape);
  // RFC 8259, section 8.1: a reader may ignore a byte order mark; Python's json does for bytes.
  size_t mark = length >= 3 && std::memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  const uint8_t *begin = static_cast<const uint8_t *>(bytes) + mark;
  bool is_valid = length - mark < UINT32_MAX - 2 * simdjson::SIMDJSON_PADDING
    ? tape->parse(begin, length - mark)
    : tape->fail(JSON_TAPE_TOO_LONG, nullptr);
  result.error = tape->error;
  result.offset = -1;
  if (!is_valid) {
    tape->node_count = 0;
    if (tape->place != nullptr) {
      // Our own opening bracket does not count.
      ptrdiff_t offset = tape->place - tape->input.elements - 1;
      ptrdiff_t last = static_cast<ptrdiff_t>(length - mark);
      result.offset = static_cast<int64_t>(mark) + (offset < 0 ? 0 : offset > last ? last : offset);
    }
    return result;
  }
  result.nodes = tape->nodes.elements;
  result.node_count = tape->node_count;
  result.text = tape->text.elements;
  result.text_length = static_cast<uint32_t>(tape->text_end - tape->text.elements);
  return result;
}
