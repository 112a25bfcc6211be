// SPDX-License-Identifier: Apache-2.0

/// How a thread of the runner shows that it moves: called at every turn, with the time within which it is called again.
///
/// Nil says that nobody knows when: a script's execution may hang in the kernel, on a file server that is gone, and
/// neither this process nor the next could hurry it.
package struct LifeSign: Sendable {
  /// How long a thread without work sleeps at most.
  static let interval = Duration.seconds(1)
  /// For work between two sleeps, which waits for nothing.
  static let work = Duration.seconds(5)

  private let give: @Sendable (Duration?) -> Void

  package init(_ give: @escaping @Sendable (_ within: Duration?) -> Void) { self.give = give }

  /// For runners that nobody watches.
  package static let none = LifeSign { _ in }

  func callAsFunction(within limit: Duration?) { give(limit) }
}
