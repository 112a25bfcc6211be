// SPDX-License-Identifier: Apache-2.0

/// Undoes the escapes of strings that have many: a notification of oslo 2.0 is JSON inside a JSON string, with a
/// backslash before each of its quotes.

#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace escapes {

/// How many bytes behind a string and behind its place in the output may be touched.
constexpr size_t overrun = 64;

/// What stands for the byte behind a backslash; NUL for `u` and for what is no escape.
constexpr std::array<uint8_t, 256> make_meanings() {
  std::array<uint8_t, 256> meanings{};
  meanings['"'] = '"';
  meanings['\\'] = '\\';
  meanings['/'] = '/';
  meanings['b'] = '\b';
  meanings['f'] = '\f';
  meanings['n'] = '\n';
  meanings['r'] = '\r';
  meanings['t'] = '\t';
  return meanings;
}

inline constexpr std::array<uint8_t, 256> meanings = make_meanings();

/// A bit for each of 64 bytes that is a backslash.
inline uint64_t backslashes(const uint8_t *block) {
  uint64_t bits = 0;
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi8('\\');
  for (int part = 0; part < 4; part++) {
    __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i *>(block + 16 * part));
    auto found = static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)));
    bits |= static_cast<uint64_t>(found) << (16 * part);
  }
#else
  for (int index = 0; index < 64; index++) bits |= static_cast<uint64_t>(block[index] == '\\') << index;
#endif
  return bits;
}

/// Writes a string without its escapes; returns the end of what was written, nullptr where an escape is none of those
/// with one letter.
///
/// Takes the backslashes of 64 bytes at once. The library looks for the next one behind each, and waits for the
/// processor to have found it: that takes three times as long.
inline uint8_t *undo_simple(const uint8_t *begin, const uint8_t *end, uint8_t *output) {
  const uint8_t *rest = begin;
  auto copy_up_to = [&](const uint8_t *stop) {
    auto count = static_cast<size_t>(stop - rest);
    if (count <= 32) {
      std::memcpy(output, rest, 32);
    } else {
      std::memcpy(output, rest, count);
    }
    output += count;
  };
  for (const uint8_t *block = begin; block < end; block += 64) {
    for (uint64_t bits = backslashes(block); bits != 0; bits &= bits - 1) {
      const uint8_t *at = block + __builtin_ctzll(bits);
      if (at >= end) break;
      // The second of two backslashes has been taken with the first.
      if (at < rest) continue;
      uint8_t meaning = meanings[at[1]];
      if (meaning == 0) return nullptr;
      copy_up_to(at);
      *output++ = meaning;
      rest = at + 2;
    }
  }
  copy_up_to(end);
  return output;
}

} // namespace escapes
