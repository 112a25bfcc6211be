// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE

#include "identity.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int failed(int step, int error) {
  errno = error;
  return step;
}

/// Empties the bounding set, as far as this process may: what is not in it no exec brings back.
static int empty_bounding_set(void) {
  for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) {
    // Without CAP_SETPCAP nothing can be taken away; no_new_privs keeps it from mattering.
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EPERM) return runas_step_bounding_set;
  }
  return runas_step_ready;
}

static int by_number(const void *one, const void *other) {
  gid_t left = *(const gid_t *)one, right = *(const gid_t *)other;
  return (left > right) - (left < right);
}

/// Reads the groups back: exactly those that were asked for, in any order.
static bool has_groups(const struct request *request) {
  uint32_t count = request->numbers.group_count;
  int found = getgroups(0, NULL);
  if (found < 0 || (uint32_t)found != count) return false;
  if (count == 0) return true;
  gid_t *asked = malloc(count * sizeof *asked), *got = malloc(count * sizeof *got);
  if (asked == NULL || got == NULL || getgroups((int)count, got) != found) return false;
  memcpy(asked, request->groups, count * sizeof *asked);
  qsort(asked, count, sizeof *asked, by_number);
  qsort(got, count, sizeof *got, by_number);
  return memcmp(asked, got, count * sizeof *asked) == 0;
}

/// Reads the user back: real, effective and saved.
static bool has_uid(uid_t uid) {
  uid_t real, effective, saved;
  return getresuid(&real, &effective, &saved) == 0 && real == uid && effective == uid && saved == uid;
}

/// Reads the group back: real, effective and saved.
static bool has_gid(gid_t gid) {
  gid_t real, effective, saved;
  return getresgid(&real, &effective, &saved) == 0 && real == gid && effective == gid && saved == gid;
}

static bool has_ids(const struct request *request) {
  return has_uid(request->numbers.uid) && has_gid(request->numbers.gid) &&
         ((request->numbers.flags & runas_keep_groups) || has_groups(request));
}

/// Gives up every capability; as root those only that a program executed by somebody else would inherit.
///
/// A change from user 0 to another takes them away, a change between two others does not: there they may come from
/// the ambient set, which survives setuid and exec.
static int clear_capabilities(bool is_root) {
  // EINVAL: a kernel before 4.3, which has no ambient set.
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
    return runas_step_capabilities;
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
  if (syscall(SYS_capget, &header, data) != 0) return runas_step_capabilities;
  bool is_clear = true;
  for (int index = 0; index < _LINUX_CAPABILITY_U32S_3; index++) {
    if (data[index].inheritable != 0) is_clear = false;
    if (!is_root && (data[index].permitted | data[index].effective) != 0) is_clear = false;
    data[index].inheritable = 0;
    if (!is_root) data[index].permitted = data[index].effective = 0;
  }
  if (is_clear) return runas_step_ready;
  if (syscall(SYS_capset, &header, data) != 0 || syscall(SYS_capget, &header, data) != 0)
    return runas_step_capabilities;
  for (int index = 0; index < _LINUX_CAPABILITY_U32S_3; index++) {
    if (data[index].inheritable != 0) return failed(runas_step_verification, EPERM);
    if (!is_root && (data[index].permitted | data[index].effective) != 0)
      return failed(runas_step_verification, EPERM);
  }
  return runas_step_ready;
}

/// Whether root, or what this process was before, can be had back. It must not be.
static bool can_regain(uid_t uid, gid_t gid, uid_t old_uid, gid_t old_gid) {
  const uid_t same_uid = (uid_t)-1;
  const gid_t same_gid = (gid_t)-1;
  if (uid == 0) return false;
  if (setresuid(same_uid, 0, same_uid) == 0 || setuid(0) == 0) return true;
  if (old_uid != uid && setresuid(same_uid, old_uid, same_uid) == 0) return true;
  if (gid != 0 && setresgid(same_gid, 0, same_gid) == 0) return true;
  return old_gid != gid && setresgid(same_gid, old_gid, same_gid) == 0;
}

int take_identity(const struct request *request) {
  const struct runas_request *numbers = &request->numbers;
  const bool is_root = numbers->uid == 0;
  const uid_t old_uid = geteuid();
  const gid_t old_gid = getegid();

  // While CAP_SETPCAP is there. A script that may use sudo needs what is in it, and so does one that runs as root.
  if (!is_root && (numbers->flags & runas_no_new_privileges)) {
    int step = empty_bounding_set();
    if (step != runas_step_ready) return step;
  }
  // The user last: without root, or CAP_SETGID, groups cannot be changed any more. What is right already is not asked
  // for: a sandbox may forbid these calls to a daemon that has no privilege, and whose scripts are only limited.
  if (!(numbers->flags & runas_keep_groups) && !has_groups(request) &&
      setgroups(numbers->group_count, request->groups) != 0)
    return runas_step_groups;
  if (!has_gid(numbers->gid) && setresgid(numbers->gid, numbers->gid, numbers->gid) != 0) return runas_step_gid;
  if (!has_uid(numbers->uid) && setresuid(numbers->uid, numbers->uid, numbers->uid) != 0) return runas_step_uid;

  int step = clear_capabilities(is_root);
  if (step != runas_step_ready) return step;
  if (!has_ids(request)) return failed(runas_step_verification, EPERM);
  // After the capabilities are gone: with CAP_SETUID, everything could be had back.
  if (can_regain(numbers->uid, numbers->gid, old_uid, old_gid)) return failed(runas_step_verification, EPERM);
  return runas_step_ready;
}
