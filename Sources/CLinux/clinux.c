// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE

#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

int clinux_memfd_create(const char *name) {
  return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

int clinux_seal(int memory_file) {
  return fcntl(memory_file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
}

int clinux_pipe_to_read(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  // Not by pipe2: it would make the child's end non-blocking too, and scripts do not expect EAGAIN.
  if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0) return 0;
  int reason = errno;
  close(ends[0]);
  close(ends[1]);
  errno = reason;
  return -1;
}

int clinux_open_directory(const char *path) {
  return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int clinux_forbid_dumps(void) {
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int clinux_pidfd_open(pid_t process) {
  // Not glibc's pidfd_open, which came with 2.36: an older one serves too.
  return (int)syscall(SYS_pidfd_open, process, 0);
}

int clinux_eventfd_nonblocking(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int clinux_set_thread_name(const char *name) { return pthread_setname_np(pthread_self(), name); }

int clinux_is_mounted_noexec(const char *path) {
  struct statvfs file_system;
  if (statvfs(path, &file_system) != 0) return -1;
  return (file_system.f_flag & ST_NOEXEC) != 0;
}

int clinux_spawn_close_from(posix_spawn_file_actions_t *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

int clinux_spawn_fchdir(posix_spawn_file_actions_t *actions, int directory) {
  return posix_spawn_file_actions_addfchdir_np(actions, directory);
}

int clinux_clone_file(int to, int from) { return ioctl(to, FICLONE, from); }

ssize_t clinux_copy_file_range(int from, int to, size_t count) {
  return copy_file_range(from, NULL, to, NULL, count, 0);
}

static int64_t now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t clinux_real_time(void) { return now(CLOCK_REALTIME); }

int64_t clinux_monotonic_time(void) { return now(CLOCK_MONOTONIC); }

int64_t clinux_boot_time(void) { return now(CLOCK_BOOTTIME); }

static struct timespec duration(int64_t nanoseconds) {
  return (struct timespec){.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
}

int clinux_condition_init(pthread_cond_t *condition) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  int result = pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
  return result;
}

int clinux_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t nanoseconds) {
  struct timespec end = duration(now(CLOCK_MONOTONIC) + nanoseconds);
  return pthread_cond_timedwait(condition, mutex, &end);
}

int clinux_semaphore_wait(sem_t *semaphore, int64_t until) {
  struct timespec end = duration(until);
  int result;
  do result = sem_clockwait(semaphore, CLOCK_MONOTONIC, &end);
  while (result != 0 && errno == EINTR);
  return result;
}

int clinux_file_identity(int descriptor, uint64_t *device, uint64_t *number) {
  struct stat facts;
  if (fstat(descriptor, &facts) != 0) return -1;
  *device = facts.st_dev;
  *number = facts.st_ino;
  return 0;
}

int clinux_signal_wait(const sigset_t *signals, int64_t nanoseconds) {
  struct timespec limit = duration(nanoseconds);
  return sigtimedwait(signals, NULL, &limit);
}

struct capabilities {
  uint64_t permitted, inheritable;
};

static struct capabilities capabilities(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
  if (syscall(SYS_capget, &header, data) != 0) return (struct capabilities){0};
  return (struct capabilities){
      .permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted,
      .inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable,
  };
}

int clinux_holds_capability(int number) { return (int)(capabilities().permitted >> (number & 63) & 1); }

int clinux_holds_any_capability(void) {
  struct capabilities held = capabilities();
  return (held.permitted | held.inheritable) != 0;
}

const int clinux_cap_kill = CAP_KILL, clinux_cap_setgid = CAP_SETGID, clinux_cap_setuid = CAP_SETUID;
const int clinux_cap_sys_ptrace = CAP_SYS_PTRACE;

int clinux_no_new_privileges(void) { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1; }

int clinux_set_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

int clinux_is_subreaper(void) {
  int is_one = 0;
  return prctl(PR_GET_CHILD_SUBREAPER, &is_one, 0, 0, 0) == 0 && is_one;
}

int clinux_is_delegated(const char *control_group) {
  // systemd writes both, the first one readable by everybody; see "Delegation" in its CGROUP_DELEGATION document.
  static const char *const names[] = {"user.delegate", "trusted.delegate"};
  for (size_t index = 0; index < sizeof names / sizeof *names; index++) {
    char value = 0;
    if (getxattr(control_group, names[index], &value, 1) == 1 && value == '1') return 1;
  }
  return 0;
}
