// SPDX-License-Identifier: Apache-2.0

#include "CRunAs.h"

#include <sys/types.h>

// What one side writes, the other reads byte by byte: no compiler may put anything in between.
_Static_assert(sizeof(struct runas_request) == 12 * 4 + 4 * 8, "the request has no padding");
_Static_assert(sizeof(struct runas_report) == 4 * 4, "the report has no padding");
_Static_assert(sizeof(uid_t) == 4 && sizeof(gid_t) == 4, "the request's ids are the kernel's");
