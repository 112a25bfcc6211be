// SPDX-License-Identifier: Apache-2.0

/// Every metric of the daemon: the only spelling of the names.
///
/// Labels are names of the configuration, or of a fixed list, so that their number is bounded by it.
enum MetricCatalog {
  static let up = gauge("onevent_up", "1 from a daemon that answers; 0 written by onevent metrics when none does.")
  static let buildInfo = gauge("onevent_build_info", "1; its label says which version of onevent runs.", ["version"])

  // MARK: Events

  static let deliveries = counter(
    "onevent_deliveries_total", "Messages that the broker delivered, those that it brought again included.", ["source"])
  static let events = counter(
    "onevent_events_total", "Events by what became of them; what was given back to the broker is not among them.",
    ["source", "result"])
  static let eventAge = histogram(
    "onevent_event_age_seconds", "How old events that matched an action were when they were received.", ["source"],
    [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400])
  static let regexLimitHits = counter(
    "onevent_regex_limit_hits_total", "Conditions whose regular expression took too long and counted as no match.",
    ["source"])

  // MARK: Sources

  static let sourceConnected = gauge(
    "onevent_source_connected", "1 while the source is connected to its broker; absent when no action uses it.",
    ["source"])
  static let sourcePaused = gauge(
    "onevent_source_paused", "1 while the source is connected but deliberately not read; onevent status says why.",
    ["source"])
  static let reconnects = counter(
    "onevent_reconnects_total", "Connections to the broker after the first one.", ["source"])

  // MARK: Runs

  static let runs = counter(
    "onevent_runs_total", "Runs by how they ended; interrupted ones are tried again and end once more.",
    ["action", "result"])
  static let retries = counter(
    "onevent_retries_total", "Attempts that failed and were followed by another one.", ["action"])
  static let runDuration = histogram(
    "onevent_run_duration_seconds", "How long attempts took whose script was started.", ["action"],
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600])
  static let runWait = histogram(
    "onevent_run_wait_seconds", "How long runs waited between their acceptance and their first attempt.", ["action"],
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400])
  static let running = gauge("onevent_runs_running", "Runs whose script runs now.", ["action"])
  static let pending = gauge(
    "onevent_runs_pending", "Runs that are to start as soon as order and limits allow.", ["action"])
  static let waiting = gauge("onevent_runs_waiting", "Runs that wait for the time of their next attempt.", ["action"])
  static let oldestPending = gauge(
    "onevent_oldest_pending_seconds",
    "How long ago the oldest pending run was accepted; 0 without one, absent while the journal cannot be read.",
    ["action"])
  static let held = gauge("onevent_runs_held", "Runs that wait for a person's decision.")
  static let failed = gauge(
    "onevent_runs_failed", "Runs in the journal that failed for good and that nobody decided on.")
  static let actionSuspended = gauge(
    "onevent_action_suspended", "1 while a person has suspended the action.", ["action"])
  static let suspended = gauge("onevent_suspended", "1 while a person has suspended all actions.")

  // MARK: Streams

  static let streamClients = gauge("onevent_stream_clients", "Clients that follow the stream.", ["stream"])
  static let streamBehind = counter(
    "onevent_stream_clients_behind_total", "Clients that were too slow, and told so.", ["stream"])

  // MARK: Journal and configuration

  static let journalCommit = histogram(
    "onevent_journal_commit_seconds", "How long commits of the journal took, the disk's part included.", [],
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5])
  static let journalBytes = gauge("onevent_journal_bytes", "Bytes of the journal's file that are in use.")
  static let journalMaxBytes = gauge("onevent_journal_max_bytes", "Bytes that the journal may use: max_size.")
  static let journalTrouble = gauge(
    "onevent_journal_trouble", "1 while nothing can be recorded and therefore nothing is taken.")
  static let retentionSuspended = gauge(
    "onevent_retention_suspended", "1 while nothing is deleted from the journal because the clock jumped.")
  static let reloadTime = gauge(
    "onevent_config_last_reload_success_timestamp_seconds",
    "When the configuration that is in force was read, in seconds since 1970.")
  static let reloadSuccess = gauge(
    "onevent_config_last_reload_successful", "1 when the last reading of the configuration succeeded, else 0.")
  static let refused = counter(
    "onevent_api_refused_total", "Requests and connections that the API's TCP ports refused, by kind.", ["kind"])

  // MARK: The process, by the names that every client library of Prometheus uses

  static let processStart = gauge("process_start_time_seconds", "When the process started, in seconds since 1970.")
  static let processCPU = counter("process_cpu_seconds_total", "Processor time of the process, without its scripts'.")
  static let processResident = gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.")
  static let processVirtual = gauge("process_virtual_memory_bytes", "Address space of the process.")
  static let processDescriptors = gauge("process_open_fds", "Open file descriptors of the process.")
  static let processDescriptorLimit = gauge("process_max_fds", "File descriptors that the process may open.")

  /// All of them, in the order in which they are shown.
  static let all = [
    up, buildInfo, deliveries, events, eventAge, regexLimitHits, sourceConnected, sourcePaused, reconnects, runs,
    retries,
    runDuration, runWait, running, pending, waiting, oldestPending, held, failed, actionSuspended, suspended,
    streamClients, streamBehind, journalCommit, journalBytes, journalMaxBytes, journalTrouble, retentionSuspended,
    reloadTime, reloadSuccess, refused,
    processStart, processCPU, processResident, processVirtual, processDescriptors, processDescriptorLimit,
  ]

  private static func counter(_ name: String, _ help: String, _ labels: [String] = []) -> MetricFamily {
    MetricFamily(name: name, kind: .counter, help: help, labels: labels)
  }

  private static func gauge(_ name: String, _ help: String, _ labels: [String] = []) -> MetricFamily {
    MetricFamily(name: name, kind: .gauge, help: help, labels: labels)
  }

  private static func histogram(
    _ name: String, _ help: String, _ labels: [String], _ bounds: [Double]
  ) -> MetricFamily {
    MetricFamily(name: name, kind: .histogram, help: help, labels: labels, bounds: bounds)
  }
}
