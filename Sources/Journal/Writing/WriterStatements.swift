// SPDX-License-Identifier: Apache-2.0

/// The statements of the hot path, prepared once.
struct WriterStatements {
  let begin: Statement
  let commit: Statement
  let internSource: Statement
  let internType: Statement
  let internAction: Statement
  let fact: Statement
  let setFact: Statement

  let identity: Statement
  let insertIdentity: Statement
  let insertEvent: Statement
  let insertContent: Statement
  let insertObject: Statement
  let insertTag: Statement
  let insertRun: Statement
  let laneIsTaken: Statement

  let event: Statement
  let content: Statement
  let openRunsOfEvent: Statement
  let headOfLane: Statement
  let makeHead: Statement
  let heads: Statement
  let run: Statement
  let start: Statement
  let insertAttempt: Statement
  let markProcess: Statement
  let endAttempt: Statement
  let insertOutput: Statement
  let endRun: Statement
  let postpone: Statement
  let putBack: Statement
  let due: Statement
  let becomeDue: Statement
  let rejoin: Statement
  let nextDue: Statement

  init(_ connection: borrowing Connection) throws(SQLiteError) {
    begin = try connection.prepare("BEGIN IMMEDIATE")
    commit = try connection.prepare("COMMIT")
    func intern(_ table: String, _ more: String = "") -> String {
      "INSERT INTO \(table) (name) VALUES (?1) ON CONFLICT (name) DO UPDATE SET name = name RETURNING id"
    }
    internSource = try connection.prepare(intern("sources"))
    internType = try connection.prepare(intern("types"))
    internAction = try connection.prepare(intern("actions"))
    fact = try connection.prepare("SELECT value FROM facts WHERE name = ?1")
    setFact = try connection.prepare("INSERT OR REPLACE INTO facts (name, value) VALUES (?1, ?2)")

    identity = try connection.prepare("SELECT event FROM identities WHERE digest = ?1")
    insertIdentity = try connection.prepare("INSERT INTO identities (digest, event, accepted) VALUES (?1, ?2, ?3)")
    insertEvent = try connection.prepare(
      """
      INSERT INTO events (
        source, type, id, time, received, subject, objects, result, reason, settle, size, tags, value, cause)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
      """)
    insertContent = try connection.prepare("INSERT INTO contents (event, envelope, body) VALUES (?1, ?2, ?3)")
    insertObject = try connection.prepare(
      "INSERT OR IGNORE INTO event_objects (kind, name, event) VALUES (?1, ?2, ?3)")
    insertTag = try connection.prepare("INSERT OR IGNORE INTO event_tags (tag, event) VALUES (?1, ?2)")
    insertRun = try connection.prepare(
      """
      INSERT INTO runs (id, event, action, lane, place, state, queued, head, change, created, ended, reason, replay)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?5, ?9, ?10, ?11, ?12)
      """)
    laneIsTaken = try connection.prepare("SELECT 1 FROM runs WHERE queued = 1 AND lane = ?1 LIMIT 1")

    event = try connection.prepare(
      """
      SELECT s.name, t.name, e.result, e.reason, e.subject, e.objects FROM events e JOIN sources s ON s.id = e.source
        JOIN types t ON t.id = e.type
      WHERE e.number = ?1
      """)
    content = try connection.prepare(
      "SELECT c.envelope, c.body, e.received FROM contents c JOIN events e ON e.number = c.event WHERE c.event = ?1")
    openRunsOfEvent = try connection.prepare(
      "SELECT number FROM runs WHERE event = ?1 AND ended IS NULL AND state <> 'held' ORDER BY number")
    headOfLane = try connection.prepare(
      "SELECT number, action, place, state, head FROM runs WHERE queued = 1 AND lane = ?1 ORDER BY place LIMIT 1")
    makeHead = try connection.prepare("UPDATE runs SET head = 1 WHERE number = ?1")
    heads = try connection.prepare(
      "SELECT number, place FROM runs WHERE head = 1 AND action = ?1 AND place > ?2 ORDER BY place LIMIT ?3")
    run = try connection.prepare(
      """
      SELECT r.id, r.event, a.name, r.lane, r.place, r.state, r.queued, r.head, r.attempts, r.failures, r.unclean,
        e.source, t.name, e.subject, e.settle, r.replay, s.name, r.created
      FROM runs r JOIN actions a ON a.id = r.action JOIN events e ON e.number = r.event JOIN types t ON t.id = e.type
        JOIN sources s ON s.id = e.source
      WHERE r.number = ?1
      """)
    start = try connection.prepare(
      """
      UPDATE runs SET state = 'running', head = 0, attempts = attempts + 1, due = NULL, due_wall = NULL, change = ?2
      WHERE number = ?1
      """)
    insertAttempt = try connection.prepare(
      """
      INSERT INTO attempts (run, attempt, started, program, arguments, directory, revision, boot)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
      """)
    markProcess = try connection.prepare(
      "UPDATE attempts SET pid = ?3, pid_start = ?4 WHERE run = ?1 AND attempt = ?2")
    endAttempt = try connection.prepare(
      """
      UPDATE attempts SET ended = ?3, duration = ?4, outcome = ?5, code = ?6, reason = ?7, pid = coalesce(pid, ?8)
      WHERE run = ?1 AND attempt = ?2
      """)
    insertOutput = try connection.prepare(
      """
      INSERT OR REPLACE INTO outputs (run, attempt, stream, head, tail, dropped) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
      """)
    endRun = try connection.prepare(
      """
      UPDATE runs SET state = ?2, queued = 0, head = 0, due = NULL, due_wall = NULL, delay = NULL, ended = ?3,
        outcome = coalesce(?4, outcome), reason = ?5, change = ?6
      WHERE number = ?1
      """)
    postpone = try connection.prepare(
      """
      UPDATE runs SET state = 'waiting', head = 0, due = ?2, due_wall = ?3, delay = ?4, failures = ?5, unclean = ?6,
        outcome = coalesce(?7, outcome), reason = ?8, change = ?9
      WHERE number = ?1
      """)
    putBack = try connection.prepare(
      """
      UPDATE runs SET state = 'pending', head = ?2, queued = ?3, due = NULL, due_wall = NULL, delay = NULL,
        unclean = ?4, reason = ?5, change = ?6
      WHERE number = ?1
      """)
    due = try connection.prepare("SELECT number, action, place FROM runs WHERE due <= ?1 ORDER BY due LIMIT ?2")
    becomeDue = try connection.prepare(
      """
      UPDATE runs SET state = 'pending', head = 1, due = NULL, due_wall = NULL, delay = NULL, change = ?2
      WHERE number = ?1
      """)
    rejoin = try connection.prepare(
      """
      UPDATE runs SET state = 'pending', queued = ?2, head = ?3, place = ?4, change = ?4, due = NULL, due_wall = NULL,
        delay = NULL, failures = ?5, unclean = ?6, ended = NULL, reason = NULL
      WHERE number = ?1
      """)
    nextDue = try connection.prepare("SELECT min(due) FROM runs WHERE due IS NOT NULL")
  }
}
