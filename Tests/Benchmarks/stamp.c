// SPDX-License-Identifier: Apache-2.0
//
// The script of the latency benchmark: its first act is to look at the clock. It writes what it saw, nanoseconds of
// CLOCK_MONOTONIC, into the FIFO whose path is compiled in, then reads its whole standard input and exits 0.
// Build: gcc -O2 -static -DREPORT='"/path/of/fifo"' -o stamp stamp.c

#include <fcntl.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

int main(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t stamp = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
  int report = open(REPORT, O_WRONLY | O_NONBLOCK);
  if (report < 0 || write(report, &stamp, sizeof stamp) != sizeof stamp) return 1;
  char buffer[16384];
  ssize_t got;
  while ((got = read(0, buffer, sizeof buffer)) > 0) {
  }
  return got == 0 ? 0 : 1;
}
