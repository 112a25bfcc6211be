// SPDX-License-Identifier: Apache-2.0

@testable import Journal

/// Rows as a journal has them after a while, by plain SQL.
///
/// Event n, 1 to `events`, is of the type `lease.start`, `lease.end` or `node.update` in turn, has the id `id-N`, the
/// object `node` = `node-(n mod 10)`, came in second n, and has one run, n too, of the action `even` or `odd`. Every
/// tenth run failed, the one after it waits, the one after that pends, the others succeeded. Event 5 could not be
/// decoded.
enum FilledJournal {
  static let types = ["lease.start", "lease.end", "node.update"]

  static func fill(_ connection: borrowing Connection, events: Int = 100) throws {
    try connection.execute(
      """
      BEGIN;
      INSERT INTO sources VALUES (1, 'main'), (2, 'other');
      INSERT INTO types (id, name, seen) VALUES (1, 'lease.start', 1), (2, 'lease.end', 1), (3, 'node.update', 1);
      INSERT INTO actions (id, name) VALUES (1, 'even'), (2, 'odd');
      CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(events))
        SELECT i FROM n;
      INSERT INTO events (number, source, type, id, time, received, subject, objects, result, reason, settle, size, cause)
        SELECT i, 1 + (i % 4 = 0), 1 + (i - 1) % 3, 'id-' || i, NULL, i * 1000000000,
        'subject-' || (i % 7), '{"node":"node-' || (i % 10) || '"}', iif(i = 5, 'undecodable', 'matched'),
        iif(i = 5, 'no JSON', NULL), 'journal', 10, NULL FROM n;
      INSERT INTO contents SELECT i, '{"routing_key":"k' || i || '"}', CAST('body ' || i AS BLOB) FROM n;
      INSERT INTO event_objects SELECT 'node', 'node-' || (i % 10), i FROM n;
      INSERT INTO event_objects SELECT '', 'subject-' || (i % 7), i FROM n;
      INSERT INTO event_objects SELECT 'host', 'node-' || (i % 10), i FROM n WHERE i % 20 = 0;
      INSERT INTO runs (number, id, event, action, lane, place, state, queued, head, due_wall, attempts, change,
          created, ended, outcome)
        SELECT i, CAST(printf('%016d', i) AS BLOB), i, 1 + i % 2, NULL, i, state, state IN ('waiting', 'pending') AND i % 20 = 2,
          state = 'pending' AND i % 20 = 2, iif(state = 'waiting', i, NULL), 1, 1000 + i, i * 1000000000,
          iif(state IN ('waiting', 'pending'), NULL, i), iif(state = 'failed', 'exited 3', NULL)
        FROM (SELECT i, CASE i % 10 WHEN 0 THEN 'failed' WHEN 1 THEN 'waiting' WHEN 2 THEN 'pending'
          ELSE 'succeeded' END AS state FROM n);
      INSERT INTO attempts SELECT i, 1, i, i + 5, 5, 'exited 0', 0, NULL, '/bin/true',
        CAST('/bin/true' || char(0) || 'an argument' || char(0) || char(0) AS BLOB), '/', 'r1', 'boot', 100 + i, 7
        FROM n;
      INSERT INTO outputs SELECT i, 1, 2, CAST('trouble' AS BLOB), x'', 3 FROM n WHERE i % 10 = 0;
      DROP TABLE temp.n;
      COMMIT;
      """)
  }

  /// The id of a run as it is shown: the digits' codes in hexadecimal.
  static func id(ofRun number: Int) -> String {
    let digits = String(number)
    return (String(repeating: "0", count: 16 - digits.count) + digits).utf8.map { String($0, radix: 16) }.joined()
  }
}
