// SPDX-License-Identifier: Apache-2.0

package import Events
import Glibc
import Synchronization

/// Runs invocations as child processes: a few threads start them, one thread watches them.
///
/// A child gets a session and a process group of its own, default signal dispositions, an empty signal mask, the
/// invocation's user, limits, environment and working directory, and the descriptors 0, 1 and 2: its input and two
/// pipes. It never has a privilege of the daemon's.
/// What a script leaves running in the background goes on after its end, but nobody reads its output any more:
/// when it writes to a descriptor that it inherited, it gets `SIGPIPE` or `EPIPE`. A script that starts a daemon
/// connects that daemon's output elsewhere.
///
/// Attempts are begun in the order in which they come, a few at once. A script whose execution hangs in the kernel, on a
/// file server that is gone, keeps one of the threads, and delays the return of `close`, but nothing that runs; once as
/// many hang as there are threads, what comes after them waits.
package final class ScriptRunner: Sendable {
  private let observer: any RunObserver
  private let startQueue = StartQueue()
  private let watchList: WatchList
  /// Nil once they have been joined.
  private let threads: Mutex<(spawners: [WorkerThread], watcher: WorkerThread)?>
  /// How many threads start scripts: one for each processor, within these bounds.
  ///
  /// With one, a fifth of two processors was idle while more than two scripts were in flight; a fourth thread brought
  /// nothing there any more.
  private static let spawnerCount = min(max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN))), 4)

  /// Starts the threads.
  ///
  /// Opens `/dev/null` on those of the descriptors 0, 1 and 2 that are closed, lest a pipe of a child gets their
  /// numbers, and gives `SIGCHLD` its default disposition if it is ignored, lest exit codes get lost.
  ///
  /// - Parameters:
  ///   - outputLimit: Bytes kept of each stream, half head and half tail.
  ///   - controlGroups: Where each run gets a group of its own; nil = runs are ended by session and process group.
  ///   - observer: Hears of every attempt; held as long as the runner lives.
  ///   - spawnerLife: Makes what hears from each of the threads that start scripts, which are counted from 1.
  ///   - watcherLife: Hears from the thread that watches them.
  /// - Throws: `RunnerFailure` when the system gives no descriptor or no thread.
  package init(
    outputLimit: Int, controlGroups: ControlGroups? = nil, observer: any RunObserver,
    spawnerLife: (Int) -> LifeSign = { _ in .none }, watcherLife: LifeSign = .none
  ) throws {
    self.observer = observer
    do {
      try Self.prepareProcess()
      let watchList = try WatchList()
      self.watchList = watchList
      let watcher = try WorkerThread(name: "script-watcher") {
        Watcher(watchList: watchList, groups: controlGroups, observer: observer, lifeSign: watcherLife).run()
      }
      var spawners: [WorkerThread] = []
      do {
        for number in 1...Self.spawnerCount {
          let lifeSign = spawnerLife(number)
          let spawner = try WorkerThread(name: "script-spawner\(number)") { [startQueue] in
            Spawner(
              startQueue: startQueue, watchList: watchList, outputLimit: outputLimit, groups: controlGroups,
              observer: observer, lifeSign: lifeSign
            ).run()
          }
          spawners.append(spawner)
        }
      } catch {
        Self.end(spawners, watcher, startQueue, watchList)
        throw error
      }
      threads = Mutex((spawners, watcher))
    } catch let error as ErrorNumber {
      throw RunnerFailure(description: "cannot set up the running of scripts: \(error.words)")
    }
  }

  /// Closes the runner, as `close` does.
  deinit { close() }

  /// Starts an attempt and returns at once; `ended` is called exactly once for each.
  ///
  /// After `close` nothing is started any more: the attempt ends as interrupted, before this returns.
  package func start(_ invocation: Invocation, as attempt: AttemptID) {
    guard startQueue.add(invocation, as: attempt) else {
      observer.ended(attempt, .unstarted(.interrupted))
      return
    }
  }

  /// Ends every running script: TERM to its group, KILL after its `killAfter`; each ends as `interrupted`.
  ///
  /// Attempts that wait for their start are not started and end as `interrupted` too. One that is being ended for
  /// its timeout stays `timedOut`. What is started later is not concerned.
  package func interruptAll() {
    startQueue.interrupt { interruption, unstarted in
      watchList.interrupt(before: interruption, unstarted: unstarted)
    }
  }

  /// Sends KILL at once to every script that is being ended, instead of after its `killAfter`.
  package func hurry() { watchList.hurry() }

  /// Waits until the last attempt has ended and stops the threads; not to be called by the observer.
  package func close() {
    threads.withLock { threads in
      guard let running = threads else { return }
      Self.end(running.spawners, running.watcher, startQueue, watchList)
      threads = nil
    }
  }

  private static func end(
    _ spawners: [WorkerThread], _ watcher: WorkerThread, _ startQueue: StartQueue, _ watchList: WatchList
  ) {
    startQueue.close()
    for spawner in spawners { spawner.join() }
    watchList.expectNoMore()
    watcher.join()
  }

  private static func prepareProcess() throws(ErrorNumber) {
    for standard in 0...2 as ClosedRange<Int32> where fcntl(standard, F_GETFD) < 0 {
      // The lowest free number is taken: this one. It stays open for the process's life.
      guard open("/dev/null", O_RDWR) >= 0 else { throw ErrorNumber.last }
    }
    var action = sigaction()
    sigaction(SIGCHLD, nil, &action)
    let disposition = unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
    let isIgnored = disposition == unsafeBitCast(SIG_IGN, to: Int.self)
    guard isIgnored || action.sa_flags & SA_NOCLDWAIT != 0 else { return }
    action = sigaction()
    sigaction(SIGCHLD, &action, nil)
  }
}

/// Says why a runner could not be set up.
package struct RunnerFailure: Error, CustomStringConvertible {
  package let description: String
}
