// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdlib>

/// A buffer that only grows. Never throws: growth fails by saying so.
template <typename Element> struct Buffer {
  Element *elements = nullptr;
  size_t capacity = 0;

  ~Buffer() { std::free(elements); }

  bool reserve(size_t count) {
    if (count <= capacity) return true;
    void *grown = std::realloc(elements, count * sizeof(Element));
    if (grown == nullptr) return false;
    elements = static_cast<Element *>(grown);
    capacity = count;
    return true;
  }

  void release() {
    std::free(elements);
    elements = nullptr;
    capacity = 0;
  }
};
