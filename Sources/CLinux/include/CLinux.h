// SPDX-License-Identifier: Apache-2.0
//
// What glibc offers on Linux and Swift's `Glibc` module does not show, because it is imported without
// `_GNU_SOURCE`. Every function keeps the contract of the call it is named after; constants that are macros
// or hidden come as fixed choices in the function's name. All descriptors are opened close-on-exec.

#pragma once

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/types.h>

#include "CLinuxDatagram.h"
#include "CLinuxSpawn.h"

/// Creates an empty memory file that can be sealed. Returns -1 and sets `errno` on failure; see memfd_create(2).
int clinux_memfd_create(const char *name);

/// Forbids every later change of the content, size and seals of a memory file; see F_ADD_SEALS in fcntl(2).
int clinux_seal(int memory_file);

/// Creates a pipe: `ends[0]` to read from, non-blocking, and `ends[1]` to write to, blocking; see pipe2(2).
int clinux_pipe_to_read(int ends[2]);

/// Opens a directory without the right to list it, good for fchdir(2) and the *at() calls; see O_PATH in open(2).
int clinux_open_directory(const char *path);

/// Forbids core dumps of this process, and to other processes of its user its memory and its files in /proc; programs
/// that it executes are not concerned. See PR_SET_DUMPABLE in prctl(2).
int clinux_forbid_dumps(void);

/// Returns a descriptor that becomes readable when the process ends; see pidfd_open(2).
int clinux_pidfd_open(pid_t process);

/// Creates a counter at 0 whose read never waits; see eventfd(2).
int clinux_eventfd_nonblocking(void);

/// Creates an event poll; see epoll_create1(2).
int clinux_epoll_create(void);

/// Gives the calling thread a name of at most 15 bytes; see pthread_setname_np(3).
int clinux_set_thread_name(const char *name);

/// Tells whether the file's file system is mounted `noexec`: 1 yes, 0 no, -1 with `errno` when it cannot be told.
int clinux_is_mounted_noexec(const char *path);

/// Closes every descriptor from `first` on in the child; see posix_spawn_file_actions_addclosefrom_np in <spawn.h>.
int clinux_spawn_close_from(posix_spawn_file_actions_t *actions, int first);

/// Changes the child's working directory to an open one; see posix_spawn_file_actions_addfchdir_np in <spawn.h>.
int clinux_spawn_fchdir(posix_spawn_file_actions_t *actions, int directory);

/// Lets an empty file share the content of another until one of them changes; see FICLONE in ioctl_ficlone(2).
int clinux_clone_file(int to, int from);

/// Copies at most `count` bytes between the positions of two files inside the kernel; see copy_file_range(2).
ssize_t clinux_copy_file_range(int from, int to, size_t count);

/// Nanoseconds of CLOCK_REALTIME, of CLOCK_MONOTONIC, of CLOCK_BOOTTIME; see clock_gettime(2).
int64_t clinux_real_time(void);
int64_t clinux_monotonic_time(void);
int64_t clinux_boot_time(void);

/// Makes a condition variable that counts its time limits by CLOCK_MONOTONIC.
int clinux_condition_init(pthread_cond_t *condition);

/// Waits until the condition is signalled or that many nanoseconds have passed; see pthread_cond_timedwait(3).
int clinux_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t nanoseconds);

/// Takes one off a semaphore, and waits for it until that nanosecond of CLOCK_MONOTONIC; returns -1 where it had none;
/// see sem_clockwait(3).
int clinux_semaphore_wait(sem_t *semaphore, int64_t until);

/// Tells which file a descriptor is open on, by its device and number; returns -1 and sets `errno` on failure.
int clinux_file_identity(int descriptor, uint64_t *device, uint64_t *number);

/// Waits for one of the signals, at most that many nanoseconds; returns its number, or -1; see sigtimedwait(2).
int clinux_signal_wait(const sigset_t *signals, int64_t nanoseconds);

/// Tells whether a capability of this number is in the permitted set of the calling thread; see capabilities(7).
int clinux_holds_capability(int number);

/// Tells whether the calling thread holds any capability, or would hand one on to what it executes.
int clinux_holds_any_capability(void);

/// The numbers of capabilities that concern the running of scripts.
extern const int clinux_cap_kill, clinux_cap_setgid, clinux_cap_setuid, clinux_cap_sys_ptrace;

/// Tells whether `no_new_privs` is set for the calling thread; see PR_GET_NO_NEW_PRIVS in prctl(2).
int clinux_no_new_privileges(void);

/// Sets `no_new_privs` for the calling thread and all that it starts, for good.
int clinux_set_no_new_privileges(void);

/// Tells whether orphaned descendants become this process's children; see PR_SET_CHILD_SUBREAPER in prctl(2).
int clinux_is_subreaper(void);

/// Reads the mark that systemd leaves on a control group that it has given away: 1 yes, 0 no.
int clinux_is_delegated(const char *control_group);

/// Takes what is only read of the program and its libraries out of this process's page tables.
///
/// Nothing is lost: these pages are the page cache's, and the next use maps them again, without reading the disk.
void clinux_unmap_program_pages(void);
