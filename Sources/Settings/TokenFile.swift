// SPDX-License-Identifier: Apache-2.0

import ConfigText
import Events
import Glibc
import Trust

/// Reads the tokens that open TCP ports: a line each, `ROLE NAME TOKEN`; `#` begins a comment line.
///
/// A token has 16 printable characters or more, or is given as `sha256:` and the digest of them, so that the file
/// holds no secret. The file is trusted as configuration is, and only its owner and a group may read it.
struct TokenFile {
  static let leastLength = 16
  static let longestFile = 1 << 20

  let path: String
  /// Whether this process opens the ports; otherwise its user may be one who may not see the tokens.
  let isDaemon: Bool
  let report: Report

  /// The tokens; what is wrong is told at its line, or where the file is named.
  func read(namedAt place: SourcePosition) -> [APISettings.Token] {
    guard let text = content(place) else { return [] }
    var tokens: [APISettings.Token] = []
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.split(whereSeparator: \.isWhitespace)
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      let position = SourcePosition(file: path, line: number + 1, column: 1)
      guard let token = token(words, position) else { continue }
      if tokens.contains(where: { $0.name == token.name }) {
        report.problem(at: position, "the name '\(shortened(token.name))' is there twice; each token has its own")
      } else if tokens.contains(where: { $0.digest == token.digest }) {
        report.problem(at: position, "the token of '\(shortened(token.name))' is there twice; each name has its own")
      } else {
        tokens.append(token)
      }
    }
    if tokens.isEmpty {
      report.finding(.warning, at: place, "\(path) has no token, so nobody can use the ports of 'listen'")
    }
    return tokens
  }

  private func token(_ words: [Substring], _ position: SourcePosition) -> APISettings.Token? {
    // Never shows the last word, nor any other: it may be the secret.
    guard words.count == 3 else {
      report.problem(
        at: position,
        "a line has \(words.count) words; expected three, ROLE NAME TOKEN, such as 'read prometheus TOKEN'")
      return nil
    }
    guard let role = APISettings.Role(rawValue: String(words[0])) else {
      report.problem(
        at: position,
        "the first word is no role; expected \(APISettings.Role.allCases.map(\.rawValue).joined(separator: ", "))")
      return nil
    }
    let (name, secret) = (String(words[1]), words[2])
    if secret.hasPrefix("sha256:") {
      guard let digest = Digest(hexadecimal: secret.dropFirst("sha256:".count)) else {
        report.problem(
          at: position,
          "what stands behind 'sha256:' is no digest; expected 64 hexadecimal digits, as 'printf %s TOKEN | sha256sum' "
            + "prints them")
        return nil
      }
      return APISettings.Token(name: name, role: role, digest: digest)
    }
    guard secret.utf8.count >= Self.leastLength, secret.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      report.problem(
        at: position,
        "the token of '\(shortened(name))' is too short, or not of ASCII; expected \(Self.leastLength) characters or more, "
          + "as 'openssl rand -hex 32' prints them")
      return nil
    }
    return APISettings.Token(name: name, role: role, digest: Digest(of: String(secret)))
  }

  // MARK: The file

  private func content(_ place: SourcePosition) -> String? {
    func refuse(_ reason: String) -> String? {
      report.problem(at: place, "'token_file' cannot be used: \(reason)")
      return nil
    }
    if !isDaemon, access(path, R_OK) != 0, errno == EACCES {
      report.finding(.note, at: place, "the tokens in \(path) were not looked at: you may not read them")
      return nil
    }
    do throws(Distrust) {
      try PathTrust().check(path, as: .file)
    } catch {
      return refuse("\(error)")
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return refuse("\(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return refuse("\(path): \(String(cString: strerror(errno)))") }
    guard status.st_mode & S_IROTH == 0 else {
      return refuse("every user of this machine can read the tokens in \(path): chmod o-r \(path)")
    }
    guard status.st_size <= Self.longestFile else { return refuse("\(path) has more than 1 MiB") }
    var bytes = [UInt8](repeating: 0, count: Self.longestFile)
    var count = 0
    while count < bytes.count {
      let more = bytes.withUnsafeMutableBytes {
        Glibc.read(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count)
      }
      if more < 0, errno == EINTR { continue }
      guard more >= 0 else { return refuse("\(path): \(String(cString: strerror(errno)))") }
      guard more > 0 else { break }
      count += more
    }
    guard let text = String(validating: bytes[..<count], as: UTF8.self) else { return refuse("\(path) is no UTF-8") }
    return text
  }
}
