// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Paths as text: nothing here looks at a disk but for the working directory.
enum FilePath {
  /// A path made absolute; `.` segments and doubled slashes are dropped, `..` is left to the kernel.
  static func absolute(_ path: String, in directory: String) -> String {
    let whole = path.hasPrefix("/") ? path : "\(directory)/\(path)"
    let segments = whole.split(separator: "/").filter { $0 != "." }
    return "/" + segments.joined(separator: "/")
  }

  /// The absolute path of the directory that a file is in.
  static func directory(of file: String) -> String {
    let path = absolute(file, in: workingDirectory)
    guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  /// The last segment.
  static func name(of path: String) -> Substring {
    path.split(separator: "/").last ?? ""
  }

  /// The process's working directory; `/` when it has none that can be named.
  static var workingDirectory: String {
    guard let buffer = getcwd(nil, 0) else { return "/" }
    defer { free(buffer) }
    return String(cString: buffer)
  }
}
