// SPDX-License-Identifier: Apache-2.0
//
// The pages that the program and its libraries are mapped from.

#define _GNU_SOURCE

#include "CLinux.h"

#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static int unmap_pages(struct dl_phdr_info *object, size_t size, void *page) {
  (void)size;
  uintptr_t page_size = *(uintptr_t *)page;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &object->dlpi_phdr[i];
    // Never a part that can be written: relocations and data live in its pages, and would be as in the file again.
    if (part->p_type != PT_LOAD || (part->p_flags & PF_W)) continue;
    uintptr_t start = (object->dlpi_addr + part->p_vaddr) & -page_size;
    uintptr_t end = object->dlpi_addr + part->p_vaddr + part->p_filesz;
    // Where it is refused, as for locked pages, they stay.
    madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}

void clinux_unmap_program_pages(void) {
  uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
  dl_iterate_phdr(unmap_pages, &page_size);
}
