// SPDX-License-Identifier: Apache-2.0

import ConfigText

extension FilePath {
  /// The absolute path of a file with a secret; `${CREDENTIALS_DIRECTORY}` in it stands for systemd's directory.
  ///
  /// - Returns: Nil where that is named and not there; the report says so.
  static func credential(
    _ file: ConfigText, key: String, in directory: String, environment: [String: String], _ report: Report
  ) -> String? {
    let variable = "${CREDENTIALS_DIRECTORY}"
    var path = file.text
    if let range = path.firstRange(of: variable) {
      guard let place = environment["CREDENTIALS_DIRECTORY"], !place.isEmpty else {
        report.problem(
          at: file.position,
          "'\(key)' names \(variable), which is not set: systemd sets it for a service with LoadCredential=")
        return nil
      }
      path.replaceSubrange(range, with: place)
    }
    return absolute(path, in: directory)
  }
}
