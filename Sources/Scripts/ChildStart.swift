// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A child that was started.
struct Child: ~Copyable {
  /// Valid until the child has been waited for.
  let pid: pid_t
  /// Readable once the child has ended.
  let process: Descriptor
}

/// Starts children: each in a session of its own, with default signal dispositions and an empty signal mask.
///
/// Made once: it keeps the memory that a child lives on until it has executed its program.
struct ChildStart: ~Copyable {
  private let stack = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

  deinit { stack.deallocate() }

  /// Starts one, and returns when its program is executed.
  ///
  /// The `descriptors` become the child's 0, 1 and so on; none may be below its new number, lest one overwrites another.
  /// Every other one is closed. An open `directory` becomes the working directory; nil = that of this process.
  func callAsFunction(
    _ path: String, _ arguments: [[UInt8]], _ environment: [[UInt8]], descriptors: [Int32], directory: Int32? = nil
  ) throws(ErrorNumber) -> Child {
    let arguments = CStringVector(arguments)
    let environment = CStringVector(environment)
    var pid = pid_t()
    var process: Int32 = -1
    let error = path.withCString { path in
      descriptors.withUnsafeBufferPointer { descriptors in
        var program = clinux_program(
          path: path, arguments: arguments.pointers, environment: environment.pointers,
          descriptors: descriptors.baseAddress, count: Int32(descriptors.count), directory: directory ?? -1)
        return clinux_spawn(&program, stack.baseAddress, stack.count, &pid, &process)
      }
    }
    guard error == 0 else { throw ErrorNumber(value: error) }
    return Child(pid: pid, process: try Descriptor(opened: process))
  }
}
