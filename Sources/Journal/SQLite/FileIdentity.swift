// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Tells a file from another that has got its name.
struct FileIdentity: Equatable {
  private let device: dev_t
  private let node: ino_t

  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    (device, node) = (status.st_dev, status.st_ino)
  }
}
