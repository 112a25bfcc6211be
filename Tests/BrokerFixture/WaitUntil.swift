// SPDX-License-Identifier: Apache-2.0

/// Looks at a condition again and again until it holds, without guessing how long that takes.
///
/// The timeout is a bound for a hung test, not a measure: a loaded machine may take long. Past it, `WaitedInVain` is
/// thrown; so is what the condition throws.
package func waitUntil(
  _ description: String, timeout: Duration = .seconds(60), pause: Duration = .milliseconds(10),
  _ condition: () async throws -> Bool
) async throws {
  let clock = ContinuousClock()
  let deadline = clock.now + timeout
  while true {
    if try await condition() { return }
    guard clock.now < deadline else { throw WaitedInVain(what: description, timeout: timeout) }
    try await Task.sleep(for: pause)
  }
}

package struct WaitedInVain: Error, CustomStringConvertible {
  package var what: String
  package var timeout: Duration
  package var description: String { "waited \(timeout) in vain: \(what)" }
}
