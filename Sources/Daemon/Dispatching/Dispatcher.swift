// SPDX-License-Identifier: Apache-2.0

import AMQP
import Events
import Glibc
import Journal
import Logging
import Scripts
import Settings
import Synchronization
import WebAPI

/// Takes accepted events into the journal, starts their runs in order and within the limits, and settles deliveries.
///
/// Lives on one thread, the journal's, which `run` occupies. Everything that comes in together becomes one transaction;
/// what follows from it (settling, starting, logging) happens once it is committed, and not at all when it failed.
final class Dispatcher: @unchecked Sendable {
  // Only `inputs`, `board` and the parts that are Sendable themselves are touched from other threads.

  /// What the next start is resolved from; for other threads it is `current`.
  var plan: Plan
  let current: CurrentPlan
  let inputs = InputQueue<DispatchInput>()
  let board: DaemonBoard
  let runner: any AttemptStarter
  let log: RunLog
  let logger: Logger
  let metrics: DaemonMetrics
  /// Beats as often as its thread comes round.
  let live = LiveOutputs()
  /// Rung after each commit, for those who follow the journal.
  let bell = CommitBell()
  let types: SeenTypes
  /// Told why no source may be read, and when they may again.
  let onHold: @Sendable (String?) -> Void
  /// How many scripts run beyond one for each processor; may be off by what is on its way.
  let spareScripts = Atomic(0)
  let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  let labels = Mutex<[UInt64: (label: RunLabel, run: Int64, allowance: OutputAllowance)]>([:])
  let journal: JournalKeeper

  /// Matches stored events for a replay.
  var matcher: Matcher

  var state = State()
  /// The actions of the journal's numbers, and how many of their runs may run at once.
  var limits: [Int64: Int] = [:]
  var decoders: [String: EventDecoder] = [:]
  /// What the next attempts execute, by the run's number, of the present plan.
  var prepared: [Int64: (attempt: Int64, invocation: Invocation)] = [:]
  /// Events of the present transaction, whose content need not be read.
  var fresh: [Int64: (envelope: Envelope, body: [UInt8])] = [:]
  var statuses: [String: ActionStatus] = [:]
  var isSuspended = false
  /// Actions of which the log has said that they would answer to themselves.
  var toldLoops: Set<String> = []
  /// How many runs the end of the life before cut off.
  var interruptedBefore = 0
  var isDraining = false
  var isAbandoned = false
  var upkeep = Upkeep()
  /// How many events one transaction takes in: fewer where the disk had no room for more.
  static let arrivalsAtOnce = 1_000
  var arrivalLimit = Dispatcher.arrivalsAtOnce
  /// What was brought while the journal could not be written.
  var backlog: [DispatchInput] = []
  private var isStopped = false
  /// Shows that this thread moves.
  private let pulse: Pulse

  init(
    _ configuration: Configuration, journal: JournalKeeper, runner: any AttemptStarter, board: DaemonBoard,
    types: SeenTypes, log: RunLog, metrics: DaemonMetrics, pulse: Pulse = Pulse("journal"),
    onHold: @escaping @Sendable (String?) -> Void
  ) {
    let plan = Plan(configuration)
    self.plan = plan
    current = CurrentPlan(plan)
    self.journal = journal
    self.runner = runner
    self.board = board
    self.types = types
    self.pulse = pulse
    self.onHold = onHold
    self.log = log
    logger = log.logger
    self.metrics = metrics
    matcher = Matcher(plan.table)
  }

  var configuration: Configuration { plan.configuration }
  var actions: [String: Action] { plan.actions }

  /// Works until it is told to stop.
  func run() {
    while !isStopped {
      pulse.beat(within: journal.trouble == nil ? Self.turnLimit : Self.troubleLimit)
      let brought = inputs.take(waiting: patience)
      work(brought)
      prepareStarts()
      indexWords(isIdle: brought.isEmpty)
    }
    journal.finish()
    pulse.end()
  }

  /// What a turn takes at most, its wait included.
  private static let turnLimit = Duration.seconds(5)
  /// The same where the disk is in trouble: a journal that is opened again is read from end to end.
  private static let troubleLimit = Duration.seconds(3600)

  /// How long it waits at most for something to do.
  private var patience: Duration {
    let idle = hasWordsToIndex ? Self.wordPause : .milliseconds(50)
    guard let due = state.nextDue, journal.trouble == nil else { return idle }
    return max(.zero, min(idle, .nanoseconds(due - BootClock.now)))
  }

  /// Turns what came in into one transaction, and does what follows from it.
  func work(_ brought: [DispatchInput]) {
    var requests: [Request] = []
    var changes = backlog
    backlog = []
    for input in brought {
      if case .asked(let request) = input { requests.append(request) } else { changes.append(input) }
    }
    // What ended in the meantime is recorded now or never.
    let isLast = brought.contains { if case .stop = $0 { true } else { false } }
    if journal.trouble != nil, !journal.recover(atOnce: isLast) {
      lookForRoom()
      hold(changes)
      for request in requests { refuse(request) }
      return
    }
    var rest = portions(of: changes)[...]
    var failure = journal.wasReopened ? reconcile() : nil
    while failure == nil, let portion = rest.first {
      pulse.beat(within: Self.turnLimit)
      failure = startAhead(of: portion) ?? attempt(portion)
      if failure == nil { rest.removeFirst() }
      if arrivalLimit < Self.arrivalsAtOnce { journal.tidyUp() }
    }
    if let failure {
      // What does not fit at once may fit in parts.
      if failure.trouble == .full { arrivalLimit = max(1, min(arrivalLimit, arrivals(in: changes)) / 4) }
      journal.fail(failure)
      // Before anything is given back, or it would come again at once.
      lookForRoom()
      hold(Array(rest.joined()))
    } else {
      let trouble = journal.trouble
      if trouble != nil { recount() }
      journal.succeeded()
      if let trouble { tellRecovered(trouble) }
    }
    for request in requests {
      showLife()
      perform(request)
    }
    maintain()
  }

  /// - Returns: Why nothing of it was done; nil = all was.
  private func attempt(_ changes: [DispatchInput]) -> SQLiteError? {
    guard !changes.isEmpty || hasWorkOfItsOwn else { return nil }
    // What a delivery is settled for must not be taken back either.
    let isDurable = changes.contains { $0.isArrival || $0.isEnd && !state.openEvents.isEmpty }
    // An event of a suspended action is settled with the journal, whatever its source says.
    let settlesSuspended = !statuses.isEmpty
    return transact(isDurable: isDurable || settlesSuspended) { effects throws(SQLiteError) in
      for change in changes { try take(change, &effects) }
    }
  }

  /// Starts what may take the places of scripts that have ended before their ends are recorded, where nothing would run
  /// until then.
  ///
  /// Two transactions instead of one: while other scripts run, that costs more than it brings.
  ///
  /// - Returns: Why that could not be recorded; nil = it was, or there is nothing to start.
  func startAhead(of changes: [DispatchInput]) -> SQLiteError? {
    // Where start marks must survive a power cut, one transaction is synced instead of two.
    guard !isDraining, !isSuspended, !plan.holdsInterrupted, state.windows.hasHeads else { return nil }
    let ended = changes.compactMap { if case .ended(let attempt, _) = $0 { attempt } else { nil } }
    guard !ended.isEmpty, state.windows.runningCount <= ended.count else { return nil }
    // Where ends cannot be recorded, nothing is started either.
    guard !ended.contains(where: hasGivenWay) else { return nil }
    let failure = transact(isDurable: false) { effects throws(SQLiteError) in
      for attempt in ended { giveWay(attempt, &effects) }
    }
    // The kernel may have put the thread that starts the script behind this one, the more so on a virtual machine, where
    // a processor that halts passes for a busy one.
    sched_yield()
    return failure
  }

  /// Makes a transaction of changes, then starts what may start in the same one.
  func transact(
    isDurable: Bool, _ change: (inout Effects) throws(SQLiteError) -> Void
  ) -> SQLiteError? {
    let before = state
    var effects = Effects()
    defer { fresh.removeAll(keepingCapacity: true) }
    let isDurable = isDurable || plan.holdsInterrupted
    do throws(SQLiteError) {
      try journal.transaction(isDurable: isDurable) { () throws(SQLiteError) in
        try change(&effects)
        try takeDue(&effects)
        try startRuns(&effects)
      }
    } catch {
      state = before
      return error
    }
    let failure = isDurable ? nil : secure(&effects)
    perform(effects)
    return failure
  }

  /// Says in the middle of long work that the thread moves.
  func showLife() { pulse.beat(within: Self.turnLimit) }

  private func refuse(_ request: Request) {
    request.answer(.unavailable(journal.trouble ?? "the journal cannot be written"))
  }

  private func perform(_ request: Request) {
    guard journal.trouble == nil else { return refuse(request) }
    let before = (state, statuses, isSuspended, upkeep.clock, plan, matcher, limits)
    var effects = Effects()
    do {
      try journal.throwingTransaction { try request.perform(self, &effects) }
    } catch {
      (state, statuses, isSuspended, upkeep.clock, plan, matcher, limits) = before
      decoders = [:]
      if let error = error as? SQLiteError { journal.fail(error) }
      request.answer(error as? ControlError ?? .unavailable("\(error)"))
      return
    }
    perform(effects)
    request.answer(nil)
    // What it set free starts in a transaction of its own.
    if let failure = transact(isDurable: false, { _ throws(SQLiteError) in }) { journal.fail(failure) }
  }

  private func perform(_ effects: Effects) {
    board.add(effects.counts)
    FailPoint.afterCommit.pass()
    settle(effects.settlements)
    for start in effects.starts {
      FailPoint.beforeStart.pass()
      labels.withLock { $0[start.attempt.number] = (start.label, start.run, OutputAllowance()) }
      live.begin(start.run)
      runner.start(start.invocation, as: start.attempt)
    }
    spareScripts.store(max(0, state.windows.runningCount - processors), ordering: .relaxed)
    for attempt in effects.endedAttempts { forgetOutput(of: attempt) }
    for run in effects.endedRuns { live.end(run) }
    for note in effects.notes { note() }
    bell.ring()
  }

  private func take(_ input: DispatchInput, _ effects: inout Effects) throws(SQLiteError) {
    switch input {
    case .arrived(let arrivals): for arrival in arrivals { try take(arrival, &effects) }
    case .published(let batch): try take(batch, &effects)
    case .endures(let attempt, let pid, let start): try mark(attempt, pid: pid, start: start)
    case .ended(let attempt, let completion): try end(attempt, completion, &effects)
    case .happened(let own): try tell(own, &effects)
    case .tick: warnOfSlowRuns(&effects)
    case .drain: drain(&effects)
    case .abandon: try abandon(&effects)
    case .stop: isStopped = true
    case .asked: break
    }
  }

  /// Keeps what must not be lost until the journal can be written again, and gives events back to the broker.
  private func hold(_ changes: [DispatchInput]) {
    for change in changes {
      switch change {
      case .arrived(let arrivals): settle(arrivals.compactMap { arrival in arrival.receipt.map { ($0, .returned) } })
      case .published(let batch):
        batch.answer(
          .failure(.unavailable("the journal does not record: \(journal.trouble ?? "it cannot be written")")))
      case .stop: isStopped = true
      case .tick, .asked: break
      case .endures, .ended, .drain, .abandon: backlog.append(change)
      case .happened(let own):
        // What runs is bounded, what sources do is not.
        if backlog.count < Self.heldBack { backlog.append(change) } else { note(lost: own) }
      }
    }
  }

  private var hasWorkOfItsOwn: Bool { state.nextDue.map { $0 <= BootClock.now } ?? false }
}
