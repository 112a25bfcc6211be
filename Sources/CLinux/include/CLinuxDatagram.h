// SPDX-License-Identifier: Apache-2.0
//
// Datagrams to programs of this machine: the service manager's notifications and the system journal.

#pragma once

#include <sys/types.h>

/// Creates a Unix datagram socket, close-on-exec, on which sending waits 5 s at most; see unix(7).
///
/// Returns -1 and sets `errno` on failure.
int clinux_datagram_socket(void);

/// Sends one datagram to a path, or to an abstract name that is written with a leading `@`; see unix(7).
///
/// Raises no SIGPIPE. A `descriptor` that is not negative goes along (SCM_RIGHTS). Returns -1 and sets `errno` on
/// failure; `ENAMETOOLONG` for an address that fits no `sockaddr_un`.
ssize_t clinux_send_datagram(int socket, const char *address, const void *bytes, size_t count, int descriptor);

/// Returns the kernel's number of the calling thread; see gettid(2).
pid_t clinux_thread_id(void);
