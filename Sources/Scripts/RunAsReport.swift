// SPDX-License-Identifier: Apache-2.0

import CRunAs
import Glibc

/// What became of a start by run-as.
enum RunAsReport: Equatable {
  /// The script's program runs.
  case executed
  /// A step failed, with its errno; nothing runs.
  case failed(step: UInt32, ErrorNumber)
  /// run-as ended before it said anything.
  case died
  /// Neither in time: it hangs, or somebody stopped it.
  case silent

  /// Waits for what run-as says, at most until a moment.
  init(from pipe: borrowing Descriptor, until deadline: Moment) {
    var bytes: [UInt8] = []
    let record = MemoryLayout<runas_report>.size
    // There are never more than two: that it is ready, and that the execution failed.
    while bytes.count <= 2 * record {
      var poll = pollfd(fd: pipe.number, events: Int16(POLLIN), revents: 0)
      let found = Glibc.poll(&poll, 1, deadline.milliseconds(from: .now()))
      if found == 0 {
        self = .silent
        return
      }
      var isOver = false
      bytes += [UInt8](unsafeUninitializedCapacity: record) { buffer, filled in
        let count = read(pipe.number, buffer.baseAddress, record)
        filled = max(0, count)
        isOver = count == 0 || count < 0 && errno != EAGAIN && errno != EINTR
      }
      if isOver { break }
    }
    self.init(bytes)
  }

  /// Reads the records that came until the end of the pipe.
  init(_ bytes: [UInt8]) {
    self = .died
    let size = MemoryLayout<runas_report>.size
    for start in stride(from: 0, to: bytes.count - bytes.count % size, by: size) {
      let record = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: runas_report.self) }
      guard record.magic == runas_magic else { return }
      guard record.step == UInt32(runas_step_ready) else {
        self = .failed(step: record.step, ErrorNumber(value: record.error))
        return
      }
      self = .executed
    }
  }
}
