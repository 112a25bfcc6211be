// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE

#include "request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// Reads exactly `size` bytes; returns 1, 0 at an earlier end of the file, -1 with `errno`.
static int read_all(int descriptor, char *bytes, size_t size) {
  while (size > 0) {
    ssize_t count = read(descriptor, bytes, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return (int)count;
    bytes += count;
    size -= (size_t)count;
  }
  return 1;
}

static const char *check_numbers(const struct runas_request *numbers) {
  if (numbers->magic != runas_magic) return "it is none of onevent's";
  if (numbers->version != runas_version) return "it is of another version of onevent";
  if (numbers->size < sizeof *numbers) return "it says that it is shorter than its numbers";
  if (numbers->size > runas_longest_request) return "it says that it is longer than any can be";
  if ((numbers->flags & ~(uint32_t)runas_known_flags) != 0) return "it has flags that this version does not know";
  // To the kernel, -1 means "leave it as it is".
  if (numbers->uid == (uint32_t)-1) return "-1 is no user";
  if (numbers->gid == (uint32_t)-1) return "-1 is no group";
  if (numbers->uid == 0 && !(numbers->flags & runas_allow_root)) return "it asks for root without saying that it may";
  if (numbers->group_count > runas_most_groups) return "it has more groups than a process can have";
  if ((numbers->flags & runas_keep_groups) && numbers->group_count != 0) return "it has groups and keeps others";
  if (numbers->mask > 0777) return "its umask is none";
  if ((numbers->flags & runas_has_nice) && (numbers->nice < -20 || numbers->nice > 19)) return "its niceness is none";
  // With less, nothing can be executed, and the kernel kills whoever tries.
  if ((numbers->flags & runas_has_memory) && numbers->memory < 1 << 20) return "its limit on memory leaves none";
  if (numbers->argument_count == 0) return "it has no arguments, not even the program's name";
  // Each takes a byte at least; this also bounds what is asked of malloc.
  if (numbers->argument_count > numbers->size || numbers->variable_count > numbers->size)
    return "it says that it has more strings than bytes";
  if (numbers->reserved != 0) return "what is reserved is not zero";
  return NULL;
}

/// The rest of a request: what has not been taken yet.
struct rest {
  char *begin;
  size_t size;
};

/// Takes the next string, or NULL where no NUL byte ends one.
static char *take_string(struct rest *rest) {
  char *string = rest->begin;
  char *end = memchr(string, 0, rest->size);
  if (end == NULL) return NULL;
  size_t taken = (size_t)(end - string) + 1;
  rest->begin += taken;
  rest->size -= taken;
  return string;
}

/// Takes that many strings, or returns NULL; the vector ends with a NULL.
static char **take_strings(struct rest *rest, uint32_t count) {
  char **strings = calloc((size_t)count + 1, sizeof *strings);
  if (strings == NULL) return NULL;
  for (uint32_t index = 0; index < count; index++) {
    strings[index] = take_string(rest);
    if (strings[index] == NULL) return NULL;
  }
  return strings;
}

static const char *take_parts(struct rest *rest, struct request *request) {
  const struct runas_request *numbers = &request->numbers;
  size_t groups_size = numbers->group_count * sizeof(gid_t);
  if (rest->size < groups_size) return "its groups are cut short";
  // malloc aligns its memory for any type.
  request->groups = (const gid_t *)(const void *)rest->begin;
  rest->begin += groups_size;
  rest->size -= groups_size;
  for (uint32_t index = 0; index < numbers->group_count; index++)
    if (request->groups[index] == (gid_t)-1) return "-1 is no group";
  request->path = take_string(rest);
  request->directory = take_string(rest);
  request->cgroup = take_string(rest);
  request->arguments = take_strings(rest, numbers->argument_count);
  request->environment = take_strings(rest, numbers->variable_count);
  if (request->path == NULL || request->directory == NULL || request->cgroup == NULL ||
      request->arguments == NULL || request->environment == NULL)
    return "its strings are cut short";
  if (rest->size != 0) return "something follows its last string";
  if (request->path[0] != '/') return "the program's path is not absolute";
  if (request->directory[0] != '/') return "the working directory's path is not absolute";
  if (request->cgroup[0] != '/' && request->cgroup[0] != 0) return "the cgroup's path is not absolute";
  return NULL;
}

const char *read_request(int descriptor, struct request *request) {
  int result = read_all(descriptor, (char *)&request->numbers, sizeof request->numbers);
  if (result < 0) return "it cannot be read from descriptor 3";
  if (result == 0) return "it is shorter than its numbers";
  const char *problem = check_numbers(&request->numbers);
  if (problem != NULL) return problem;

  size_t size = request->numbers.size - sizeof request->numbers;
  char *bytes = malloc(size + 1);
  if (bytes == NULL) return "there is no memory for it";
  if (read_all(descriptor, bytes, size) <= 0 && size > 0) return "it is shorter than it says";
  char more;
  if (read_all(descriptor, &more, 1) != 0) return "it is longer than it says";
  struct rest rest = {.begin = bytes, .size = size};
  return take_parts(&rest, request);
}
