// SPDX-License-Identifier: Apache-2.0

/// A text that knows where each of its characters stood in the file.
///
/// Cutting, joining, unquoting and interpolating keep that knowledge, so that a complaint about the third character
/// of the second item of a list names the column that an editor shows.
package struct ConfigText: Sendable {
  package let text: String

  /// Whether it was written in quotes: a quoted YAML scalar, a quoted item of a list.
  ///
  /// In `script_params` that tells a literal from a path.
  package var isQuoted = false

  /// Where runs of `text` began in the file; never empty, ascending, the first with offset 0.
  let marks: [Mark]

  /// From `offset` on, the text stood at `position` in the file.
  struct Mark: Sendable, Equatable {
    /// In Unicode scalars of `text`.
    var offset: Int
    var position: SourcePosition
    /// Whether the scalars that follow stood side by side in the file; otherwise all of the run is at `position`.
    var advances = true

    func position(at offset: Int) -> SourcePosition {
      guard advances else { return position }
      return SourcePosition(
        file: position.file, line: position.line, column: position.column + max(offset - self.offset, 0))
    }
  }

  /// Creates a text of which every line stood in the file as it is.
  ///
  /// Lines of `text` for which `lines` has no position are taken to be at the last given one.
  package init(text: String, lines: [SourcePosition]) {
    var marks: [Mark] = []
    var offset = 0
    var line = 0
    for scalar in text.unicodeScalars {
      if offset == 0 { marks.append(Self.mark(ofLine: 0, at: 0, in: lines)) }
      offset += 1
      guard scalar == "\n" else { continue }
      line += 1
      marks.append(Self.mark(ofLine: line, at: offset, in: lines))
    }
    if marks.isEmpty { marks = [Self.mark(ofLine: 0, at: 0, in: lines)] }
    self.init(text: text, marks: marks)
  }

  init(text: String, marks: [Mark]) {
    self.text = text
    self.marks = marks
  }

  private static func mark(ofLine line: Int, at offset: Int, in lines: [SourcePosition]) -> Mark {
    if line < lines.count { return Mark(offset: offset, position: lines[line]) }
    let last = lines.last ?? SourcePosition(file: "", line: 1, column: 1)
    return Mark(offset: offset, position: last, advances: false)
  }

  /// Where the text begins.
  package var position: SourcePosition { marks.position(at: 0) }

  package var isEmpty: Bool { text.isEmpty }

  /// The position of each line of `text`.
  package var lines: [SourcePosition] {
    var positions = [position]
    var offset = 0
    for scalar in text.unicodeScalars {
      offset += 1
      if scalar == "\n" { positions.append(marks.position(at: offset)) }
    }
    return positions
  }

  /// Returns where the Unicode scalar at `offset` stood; an offset past the end is the place behind the last one.
  package func position(atScalar offset: Int) -> SourcePosition {
    marks.position(at: min(max(offset, 0), text.unicodeScalars.count))
  }

  /// Returns where the scalar stood that the byte at `offset` of the UTF-8 text belongs to.
  ///
  /// This is the way from the offset that a JSON parser reports back to the file.
  package func position(atUTF8 offset: Int) -> SourcePosition {
    var bytes = 0
    var scalars = 0
    for scalar in text.unicodeScalars {
      bytes += UTF8.width(scalar)
      if bytes > offset { break }
      scalars += 1
    }
    return position(atScalar: scalars)
  }
}

extension [ConfigText.Mark] {
  /// Returns the place that the last mark at or before `offset` gives.
  func position(at offset: Int) -> SourcePosition {
    isEmpty ? SourcePosition(file: "", line: 1, column: 1) : self[index(covering: offset)].position(at: offset)
  }

  /// The index of the last mark at or before `offset`, else 0; by halves, for values of many thousand lines.
  func index(covering offset: Int) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      if self[middle].offset <= offset { low = middle + 1 } else { high = middle }
    }
    return Swift.max(low - 1, 0)
  }
}
