// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Asks Python's `re` about many expressions at once, in one process.
enum PythonPatterns {
  struct Question: Encodable {
    var pattern: String
    var subjects: [String]
  }

  struct Answer: Decodable {
    /// What Python says against the expression, warnings included; nil where it takes it.
    var error: String?
    /// For each subject, whether `re.match` and `re.fullmatch` match.
    var match: [Bool]?
    var fullmatch: [Bool]?
  }

  private static let program = """
    import json, re, sys, warnings
    warnings.simplefilter("error")
    answers = []
    for question in json.load(sys.stdin):
        try:
            code = re.compile(question["pattern"])
        except Exception as problem:
            answers.append({"error": str(problem)})
            continue
        answers.append({
            "match": [code.match(subject) is not None for subject in question["subjects"]],
            "fullmatch": [code.fullmatch(subject) is not None for subject in question["subjects"]],
        })
    json.dump(answers, sys.stdout)
    """

  static func answers(to questions: [Question]) throws -> [Answer] {
    try JSONDecoder().decode([Answer].self, from: run(program, input: JSONEncoder().encode(questions)))
  }

  /// Runs a program of Python and returns what it writes.
  static func run(_ program: String, input: Data) throws -> Data {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program]
    let toPython = try FileHandle.temporary(holding: input)
    process.standardInput = toPython
    let fromPython = Pipe()
    process.standardOutput = fromPython
    try process.run()
    let output = fromPython.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    struct Failed: Error { var status: Int32 }
    guard process.terminationStatus == 0 else { throw Failed(status: process.terminationStatus) }
    return output
  }
}

extension FileHandle {
  /// A file without a name, so that a writer and a reader of pipes never wait for each other.
  fileprivate static func temporary(holding data: Data) throws -> FileHandle {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("onevent-" + UUID().uuidString)
    try data.write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try FileHandle(forReadingFrom: url)
  }
}
