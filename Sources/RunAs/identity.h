// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "request.h"

/// Becomes the request's user for good: bounding set, groups, gid, uid, capabilities, and a look at the result.
///
/// Returns `runas_step_ready`, or the step that failed, with `errno`.
int take_identity(const struct request *request);
