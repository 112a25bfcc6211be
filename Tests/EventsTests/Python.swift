// SPDX-License-Identifier: Apache-2.0

import Foundation
import ProgramFixture

/// Runs a program of Python and returns what it writes.
func python(_ program: String, input: Data) throws -> Data {
  let result = try runProgram("python3", ["-c", program], input: input)
  guard result.status == 0 else {
    throw ProgramFailure(description: "python3 ended with \(result.status): \(result.errorText)")
  }
  return result.output
}
