// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the beginning of a file tells the kernel that is to execute it.
enum ProgramFile: Equatable {
  case script(InterpreterLine)
  case program(ProgramHeader)
  /// Neither; says what it is instead, to follow "it".
  case other(String)
  case unreadable

  /// Reads the first bytes of a regular file.
  init(contentsOf path: String) {
    let count = 4096
    let read: [UInt8]? = {
      // O_NONBLOCK, lest a file that has become a pipe in the meantime keeps us waiting.
      guard let file = try? Descriptor(opened: open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) else { return nil }
      return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        filled = max(0, Glibc.read(file.number, buffer.baseAddress, count))
      }
    }()
    self = read.map { ProgramFile(beginning: $0) } ?? .unreadable
  }

  /// - Parameter bytes: The first 4096 bytes of the file, fewer if it is shorter.
  init(beginning bytes: [UInt8]) {
    if let line = InterpreterLine(beginning: bytes) {
      self = .script(line)
    } else if let header = ProgramHeader(beginning: bytes) {
      self = .program(header)
    } else if bytes.isEmpty {
      self = .other("is empty")
    } else if bytes.starts(with: [0xEF, 0xBB, 0xBF, UInt8(ascii: "#"), UInt8(ascii: "!")]) {
      self = .other("begins with a UTF-8 byte order mark, which hides its #! from the kernel: save it without")
    } else {
      self = .other("has no #! in its first line and is no program of this system: begin it with, say, #!/bin/sh")
    }
  }
}

/// The first line of a script, as the kernel reads it (execve(2), "Interpreter scripts").
struct InterpreterLine: Equatable {
  /// What the kernel looks at, `#!` included.
  static let longest = 255

  /// Up to the first blank; may end in a carriage return.
  var interpreter: String
  /// False when the line goes on past what the kernel reads.
  var isComplete: Bool

  /// Returns nil unless the bytes begin with `#!`.
  init?(beginning bytes: [UInt8]) {
    guard bytes.starts(with: [UInt8(ascii: "#"), UInt8(ascii: "!")]) else { return nil }
    let seen = bytes.prefix(Self.longest)
    let line = seen.prefix { $0 != UInt8(ascii: "\n") && $0 != 0 }.dropFirst(2)
    let isBlank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    let word = line.drop(while: isBlank).prefix { !isBlank($0) }
    interpreter = String(decoding: word, as: UTF8.self)
    // An argument that is cut off does no harm to the kernel; a name that is cut off would name something else.
    isComplete = word.endIndex < line.endIndex || line.endIndex < seen.endIndex || bytes.count < Self.longest
  }
}

/// What concerns us of the header of a program in the Executable and Linkable Format (elf(5)).
struct ProgramHeader: Equatable {
  /// A name, or the format's number for it.
  var machine: String
  var isForThisMachine: Bool
  /// The program that must load this one; nil for a static program, or where it is not among the given bytes.
  var loader: String?

  /// Returns nil unless the bytes begin as such a program.
  init?(beginning bytes: [UInt8]) {
    guard bytes.starts(with: [0x7F, UInt8(ascii: "E"), UInt8(ascii: "L"), UInt8(ascii: "F")]) else { return nil }
    let reader = Reader(bytes: bytes, isBigEndian: bytes.count > 5 && bytes[5] == 2)
    let isWide = bytes.count > 4 && bytes[4] == 2
    let number = reader.number(at: 18, size: 2) ?? 0
    let names: [UInt64: String] = [
      3: "x86", 21: "ppc64", 22: "s390", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv",
    ]
    machine = names[number] ?? "machine number \(number)"
    isForThisMachine = isWide && number == Self.ownNumber
    loader = Self.loader(reader, isWide: isWide)
  }

  private static var ownNumber: UInt64 {
    #if arch(x86_64)
      62
    #elseif arch(arm64)
      183
    #else
      0
    #endif
  }

  /// Finds the segment that names the loader, `PT_INTERP`, whose number is 3.
  private static func loader(_ reader: Reader, isWide: Bool) -> String? {
    guard let table = reader.number(at: isWide ? 32 : 28, size: isWide ? 8 : 4),
      let entrySize = reader.number(at: isWide ? 54 : 42, size: 2),
      let entries = reader.number(at: isWide ? 56 : 44, size: 2)
    else { return nil }
    for entry in 0..<entries {
      guard let place = Int(exactly: table &+ entry &* entrySize), let kind = reader.number(at: place, size: 4)
      else { return nil }
      guard kind == 3 else { continue }
      guard let offset = reader.number(at: place &+ (isWide ? 8 : 4), size: isWide ? 8 : 4),
        let size = reader.number(at: place &+ (isWide ? 32 : 16), size: isWide ? 8 : 4)
      else { return nil }
      return reader.text(at: offset, size: size)
    }
    return nil
  }

  /// Reads numbers and text where they are within bounds.
  private struct Reader {
    let bytes: [UInt8]
    let isBigEndian: Bool

    func number(at place: Int, size: Int) -> UInt64? {
      guard place >= 0, place <= bytes.count, bytes.count - place >= size else { return nil }
      let field = bytes[place..<(place + size)]
      return isBigEndian
        ? field.reduce(0) { $0 << 8 | UInt64($1) } : field.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    func text(at offset: UInt64, size: UInt64) -> String? {
      guard let start = Int(exactly: offset), let count = Int(exactly: size), start <= bytes.count,
        count <= bytes.count - start
      else { return nil }
      return String(decoding: bytes[start..<(start + count)].prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
