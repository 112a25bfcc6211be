// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Glibc

/// Which files a configuration is made of.
enum ConfigFiles {
  static let directory = "/etc/onevent"

  /// The files in the order in which they count.
  ///
  /// A path that is a directory stands for the files in it. Without paths, it is `onevent.conf` of the default
  /// directory and all of its `conf.d`.
  static func list(_ paths: [String]?, directory: String = directory, _ report: Report) -> [String] {
    if let paths, !paths.isEmpty {
      return paths.flatMap { path -> [String] in
        guard isDirectory(path) else { return [path] }
        ConfigTrust(report: report).look(atDirectory: path)
        let files = Self.files(in: path)
        if files.isEmpty {
          report.problem(
            at: SourcePosition(file: path, line: 1, column: 1),
            "the directory holds no configuration: no file ends in \(ConfigFile.endings.joined(separator: ", "))")
        }
        return files
      }
    }
    let main = "\(directory)/onevent.conf"
    let files = (access(main, F_OK) == 0 ? [main] : []) + Self.files(in: "\(directory)/conf.d")
    if isDirectory("\(directory)/conf.d") { ConfigTrust(report: report).look(atDirectory: "\(directory)/conf.d") }
    if files.isEmpty {
      report.problem(
        at: SourcePosition(file: main, line: 1, column: 1),
        "there is no configuration: neither this file nor one in \(directory)/conf.d exists; name one with --config, "
          + "or write a first one with 'onevent init'")
    }
    return files
  }

  private static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The files of a directory that end as configurations do, in lexical order of their bytes; no dot files.
  private static func files(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
          String(cString: $0)
        }
      }
      guard !name.hasPrefix("."), ConfigFile.endings.contains(where: name.hasSuffix) else { continue }
      names.append(name)
    }
    let base = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "\(base)/\($0)" }
  }
}
