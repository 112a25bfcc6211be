/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the page, put into the program by the compiler. */
#ifndef ONEVENT_CPAGE_H
#define ONEVENT_CPAGE_H

#include <stddef.h>

struct page_file {
  const char *name;
  const unsigned char *bytes;
  size_t size;
};

/* The file at an index, of static storage; one without a name behind the last. */
struct page_file page_file(size_t index);

#endif
