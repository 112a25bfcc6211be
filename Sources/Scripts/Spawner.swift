// SPDX-License-Identifier: Apache-2.0

import Events

/// Starts scripts, one after the other, on a thread of its own: an exec on a hung file server freezes nothing else.
///
/// There are several, because most of a start is a wait for the kernel: meanwhile another one prepares the next.
struct Spawner: ~Copyable {
  private let startQueue: StartQueue
  private let watchList: WatchList
  private let observer: any RunObserver
  private let outputLimit: Int
  private let groups: ControlGroups?
  private let lifeSign: LifeSign
  private let launcher = Launcher()

  init(
    startQueue: StartQueue, watchList: WatchList, outputLimit: Int, groups: ControlGroups?, observer: any RunObserver,
    lifeSign: LifeSign
  ) {
    self.startQueue = startQueue
    self.watchList = watchList
    self.outputLimit = outputLimit
    self.groups = groups
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
    launcher.deserted.reap()
  }

  private func start(_ order: StartOrder) throws(StartFailure) {
    let begun = Moment.now()
    let group = try makeGroup(for: order.invocation)
    do throws(StartFailure) {
      lifeSign(within: nil)
      defer { lifeSign(within: LifeSign.work) }
      let child = try launcher.launch(order.invocation, in: group)
      lifeSign(within: LifeSign.work)
      let tree = RunTree(pid: child.pid, group: group)
      let run = WatchedRun(order, child, tree, begun: begun, started: .now(), outputLimit: outputLimit)
      // Before the watcher knows the run, so that it cannot end first.
      observer.started(order.attempt, pid: tree.pid)
      do {
        try watchList.add(run)
      } catch {
        launcher.abandon(tree.pid, group)
        throw StartFailure(unwatchable: order.invocation, error)
      }
    } catch {
      if let group { groups?.release(group) }
      throw error
    }
  }

  private func makeGroup(for invocation: Invocation) throws(StartFailure) -> RunGroup? {
    do {
      return try groups?.make()
    } catch {
      throw StartFailure(invocation, doing: "make a control group for it", error)
    }
  }
}
