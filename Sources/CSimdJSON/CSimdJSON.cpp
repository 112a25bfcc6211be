// SPDX-License-Identifier: Apache-2.0

#include "CSimdJSON.h"

#include <simdjson.h>

#include <cstring>
#include <memory>
#include <new>
#include <string_view>

#include "Buffer.h"
#include "Escapes.h"
#include "Faults.h"

namespace {

/// Texts up to this size share buffers that stay; what grew for a longer one is given back.
constexpr size_t kept_capacity = size_t{1} << 20;

size_t rounded_up(size_t length) {
  size_t capacity = 4096;
  while (capacity < length) capacity *= 2;
  return capacity;
}

} // namespace

/// Walks what the library's first stage finds: the places of brackets, colons, commas and of the first byte of each
/// scalar, in a text whose UTF-8, quotes and control characters it has checked.
///
/// The library's own second stages cost more than twice as much, for what is thrown away here: numbers as machine
/// words, strings copied that could be read where they stand. Without exceptions, and with every place checked.
struct json_tape {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
  /// The text itself, padded; from `unescaped_start` on the strings that had escapes, unescaped.
  Buffer<uint8_t> memory;
  Buffer<json_tape_node> nodes;
  size_t capacity = 0;

  size_t length = 0;
  uint32_t node_count = 0;
  uint8_t *unescaped_end = nullptr;
  /// Where the text's backslashes lie: strings before the first and behind the last have no escapes.
  const uint8_t *first_backslash = nullptr;
  const uint8_t *last_backslash = nullptr;
  json_tape_error error = JSON_TAPE_OK;
  const uint8_t *place = nullptr;

  const uint32_t *starts = nullptr;
  size_t start_count = 0;
  /// The next of `starts`.
  size_t at = 0;

  bool fail(json_tape_error reason, const uint8_t *where) {
    error = reason;
    place = where;
    return false;
  }

  bool fail_here(json_tape_error reason) { return fail(reason, here()); }

  bool reserve(size_t wanted_length) {
    static_assert(escapes::overrun <= simdjson::SIMDJSON_PADDING);
    if (wanted_length <= capacity) return true;
    size_t wanted = rounded_up(wanted_length);
    // Strings never grow by unescaping; the library reads and writes them in blocks and may run over by one.
    if (!memory.reserve(2 * wanted + 3 * simdjson::SIMDJSON_PADDING) || !reserve_stage(wanted)) {
      release();
      return false;
    }
    capacity = wanted;
    return true;
  }

  bool reserve_stage(size_t wanted) {
    if (stage) return stage->set_capacity(wanted) == simdjson::SUCCESS;
    // The depth is that of the library's second stage, which is not used.
    return simdjson::get_active_implementation()->create_dom_parser_implementation(wanted, 1, stage)
      == simdjson::SUCCESS;
  }

  void release() {
    memory.release();
    nodes.release();
    stage.reset();
    capacity = 0;
    node_count = 0;
  }

  bool is_large() const {
    return capacity > kept_capacity || nodes.capacity * sizeof(json_tape_node) > 4 * kept_capacity;
  }

  /// Where the next token begins; the text's end behind the last one.
  const uint8_t *here() const { return memory.elements + (at < start_count ? starts[at] : length); }

  /// The first byte of the next token; NUL, which begins none, at the end.
  uint8_t peek() const { return at < start_count ? memory.elements[starts[at]] : 0; }

  /// Steps over a scalar; returns its end, the white space behind it left out.
  const uint8_t *skip_scalar() {
    const uint8_t *begin = here();
    at++;
    const uint8_t *end = here();
    while (end > begin && faults::is_space(end[-1])) end--;
    return end;
  }

  bool append_node(json_tape_node node, const uint8_t *where) {
    if (node_count >= nodes.capacity) return fail(JSON_TAPE_TOO_MANY_VALUES, where);
    node.next = node_count + 1;
    nodes.elements[node_count++] = node;
    return true;
  }

  uint32_t offset_of(const uint8_t *byte) const { return static_cast<uint32_t>(byte - memory.elements); }

  bool has_backslash(const uint8_t *begin, const uint8_t *end) const {
    return first_backslash < end && begin <= last_backslash
      && std::memchr(begin, '\\', static_cast<size_t>(end - begin)) != nullptr;
  }

  bool read_string(uint32_t &offset, uint32_t &count) {
    const uint8_t *begin = here() + 1;
    const uint8_t *end = skip_scalar() - 1;
    if (end < begin || *end != '"') return fail(JSON_TAPE_OTHER, begin - 1);
    if (first_backslash != nullptr && has_backslash(begin, end)) {
      uint8_t *written = escapes::undo_simple(begin, end, unescaped_end);
      if (written == nullptr) written = stage->parse_string(begin, unescaped_end);
      if (written == nullptr || faults::has_lone_surrogate(unescaped_end, written)) {
        return fail(JSON_TAPE_BAD_ESCAPE, begin - 1);
      }
      begin = unescaped_end;
      end = unescaped_end = written;
    }
    offset = offset_of(begin);
    count = static_cast<uint32_t>(end - begin);
    return true;
  }

  bool walk_scalar(json_tape_node node, json_tape_kind kind) {
    static constexpr std::string_view literals[] = {"null", "false", "true"};
    const uint8_t *begin = here();
    std::string_view token(reinterpret_cast<const char *>(begin), static_cast<size_t>(skip_scalar() - begin));
    if (kind == JSON_TAPE_NUMBER) {
      if (!faults::is_number(token)) return fail(JSON_TAPE_BAD_NUMBER, begin);
    } else if (token != literals[kind]) {
      return fail(JSON_TAPE_BAD_LITERAL, begin);
    }
    node.kind = kind;
    node.text_offset = offset_of(begin);
    node.length = static_cast<uint32_t>(token.size());
    return append_node(node, begin);
  }

  /// Recursive, at most `JSON_TAPE_DEPTH` deep. `node` holds the key.
  bool walk(json_tape_node node, unsigned depth) {
    switch (peek()) {
    case '"': {
      const uint8_t *begin = here();
      node.kind = JSON_TAPE_STRING;
      return read_string(node.text_offset, node.length) && append_node(node, begin);
    }
    case '{':
    case '[': {
      if (depth >= JSON_TAPE_DEPTH) return fail_here(JSON_TAPE_TOO_DEEP);
      bool is_array = peek() == '[';
      node.kind = is_array ? JSON_TAPE_ARRAY : JSON_TAPE_OBJECT;
      uint32_t index = node_count;
      if (!append_node(node, here())) return false;
      at++;
      uint32_t children = 0;
      if (!(is_array ? walk_array(children, depth) : walk_object(children, depth))) return false;
      nodes.elements[index].length = children;
      nodes.elements[index].next = node_count;
      return true;
    }
    case 'n': return walk_scalar(node, JSON_TAPE_NULL);
    case 'f': return walk_scalar(node, JSON_TAPE_FALSE);
    case 't': return walk_scalar(node, JSON_TAPE_TRUE);
    case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
      return walk_scalar(node, JSON_TAPE_NUMBER);
    default: return fail_here(JSON_TAPE_EXPECTED_VALUE);
    }
  }

  bool walk_array(uint32_t &children, unsigned depth) {
    if (takes(']')) return true;
    do {
      if (!walk(json_tape_node{}, depth + 1)) return false;
      children++;
    } while (takes(','));
    return takes(']') || fail_here(JSON_TAPE_EXPECTED_COMMA_OR_BRACKET);
  }

  bool walk_object(uint32_t &children, unsigned depth) {
    if (takes('}')) return true;
    do {
      json_tape_node node{};
      if (peek() != '"') return fail_here(JSON_TAPE_EXPECTED_KEY);
      if (!read_string(node.key_offset, node.key_length)) return false;
      if (!takes(':')) return fail_here(JSON_TAPE_EXPECTED_COLON);
      if (!walk(node, depth + 1)) return false;
      children++;
    } while (takes(','));
    return takes('}') || fail_here(JSON_TAPE_EXPECTED_COMMA_OR_BRACE);
  }

  bool takes(uint8_t byte) {
    if (peek() != byte) return false;
    at++;
    return true;
  }

  bool parse(const void *bytes, size_t count) {
    length = count;
    if (count == 0) return fail(JSON_TAPE_EMPTY, nullptr);
    if (!reserve(count)) return fail(JSON_TAPE_NO_MEMORY, nullptr);
    uint8_t *text = memory.elements;
    std::memcpy(text, bytes, count);
    std::memset(text + count, 0, simdjson::SIMDJSON_PADDING);
    unescaped_end = text + capacity + simdjson::SIMDJSON_PADDING;
    first_backslash = static_cast<const uint8_t *>(std::memchr(text, '\\', count));
    last_backslash = first_backslash == nullptr ? nullptr : static_cast<const uint8_t *>(memrchr(text, '\\', count));

    auto found = stage->stage1(text, count, simdjson::stage1_mode::regular);
    if (found != simdjson::SUCCESS) return fail_structurally(found);
    starts = stage->structural_indexes.get();
    start_count = stage->n_structural_indexes;
    at = 0;
    // Whole texts have a token for every value and one more for every second; unclosed brackets come on top.
    size_t most = start_count / 2 + JSON_TAPE_DEPTH + 2;
    if (!nodes.reserve(most < JSON_TAPE_NODES ? most : JSON_TAPE_NODES)) return fail(JSON_TAPE_NO_MEMORY, nullptr);
    return walk(json_tape_node{}, 0) && (at == start_count || fail_here(JSON_TAPE_EXPECTED_END));
  }

  /// The library's first stage gives no place: finds it, on this cold path only.
  bool fail_structurally(simdjson::error_code code) {
    const uint8_t *begin = memory.elements;
    const uint8_t *end = begin + length;
    switch (code) {
    case simdjson::EMPTY: return fail(JSON_TAPE_EMPTY, nullptr);
    case simdjson::UTF8_ERROR: return fail(JSON_TAPE_BAD_UTF8, faults::invalid_utf8(begin, end));
    case simdjson::UNESCAPED_CHARS: return fail(JSON_TAPE_CONTROL_CHARACTER, faults::control(begin, end));
    case simdjson::UNCLOSED_STRING: return fail(JSON_TAPE_UNCLOSED_STRING, faults::unclosed(begin, end));
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

// Compiled for the processor that runs it: the loop takes half the time in wider registers.
extern "C"
#if defined(__x86_64__)
  __attribute__((target_clones("avx2", "default")))
#endif
  const void *json_tape_find(const void *bytes, size_t count, const void *wanted, size_t wanted_count) {
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
  bool is_valid = length - mark <= JSON_TAPE_LENGTH
    ? tape->parse(begin, length - mark)
    : tape->fail(JSON_TAPE_TOO_LONG, nullptr);
  result.error = tape->error;
  result.offset = -1;
  if (!is_valid) {
    tape->node_count = 0;
    if (tape->place != nullptr) {
      ptrdiff_t offset = tape->place - tape->memory.elements;
      ptrdiff_t last = static_cast<ptrdiff_t>(length - mark);
      result.offset = static_cast<int64_t>(mark) + (offset < 0 ? 0 : offset > last ? last : offset);
    }
    return result;
  }
  result.nodes = tape->nodes.elements;
  result.node_count = tape->node_count;
  result.text = tape->memory.elements;
  return result;
}
