// SPDX-License-Identifier: Apache-2.0

#include "CostCounting.h"

#include <errno.h>
#include <stdlib.h>

// glibc's own, under the names that it keeps for programs which put theirs in front (its manual, "Replacing malloc").
// `free` is left alone: the memory is glibc's.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static _Thread_local bool counts;
static _Thread_local struct cost_allocations counted;

static void note(size_t size) {
  if (!counts) return;
  counted.count++;
  counted.bytes += size;
}

void *malloc(size_t size) {
  note(size);
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  note(count * size);
  return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  note(size);
  return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
  note(size);
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
  void *made = memalign(alignment, size);
  if (made == NULL) return ENOMEM;
  *memory = made;
  return 0;
}

struct cost_allocations cost_measure(void (*body)(void *), void *context) {
  counted = (struct cost_allocations){0};
  counts = true;
  body(context);
  counts = false;
  return counted;
}
