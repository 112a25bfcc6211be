// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Python's json module, made as strict as ours: no NaN, no half surrogate pairs, UTF-8 only.
enum PythonJSON {
  private static let program = #"""
    import json, sys

    sys.setrecursionlimit(5000)

    def refuse(name):
        raise ValueError(name)

    def show(value):
        if isinstance(value, tuple):
            return value[0]
        if isinstance(value, dict):
            return "{" + ",".join(json.dumps(k, ensure_ascii=False) + ":" + show(v) for k, v in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ",".join(show(v) for v in value) + "]"
        return json.dumps(value, ensure_ascii=False)

    def number(text):
        return (text,)

    def members(pairs):
        for key, value in pairs:
            (key + show(value)).encode("utf-8")
        return dict(pairs)

    for line in sys.stdin:
        body = bytes.fromhex(line)
        try:
            value = json.loads(body.decode("utf-8-sig"), parse_constant=refuse, parse_int=number, parse_float=number,
                               object_pairs_hook=members)
            print(show(value).encode("utf-8").hex())
        except (ValueError, RecursionError):
            print("refused")
    """#

  /// What Python makes of each text: compact JSON with the numbers' own text, or nil where it refuses.
  static func compact(_ texts: [[UInt8]]) throws -> [String?] {
    let lines = texts.flatMap { $0.flatMap { [digit($0 >> 4), digit($0 & 15)] } + [UInt8(ascii: "\n")] }
    let answer = String(decoding: try python(program, input: Data(lines)), as: UTF8.self)
    return answer.split(separator: "\n").map { line in
      guard line != "refused" else { return nil }
      let digits = Array(line.utf8)
      let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(hex(digits[$0]) << 4 | hex(digits[$0 + 1])) }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? value + 48 : value + 87 }

  private static func hex(_ digit: UInt8) -> Int { Character(Unicode.Scalar(digit)).hexDigitValue ?? 0 }
}
