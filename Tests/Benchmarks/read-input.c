// SPDX-License-Identifier: Apache-2.0
//
// The smallest script there can be: reads its whole standard input and exits 0.
// Build: gcc -O2 -static -o read-input read-input.c

#include <unistd.h>

int main(void) {
  char buffer[16384];
  ssize_t got;
  while ((got = read(0, buffer, sizeof buffer)) > 0) {
  }
  return got == 0 ? 0 : 1;
}
