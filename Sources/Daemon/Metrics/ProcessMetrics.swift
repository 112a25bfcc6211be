// SPDX-License-Identifier: Apache-2.0

import Glibc
import Scripts

/// What the kernel says of this process, under the names that Prometheus' own client libraries use.
enum ProcessMetrics {
  /// Looks; what /proc does not show is left out.
  static func samples() -> [String: [MetricSample]] {
    var samples: [String: [MetricSample]] = [:]
    func add(_ family: MetricFamily, _ value: Double?) {
      if let value { samples[family.name] = [MetricSample(value)] }
    }
    // Fields 14, 15, 22, 23 and 24 of /proc/self/stat, counted from the third, behind the name; see proc(5).
    let fields = stat("/proc/self/stat")
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    if fields.count > 21, ticks > 0 {
      add(MetricCatalog.processCPU, (fields[11] + fields[12]) / ticks)
      add(MetricCatalog.processStart, bootTime.map { $0 + fields[19] / ticks })
      add(MetricCatalog.processVirtual, fields[20])
      add(MetricCatalog.processResident, fields[21] * Double(sysconf(Int32(_SC_PAGESIZE))))
    }
    add(MetricCatalog.processDescriptors, openDescriptors)
    add(MetricCatalog.processDescriptorLimit, descriptorLimit)
    return samples
  }

  /// The numbers of a stat file behind the name in parentheses, which may hold anything; what is none is 0.
  static func stat(_ path: String) -> [Double] {
    guard let bytes = ProcessFile.read(path), let end = bytes.lastIndex(of: UInt8(ascii: ")")) else { return [] }
    return bytes[(end + 1)...].split(separator: UInt8(ascii: " "))
      .map { Double(String(decoding: $0, as: UTF8.self)) ?? 0 }
  }

  /// When the machine was booted, in seconds since 1970: the line `btime` of /proc/stat.
  private static var bootTime: Double? {
    guard let bytes = ProcessFile.read("/proc/stat") else { return nil }
    let prefix = Array("btime ".utf8)
    for line in bytes.split(separator: UInt8(ascii: "\n")) where line.starts(with: prefix) {
      return Double(String(decoding: line.dropFirst(prefix.count), as: UTF8.self))
    }
    return nil
  }

  private static var openDescriptors: Double? {
    guard let directory = opendir("/proc/self/fd") else { return nil }
    defer { closedir(directory) }
    // Neither ".", ".." nor the directory's own descriptor.
    var count = -3
    while readdir(directory) != nil { count += 1 }
    return Double(max(0, count))
  }

  private static var descriptorLimit: Double? {
    var limit = rlimit()
    // RLIMIT_NOFILE, whose type differs between C and Swift; without a bound it is the largest number.
    guard getrlimit(__rlimit_resource_t(7), &limit) == 0 else { return nil }
    return limit.rlim_cur == rlim_t.max ? .infinity : Double(limit.rlim_cur)
  }
}
