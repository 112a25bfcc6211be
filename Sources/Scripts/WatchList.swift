// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization

/// What an epoll event is about: a descriptor of a run, or the doorbell.
enum WatchToken: Equatable {
  case doorbell
  case process(UInt64)
  case output(UInt64, OutputStream)

  init(_ number: UInt64) {
    let serial = number >> 2
    switch number & 3 {
    case 0: self = serial == 0 ? .doorbell : .process(serial)
    case 1: self = .output(serial, .standardOutput)
    default: self = .output(serial, .standardError)
    }
  }

  var number: UInt64 {
    switch self {
    case .doorbell: 0
    case .process(let serial): serial << 2
    case .output(let serial, .standardOutput): serial << 2 | 1
    case .output(let serial, .standardError): serial << 2 | 2
    }
  }
}

/// The way into the watcher's thread: runs to watch and interruptions, and the epoll that it sleeps on.
///
/// A new run wakes the watcher only when it must sleep less long for it: the run's process is in the epoll before `add`
/// returns, so that its end finds the run here.
final class WatchList: Sendable {
  /// What came in since the last look.
  struct News: Sendable {
    var runs: [(serial: UInt64, run: WatchedRun)] = []
    /// Attempts that an interruption met before their start.
    var unstarted: [AttemptID] = []
    /// Whether an interruption came.
    var isInterrupted = false
    /// The number of the last interruption.
    var interruptions: UInt64 = 0
    /// Whether what is being ended is to be killed now.
    var hurries = false
    /// Whether no run comes any more.
    var isLast = false
  }

  private struct State {
    var news = News()
    /// Whether something came in since the last look.
    ///
    /// A ring of the doorbell says less: the watcher may answer it together with an earlier one, after its look.
    var isNew = false
    /// How long the watcher sleeps; `past` while it is awake and will look here before it sleeps.
    var sleepsUntil = Moment.past
    var lastSerial: UInt64 = 0
  }

  private let state = Mutex(State())
  private let epoll: Descriptor
  private let doorbell: Doorbell

  init() throws(ErrorNumber) {
    epoll = try Descriptor(opened: clinux_epoll_create())
    doorbell = try Doorbell()
    try watch(doorbell.descriptor, as: .doorbell)
  }

  /// Hands a run to the watcher.
  ///
  /// - Throws: The `errno` of epoll_ctl(2); the run is then not watched at all.
  func add(_ run: WatchedRun) throws(ErrorNumber) {
    let mustRing = try state.withLock { state throws(ErrorNumber) in
      let serial = state.lastSerial + 1
      try watch(run.process?.number ?? -1, as: .process(serial))
      state.lastSerial = serial
      state.news.runs.append((serial, run))
      state.isNew = true
      let isBehind = run.interruptions < state.news.interruptions
      return run.firstDeadline < state.sleepsUntil && state.sleepsUntil > .past || isBehind
    }
    if mustRing { doorbell.ring() }
  }

  /// Orders the end of every run that came before the interruption of this number.
  func interrupt(before interruption: UInt64, unstarted: [AttemptID]) {
    state.withLock { state in
      state.news.unstarted += unstarted
      state.news.isInterrupted = true
      state.news.interruptions = interruption
      state.isNew = true
    }
    doorbell.ring()
  }

  /// Orders KILL for everything that is being ended.
  func hurry() {
    state.withLock { state in
      state.news.hurries = true
      state.isNew = true
    }
    doorbell.ring()
  }

  /// Says that no run comes any more.
  func expectNoMore() {
    state.withLock { state in
      state.news.isLast = true
      state.isNew = true
    }
    doorbell.ring()
  }

  /// Takes what is new; called by the watcher when it is awake.
  func takeNews() -> News {
    state.withLock { state in
      state.sleepsUntil = .past
      state.isNew = false
      let news = state.news
      state.news.runs = []
      state.news.unstarted = []
      state.news.isInterrupted = false
      state.news.hurries = false
      return news
    }
  }

  /// Waits for events until a moment, but only looks when there is news already.
  ///
  /// - Returns: How many events were written to `events`.
  func waitForEvents(_ events: UnsafeMutableBufferPointer<epoll_event>, until moment: Moment) -> Int {
    let sleeps = state.withLock { state in
      guard !state.isNew else { return false }
      state.sleepsUntil = moment
      return true
    }
    let milliseconds = sleeps ? moment.milliseconds(from: moment == .never ? .past : .now()) : 0
    return max(0, Int(epoll_wait(epoll.number, events.baseAddress, Int32(clamping: events.count), milliseconds)))
  }

  /// Takes the doorbell's rings.
  func answerDoorbell() { doorbell.answer() }

  /// Stops watching a descriptor.
  ///
  /// To be called before it is closed: a child that is being started holds a copy for a moment, and would keep it
  /// watched.
  func forget(_ descriptor: Int32) {
    var event = epoll_event()
    epoll_ctl(epoll.number, EPOLL_CTL_DEL, descriptor, &event)
  }

  /// Wakes the watcher whenever the descriptor has something to say.
  ///
  /// - Throws: The `errno` of epoll_ctl(2).
  func watch(_ descriptor: Int32, as token: WatchToken) throws(ErrorNumber) {
    var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: token.number))
    guard epoll_ctl(epoll.number, EPOLL_CTL_ADD, descriptor, &event) == 0 else { throw ErrorNumber.last }
  }
}
