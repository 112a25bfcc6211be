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
    try JSONDecoder().decode([Answer].self, from: python(program, input: JSONEncoder().encode(questions)))
  }
}
