// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE

#include "CLinux.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int clinux_datagram_socket(void) {
  int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  struct timeval limit = {.tv_sec = 5};
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  // What is refused goes in a memory file; a higher bound needs no privilege up to net.core.wmem_max.
  int room = 8 << 20;
  setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  return descriptor;
}

ssize_t clinux_send_datagram(int socket, const char *address, const void *bytes, size_t count, int descriptor) {
  struct sockaddr_un target = {.sun_family = AF_UNIX};
  size_t length = strlen(address);
  // A path keeps room for its NUL; an abstract name has a NUL in front instead, where its @ is.
  if (length == 0 || length >= sizeof target.sun_path) {
    errno = length == 0 ? EINVAL : ENAMETOOLONG;
    return -1;
  }
  memcpy(target.sun_path, address, length);
  int is_abstract = address[0] == '@';
  if (is_abstract) target.sun_path[0] = 0;

  struct iovec content = {.iov_base = (void *)bytes, .iov_len = count};
  struct msghdr message = {
      .msg_name = &target,
      .msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (is_abstract ? 0 : 1)),
      .msg_iov = &content,
      .msg_iovlen = 1,
  };
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr alignment;
  } control = {0};
  if (descriptor >= 0) {
    message.msg_control = &control;
    message.msg_controllen = sizeof control.bytes;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

pid_t clinux_thread_id(void) { return (pid_t)syscall(SYS_gettid); }
