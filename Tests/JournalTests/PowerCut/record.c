// SPDX-License-Identifier: Apache-2.0
//
// Preloaded into a process, writes down what it does to the files of a journal, in the order in which the kernel did
// it, and what it sends to whom it acknowledges. Environment: POWER_CUT_NAME, the journal's path; POWER_CUT_LOG.
//
// A record: a letter, the name's length (2 bytes), an offset (8), the data's length (4), all little-endian; the name;
// the data. Letters: O created, W written, T truncated to the offset, S synced, D directory synced, U unlinked,
// R renamed (the data is the new name), A sent on a socket, M written to a file whose name ends in ".acknowledged".

#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *journal;
static char directory[PATH_MAX];
static int record = -1;
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void start(void) {
  journal = getenv("POWER_CUT_NAME");
  const char *path = getenv("POWER_CUT_LOG");
  if (!journal || !path) return;
  snprintf(directory, sizeof directory, "%s", journal);
  char *slash = strrchr(directory, '/');
  if (slash) *slash = 0;
  record = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void put(const void *bytes, size_t count) {
  const char *rest = bytes;
  while (count > 0) {
    ssize_t written = syscall(SYS_write, record, rest, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) abort();  // a record with a hole would prove nothing
    rest += written;
    count -= (size_t)written;
  }
}

static void note(char kind, const char *name, uint64_t offset, const void *data, size_t count) {
  int reason = errno;
  uint16_t length = (uint16_t)strlen(name);
  uint32_t size = (uint32_t)count;
  char header[15] = {kind};
  memcpy(header + 1, &length, 2);
  memcpy(header + 3, &offset, 8);
  memcpy(header + 11, &size, 4);
  put(header, sizeof header);
  put(name, length);
  put(data, count);
  errno = reason;
}

// The index beside the log is rebuilt after a power cut, and the lock says nothing then.
static int is_ours(const char *name) {
  if (record < 0) return 0;
  size_t length = strlen(journal);
  if (strncmp(name, journal, length) != 0) return 0;
  const char *suffix = name + length;
  return strcmp(suffix, "-shm") != 0 && strcmp(suffix, ".lock") != 0;
}

static int name_of(int descriptor, char name[PATH_MAX]) {
  if (record < 0) return 0;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  int reason = errno;
  ssize_t length = readlink(link, name, PATH_MAX - 1);
  errno = reason;
  if (length < 0) return 0;
  name[length] = 0;
  return 1;
}

static int is_marker(const char *name) {
  size_t length = strlen(name);
  return length > 13 && strcmp(name + length - 13, ".acknowledged") == 0;
}

static void note_write(int descriptor, int64_t offset, const void *data, ssize_t count) {
  char name[PATH_MAX];
  if (count <= 0 || !name_of(descriptor, name)) return;
  if (strncmp(name, "socket:", 7) == 0) note('A', name, 0, data, (size_t)count);
  else if (is_marker(name)) note('M', name, 0, data, (size_t)count);
  else if (is_ours(name)) note('W', name, offset < 0 ? (uint64_t)(lseek(descriptor, 0, SEEK_CUR) - count) : (uint64_t)offset, data, (size_t)count);
}

#define LOCKED(type, call, after)   \
  pthread_mutex_lock(&lock);        \
  type result = (call);             \
  int reason = errno;               \
  after;                            \
  errno = reason;                   \
  pthread_mutex_unlock(&lock);      \
  return result

static int open_noting(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
  int is_new = (flags & O_CREAT) && is_ours(path) && access(path, F_OK) != 0;
  int cuts = (flags & O_TRUNC) && is_ours(path);
  LOCKED(int, real(path, flags, mode), {
    if (result >= 0 && is_new) note('O', path, 0, "", 0);
    if (result >= 0 && cuts) note('T', path, 0, "", 0);
  });
}

#define MODE(flags)                                  \
  mode_t mode = 0;                                   \
  if (flags & (O_CREAT | O_TMPFILE)) {               \
    va_list arguments;                               \
    va_start(arguments, flags);                      \
    mode = (mode_t)va_arg(arguments, int);           \
    va_end(arguments);                               \
  }

int open(const char *path, int flags, ...) { MODE(flags) return open_noting(REAL(open), path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_noting(REAL(open64), path, flags, mode); }

ssize_t write(int descriptor, const void *data, size_t count) {
  LOCKED(ssize_t, syscall(SYS_write, descriptor, data, count), note_write(descriptor, -1, data, result));
}

ssize_t pwrite(int descriptor, const void *data, size_t count, off_t offset) {
  LOCKED(ssize_t, syscall(SYS_pwrite64, descriptor, data, count, offset), note_write(descriptor, offset, data, result));
}

ssize_t pwrite64(int descriptor, const void *data, size_t count, off64_t offset) {
  LOCKED(ssize_t, syscall(SYS_pwrite64, descriptor, data, count, offset), note_write(descriptor, offset, data, result));
}

static void note_vector(int descriptor, const struct iovec *parts, size_t number, ssize_t count) {
  for (size_t part = 0; part < number && count > 0; part++) {
    ssize_t length = (ssize_t)parts[part].iov_len < count ? (ssize_t)parts[part].iov_len : count;
    char name[PATH_MAX];
    if (length > 0 && name_of(descriptor, name) && strncmp(name, "socket:", 7) == 0)
      note('A', name, 0, parts[part].iov_base, (size_t)length);
    count -= length;
  }
}

ssize_t writev(int descriptor, const struct iovec *parts, int number) {
  LOCKED(ssize_t, syscall(SYS_writev, descriptor, parts, number), note_vector(descriptor, parts, (size_t)number, result));
}

ssize_t sendmsg(int descriptor, const struct msghdr *message, int flags) {
  LOCKED(ssize_t, syscall(SYS_sendmsg, descriptor, message, flags),
         note_vector(descriptor, message->msg_iov, message->msg_iovlen, result));
}

ssize_t send(int descriptor, const void *data, size_t count, int flags) {
  LOCKED(ssize_t, syscall(SYS_sendto, descriptor, data, count, flags, NULL, 0), note_write(descriptor, -1, data, result));
}

ssize_t sendto(int descriptor, const void *data, size_t count, int flags, const struct sockaddr *to, socklen_t length) {
  LOCKED(ssize_t, syscall(SYS_sendto, descriptor, data, count, flags, to, length),
         note_write(descriptor, -1, data, result));
}

static void note_plain(char kind, int descriptor, uint64_t offset, int result) {
  char name[PATH_MAX];
  if (result != 0 || !name_of(descriptor, name)) return;
  if (is_ours(name)) note(kind, name, offset, "", 0);
  else if (kind == 'S' && strcmp(name, directory) == 0) note('D', name, 0, "", 0);
}

int ftruncate(int descriptor, off_t size) {
  LOCKED(int, (int)syscall(SYS_ftruncate, descriptor, size), note_plain('T', descriptor, (uint64_t)size, result));
}

int ftruncate64(int descriptor, off64_t size) {
  LOCKED(int, (int)syscall(SYS_ftruncate, descriptor, size), note_plain('T', descriptor, (uint64_t)size, result));
}

int fsync(int descriptor) {
  LOCKED(int, (int)syscall(SYS_fsync, descriptor), note_plain('S', descriptor, 0, result));
}

int fdatasync(int descriptor) {
  LOCKED(int, (int)syscall(SYS_fdatasync, descriptor), note_plain('S', descriptor, 0, result));
}

int unlink(const char *path) {
  LOCKED(int, REAL(unlink)(path), { if (result == 0 && is_ours(path)) note('U', path, 0, "", 0); });
}

int rename(const char *from, const char *to) {
  LOCKED(int, REAL(rename)(from, to), { if (result == 0 && is_ours(from)) note('R', from, 0, to, strlen(to)); });
}
