// SPDX-License-Identifier: Apache-2.0

import Events

/// Starts scripts, one after the other, on a thread of its own: an exec on a hung file server freezes nothing else.
struct Spawner: ~Copyable {
  private let startQueue: StartQueue
  private let watchList: WatchList
  private let observer: any RunObserver
  private let outputLimit: Int
  private let lifeSign: LifeSign
  private let launcher = Launcher()

  init(
    startQueue: StartQueue, watchList: WatchList, outputLimit: Int, observer: any RunObserver, lifeSign: LifeSign
  ) {
    self.startQueue = startQueue
    self.watchList = watchList
    self.outputLimit = outputLimit
    self.observer = observer
    self.lifeSign = lifeSign
  }

  /// Works until the queue is closed and empty.
  func run() {
    while let order = startQueue.next(idle: { lifeSign(within: LifeSign.interval) }) {
      do {
        try start(order)
      } catch {
        observer.ended(order.attempt, .unstarted(error.outcome))
      }
    }
    watchList.expectNoMore()
  }

  private func start(_ order: StartOrder) throws(StartFailure) {
    let begun = Moment.now()
    lifeSign(within: nil)
    defer { lifeSign(within: LifeSign.work) }
    let child = try launcher.launch(order.invocation)
    lifeSign(within: LifeSign.work)
    let pid = child.pid
    let run = WatchedRun(order, child, begun: begun, started: .now(), outputLimit: outputLimit)
    // Before the watcher knows the run, so that it cannot end first.
    observer.started(order.attempt, pid: pid)
    do {
      try watchList.add(run)
    } catch {
      Launcher.abandon(pid)
      throw StartFailure(unwatchable: order.invocation, error)
    }
  }
}
