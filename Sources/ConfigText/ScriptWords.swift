// SPDX-License-Identifier: Apache-2.0

/// A `script` value as the words of a command.
package struct ScriptWords: Sendable {
  /// The program and its arguments, quotes and backslashes resolved; the text is only worth running without problems.
  package var words: [ConfigText] = []
  package var problems: [ConfigProblem] = []
}

extension ConfigText {
  /// Splits the text into words as a POSIX shell does, without running one.
  ///
  /// White space separates. `'…'` is literal; in `"…"` a backslash keeps its own sense from `"`, `\`, `$`, `` ` `` and
  /// newline (XCU 2.2.3); elsewhere it keeps any character's. What a shell would act upon is a problem with its cure, and
  /// never silently something else: unquoted `| & ; < > $ ~ * ? ( )`, `` ` `` and newline, `$` and `` ` `` in `"…"`, and a
  /// leading `NAME=value`. A quote that is not closed and a backslash at the end are problems too.
  ///
  /// Comments have to be cut before.
  package func scriptWords() -> ScriptWords {
    var splitter = WordSplitter(source: ScalarText(self))
    return splitter.split()
  }
}

private struct WordSplitter {
  let source: ScalarText
  private var offset = 0
  private var result = ScriptWords()
  /// The word that is being put together; a pair of quotes alone makes an empty one.
  private var word: TextBuilder?

  init(source: ScalarText) {
    self.source = source
  }

  mutating func split() -> ScriptWords {
    complainAboutAssignment()
    while let scalar = source[offset] {
      switch scalar {
      case "\n":
        // Trailing and leading newlines separate nothing.
        if !result.words.isEmpty || word != nil, source.skippingSpace(from: offset) < source.count {
          complain(
            at: source.skippingSpace(from: offset),
            "The script goes on in this line; a shell would run it as a second command. Write the command in one line, "
              + "or the commands in a script file. If this line is meant as a key of its own, remove the white space in "
              + "front of it.")
        }
        endWord()
        offset = source.skippingSpace(from: offset)
      case " ", "\t":
        endWord()
        offset += 1
      case "'": readSingleQuoted()
      case "\"": readDoubleQuoted()
      case "\\": readEscaped()
      default:
        if let cure = scalar.shellCure { complain(at: offset, cure) }
        append(offset)
        offset += 1
      }
    }
    endWord()
    return result
  }

  private mutating func readSingleQuoted() {
    guard let close = source.closingQuote(from: offset) else { return complainAboutQuote() }
    begin(at: offset + 1)
    word?.append(source, offset + 1..<close)
    offset = close + 1
  }

  private mutating func readDoubleQuoted() {
    let open = offset
    begin(at: open + 1)
    offset += 1
    while let scalar = source[offset], scalar != "\"" {
      if scalar == "\\", let next = source[offset + 1], "\"\\$`\n".unicodeScalars.contains(next) {
        if next != "\n" { append(offset + 1) }
        offset += 2
        continue
      }
      if scalar == "$" || scalar == "`" {
        complain(
          at: offset,
          "Found \(String(scalar).shown) in double quotes, where a shell would replace what follows; no shell runs here. "
            + "For the character itself write '…' around it or a backslash in front of it; values come from script_params "
            + "or environment.")
      }
      append(offset)
      offset += 1
    }
    guard source[offset] == nil else {
      offset += 1
      return
    }
    offset = open
    complainAboutQuote()
  }

  private mutating func readEscaped() {
    switch source[offset + 1] {
    case nil:
      complain(at: offset, "The script ends with a backslash that has nothing to stand in front of: remove it.")
      offset += 1
    case "\n":
      offset += 2
    default:
      append(offset + 1)
      offset += 2
    }
  }

  /// In a shell `NAME=value command` sets a variable; here it would be the name of the program.
  private mutating func complainAboutAssignment() {
    let start = source.skippingSpace(from: 0)
    var end = start
    while let scalar = source[end], scalar.isNameScalar(first: end == start) { end += 1 }
    guard end > start, source[end] == "=" else { return }
    let name = source.scalars.string(start..<end)
    complain(
      at: start,
      "The script begins with \(name)=, which a shell would take as a variable; no shell runs here. Write the variable in "
        + "environment = \(name)=value.")
  }

  private mutating func complainAboutQuote() {
    complain(
      at: offset,
      "The quotation mark that opens here is not closed in this value: close it, or write a backslash in front of it. "
        + "Outside \"…\", a # behind white space begins a comment.")
    offset = source.count
  }

  private mutating func begin(at offset: Int) {
    if word == nil { word = TextBuilder(at: source.position(at: offset)) }
  }

  private mutating func append(_ offset: Int) {
    begin(at: offset)
    word?.append(source, offset..<offset + 1)
  }

  private mutating func endWord() {
    guard let ended = word.take() else { return }
    result.words.append(ended.text)
  }

  private mutating func complain(at offset: Int, _ message: String) {
    result.problems.append(ConfigProblem(position: source.position(at: offset), message: message))
  }
}

extension Unicode.Scalar {
  /// Whether a shell variable's name may hold it.
  fileprivate func isNameScalar(first: Bool) -> Bool {
    switch self {
    case "a"..."z", "A"..."Z", "_": true
    case "0"..."9": !first
    default: false
    }
  }

  /// What to do instead of writing the character unquoted, if a shell would act upon it.
  fileprivate var shellCure: String? {
    let cure: String
    switch self {
    case "|": cure = "write the pipe in a script file and name that file here"
    case "&": cure = "remove it: scripts run beside the listener as it is; several commands belong in a script file"
    case ";": cure = "write the commands in a script file and name that file here"
    case "<": cure = "the event comes on standard input (key stdin); other files are opened in a script file"
    case ">": cure = "the output is logged; to write it elsewhere, redirect it in a script file"
    case "$", "`": cure = "values come from script_params, env_params or environment"
    case "~": cure = "write the whole path"
    case "*", "?": cure = "write the names of the files, or let a script file find them"
    case "(", ")": cure = "write the commands in a script file and name that file here"
    default: return nil
    }
    return "Found \(String(self).shown), which means something to a shell, but no shell runs here: \(cure). "
      + "For the character itself, put it in quotes."
  }
}
