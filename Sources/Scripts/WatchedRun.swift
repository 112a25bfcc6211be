// SPDX-License-Identifier: Apache-2.0

import Events
import Glibc

/// One script from its start to its end, as the watcher sees it.
///
/// Unchecked, because the compiler cannot see the hand-over: the spawner makes it and gives it away through the
/// watch list's lock; from then on only the watcher's thread touches it.
final class WatchedRun: @unchecked Sendable {
  /// What is going on, and what its deadline, if it has one, is for.
  enum Phase {
    /// Runs; its deadline is its timeout.
    case running
    /// TERM is sent; its deadline is KILL's.
    case ending(Outcome)
    /// KILL is sent; nothing is left to be done but to wait.
    case killed(Outcome)
    /// The script ended, and others of its tree that are to end too live on. It stays a zombie, which keeps its
    /// number from being given to a new process; its deadline is the next look at the tree, or KILL's.
    ///
    /// The outcome is nil if the script ended by itself.
    case orphaned(Outcome?)
    /// Ended and waited for; its deadline is the end of the patience with those who hold its pipes.
    case draining(Outcome)
  }

  /// How long a script runs before it is told that it endures, and its output is read while it runs.
  ///
  /// Most scripts have ended by then: a look at the end is all that their output needs. What prints more than a pipe
  /// holds (64 KiB) before then waits for this moment.
  static let briefness = Duration.milliseconds(20)

  let attempt: AttemptID
  let tree: RunTree
  let killAfter: Duration
  let leftovers: Action.LeftoverPolicy
  /// What its processes can be told by; empty where the script's environment has none.
  let runID: String
  /// The user of the script, for sentences.
  let user: String
  let begun: Moment
  let timeout: Moment
  /// When it is told that the script endures: most scripts have ended by then, and need no mark.
  let mark: Moment
  var isMarked = false
  /// An interruption with a higher number concerns it.
  let interruptions: UInt64
  var phase = Phase.running
  var killAt = Moment.never
  /// When the script's end was noticed.
  var ended: Moment?
  /// When all of its tree was sent KILL.
  var treeKilled: Moment?
  var isKnownUnreachable = false
  /// Gone when the end has been noticed.
  var process: Descriptor?
  var standardOutput: WatchedStream
  var standardError: WatchedStream

  init(
    _ order: StartOrder, _ child: consuming LaunchedChild, _ tree: RunTree, begun: Moment, started: Moment,
    outputLimit: Int
  ) {
    attempt = order.attempt
    self.tree = tree
    leftovers = order.invocation.leftovers
    let variable = ProcessFacts.runVariable
    let entry = order.invocation.environment.last { $0.starts(with: variable) }
    runID = entry.map { String(decoding: $0.dropFirst(variable.count), as: UTF8.self) } ?? ""
    user = order.invocation.identity?.name ?? "the daemon's user"
    interruptions = order.interruptions
    killAfter = order.invocation.killAfter
    timeout = started.advanced(by: order.invocation.timeout)
    mark = started.advanced(by: Self.briefness)
    self.begun = begun
    process = Optional(child.process)
    standardOutput = WatchedStream(child.standardOutput, limit: outputLimit)
    standardError = WatchedStream(child.standardError, limit: outputLimit)
  }

  /// What its first deadline is.
  var firstDeadline: Moment { min(mark, timeout) }

  /// Works on one of both streams.
  func with<Result>(_ stream: OutputStream, _ body: (inout WatchedStream) -> Result) -> Result {
    switch stream {
    case .standardOutput: body(&standardOutput)
    case .standardError: body(&standardError)
    }
  }

  func completion(_ outcome: Outcome) -> Completion {
    var completion = Completion(
      outcome: outcome, duration: (ended ?? .now()).since(begun),
      standardOutput: standardOutput.kept, standardError: standardError.kept)
    completion.pid = tree.pid
    return completion
  }
}

/// One output stream of a script.
struct WatchedStream: ~Copyable {
  /// Gone at the stream's end.
  private var reading: Descriptor?
  /// Our copy of the writing end, kept until the script has ended.
  ///
  /// While it is open, a stream that the script closes, as at its end, is no event: the end of a script wakes the
  /// watcher once, not three times.
  private var writing: Descriptor?
  /// Whether output wakes the watcher.
  private var isWatched = false
  private var lines = LineSplitter()
  private var keeper: OutputKeeper

  init(_ pipe: consuming Pipe, limit: Int) {
    reading = Optional(pipe.reading)
    writing = Optional(pipe.writing)
    keeper = OutputKeeper(limit: limit)
  }

  /// What is read from; nil at the stream's end.
  var descriptor: Int32? {
    switch reading {
    case .some(let reading): reading.number
    case .none: nil
    }
  }

  var kept: KeptOutput { keeper.kept }

  /// What a look at the pipe brought.
  enum Reading { case some, nothingYet, end }

  /// Reads what is there, at most a buffer full, and hands on the lines that it completes.
  mutating func read(
    into buffer: UnsafeMutableBufferPointer<UInt8>, _ line: (UnsafeBufferPointer<UInt8>) -> Void
  ) -> Reading {
    guard let descriptor else { return .end }
    let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
    guard count > 0 else { return count < 0 && (errno == EAGAIN || errno == EINTR) ? .nothingYet : .end }
    let bytes = UnsafeBufferPointer(rebasing: buffer[..<count])
    keeper.add(bytes)
    lines.add(bytes, line)
    return .some
  }

  /// Lets what is printed wake the watcher from now on.
  mutating func watch(in list: WatchList, as token: WatchToken) throws(ErrorNumber) {
    guard let descriptor, !isWatched else { return }
    try list.watch(descriptor, as: token)
    isWatched = true
  }

  /// Gives up our copy of the writing end: from here on the stream ends when nobody holds it any more.
  mutating func expectEnd() { writing = nil }

  /// Closes the stream and hands on what is left of its last line.
  mutating func close(in list: WatchList, _ line: (UnsafeBufferPointer<UInt8>) -> Void) {
    if let descriptor, isWatched { list.forget(descriptor) }
    reading = nil
    lines.end(line)
  }
}
