// SPDX-License-Identifier: Apache-2.0

/// What libsimdjson 3.0.1 does not check or does not say: the grammar of numbers, and where a fault lies.

#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "CSimdJSON.h"

namespace faults {

inline bool is_space(uint8_t byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

inline bool is_digit(char character) { return character >= '0' && character <= '9'; }

/// RFC 8259, section 6. The library's raw tokens pass `01`, `1.` and `-`.
inline bool is_number(std::string_view token) {
  const char *at = token.data();
  const char *end = at + token.size();
  auto skip_digits = [&] {
    const char *begin = at;
    while (at != end && is_digit(*at)) at++;
    return at != begin;
  };
  if (at != end && *at == '-') at++;
  if (at != end && *at == '0') {
    at++;
  } else if (!skip_digits()) {
    return false;
  }
  if (at != end && *at == '.') {
    at++;
    if (!skip_digits()) return false;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    at++;
    if (at != end && (*at == '+' || *at == '-')) at++;
    if (!skip_digits()) return false;
  }
  return at == end;
}

/// Finds bytes in bytes; null where they are not.
///
/// Looks at three bytes of the wanted ones for 64 places at once, in a loop that compilers turn into vector
/// instructions: `memmem` takes ten times as long for `_context_auth_token` in a notification. The last 64 places
/// overlap with those before them. Always inline: the loop is compiled for each processor that its caller is.
__attribute__((always_inline)) inline const void *find(
  const void *bytes, size_t count, const void *wanted, size_t wanted_count) {
  if (wanted_count == 0 || count < wanted_count) return nullptr;
  const uint8_t *text = static_cast<const uint8_t *>(bytes);
  const uint8_t *sought = static_cast<const uint8_t *>(wanted);
  const size_t middle = wanted_count / 2;
  const size_t last = wanted_count - 1;
  const size_t places = count - last;
  const uint8_t bytes_sought[] = {sought[0], sought[middle], sought[last]};
  auto is_likely = [=](const uint8_t *at) {
    return static_cast<uint8_t>((at[0] == bytes_sought[0]) & (at[middle] == bytes_sought[1])
      & (at[last] == bytes_sought[2]));
  };
  auto look = [&](size_t block, size_t width) -> const void * {
    for (const uint8_t *at = text + block; at < text + block + width; at++) {
      if (is_likely(at) && std::memcmp(at, wanted, wanted_count) == 0) return at;
    }
    return nullptr;
  };
  if (places < 64) return look(0, places);
  for (size_t block = 0;; block = block + 128 <= places ? block + 64 : places - 64) {
    uint8_t any = 0;
    for (size_t index = 0; index < 64; index++) any |= is_likely(text + block + index);
    if (any != 0) {
      if (const void *found = look(block, 64)) return found;
    }
    if (block + 64 >= places) return nullptr;
  }
}

/// Whether unescaping made a surrogate: the library turns half of a pair into three bytes ED A0…BF xx.
inline bool has_lone_surrogate(const uint8_t *at, const uint8_t *end) {
  while ((at = static_cast<const uint8_t *>(std::memchr(at, 0xED, static_cast<size_t>(end - at)))) != nullptr) {
    if (end - at >= 2 && at[1] >= 0xA0) return true;
    at++;
  }
  return false;
}

/// The first byte that is not well-formed UTF-8: Unicode 15, table 3-7.
inline const uint8_t *invalid_utf8(const uint8_t *at, const uint8_t *end) {
  while (at < end) {
    uint8_t lead = *at;
    int more = -1;
    if (lead < 0x80) more = 0;
    if (lead >= 0xC2 && lead <= 0xDF) more = 1;
    if (lead >= 0xE0 && lead <= 0xEF) more = 2;
    if (lead >= 0xF0 && lead <= 0xF4) more = 3;
    if (more < 0 || end - at <= more) return at;
    uint8_t lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    uint8_t highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    for (int index = 1; index <= more; index++) {
      if (at[index] < lowest || at[index] > highest) return at;
      lowest = 0x80;
      highest = 0xBF;
    }
    at += more + 1;
  }
  return end;
}

/// The first control character inside a string.
inline const uint8_t *control(const uint8_t *at, const uint8_t *end) {
  bool inside = false;
  for (; at < end; at++) {
    if (inside && *at < 0x20) return at;
    if (*at == '"') inside = !inside;
    if (inside && *at == '\\') at++;
  }
  return end;
}

/// The opening quote of the string that does not end.
inline const uint8_t *unclosed(const uint8_t *at, const uint8_t *end) {
  const uint8_t *open = nullptr;
  for (; at < end; at++) {
    if (*at == '"') open = open == nullptr ? at : nullptr;
    if (open != nullptr && *at == '\\') at++;
  }
  return open == nullptr ? end : open;
}

} // namespace faults
