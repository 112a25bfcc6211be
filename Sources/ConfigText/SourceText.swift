// SPDX-License-Identifier: Apache-2.0

/// The characters and lines of one configuration file.
///
/// Lines end at LF, CR LF or CR, as Python's universal newlines have it. One byte order mark at the beginning is no
/// part of the text: editors on Windows write it unasked.
struct SourceText {
  /// The most bytes that a configuration file may have.
  static let maximumSize = 1 << 20

  let file: String
  let scalars: [Unicode.Scalar]
  /// The lines without their ends.
  let lines: [Range<Int>]

  /// Creates the text from a file's bytes.
  ///
  /// - Throws: What makes it no text at all: too many bytes, UTF-16, a NUL, a byte that is not UTF-8.
  init(bytes: some Collection<UInt8>, file: String) throws(ConfigProblem) {
    let start = SourcePosition(file: file, line: 1, column: 1)
    guard bytes.count <= Self.maximumSize else {
      throw ConfigProblem(
        position: start,
        message: "The file has more than \(Self.maximumSize) bytes (1 MiB), the most that a configuration may have.")
    }
    let head = Array(bytes.prefix(3))
    if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) {
      throw ConfigProblem(position: start, message: "The file is UTF-16; save it as UTF-8.")
    }
    var scalars: [Unicode.Scalar] = []
    scalars.reserveCapacity(bytes.count)
    let text = head == [0xEF, 0xBB, 0xBF] ? bytes.dropFirst(3) : bytes.dropFirst(0)
    var iterator = text.makeIterator()
    var decoder = UTF8()
    var offset = 0
    decoding: while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar):
        if scalar.value == 0 {
          throw ConfigProblem(
            position: Self.end(of: scalars, file: file),
            message: "Found a NUL byte; a configuration is text. Remove it, or save the file as UTF-8.")
        }
        scalars.append(scalar)
        offset += UTF8.width(scalar)
      case .emptyInput:
        break decoding
      case .error:
        let byte = text.dropFirst(offset).first.map { "0x" + String($0, radix: 16, uppercase: true) } ?? "at the end"
        throw ConfigProblem(
          position: Self.end(of: scalars, file: file),
          message: "The byte \(byte) is not UTF-8; save the file as UTF-8.")
      }
    }
    self.file = file
    self.scalars = scalars
    self.lines = Self.lines(of: scalars)
  }

  /// Returns the place of the scalar at `offset`; past the end, the place behind the last one.
  func position(at offset: Int) -> SourcePosition {
    let line = lineIndex(at: offset)
    let start = lines.indices.contains(line) ? lines[line].lowerBound : 0
    return SourcePosition(file: file, line: line + 1, column: max(min(offset, scalars.count) - start, 0) + 1)
  }

  /// Returns the number, from 0, of the line that holds the scalar at `offset`.
  func lineIndex(at offset: Int) -> Int {
    var low = 0
    var high = lines.count
    while low < high {
      let middle = low + (high - low) / 2
      if lines[middle].lowerBound <= offset { low = middle + 1 } else { high = middle }
    }
    return max(low - 1, 0)
  }

  /// Returns the place of the byte at `offset` of the UTF-8 text, the byte order mark not counted.
  func position(atUTF8 offset: Int) -> SourcePosition {
    var bytes = 0
    var index = 0
    for scalar in scalars {
      bytes += UTF8.width(scalar)
      if bytes > offset { break }
      index += 1
    }
    return position(at: index)
  }

  private static func lines(of scalars: [Unicode.Scalar]) -> [Range<Int>] {
    var lines: [Range<Int>] = []
    var start = 0
    var index = 0
    while index < scalars.count {
      let scalar = scalars[index]
      index += 1
      guard scalar == "\n" || scalar == "\r" else { continue }
      lines.append(start..<index - 1)
      if scalar == "\r", index < scalars.count, scalars[index] == "\n" { index += 1 }
      start = index
    }
    lines.append(start..<scalars.count)
    return lines
  }

  private static func end(of scalars: [Unicode.Scalar], file: String) -> SourcePosition {
    let line = lines(of: scalars)
    return SourcePosition(file: file, line: line.count, column: (line.last?.count ?? 0) + 1)
  }
}
