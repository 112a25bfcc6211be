// SPDX-License-Identifier: Apache-2.0

/// The tables of a journal, and how each version became the next.
///
/// `PRAGMA user_version` holds the number of migrations that a file has seen. A migration is never changed once it was
/// released: what is wrong in it is mended by the next one.
enum Schema {
  /// "onev": tells a journal from any other SQLite file (`PRAGMA application_id`).
  static let applicationID: Int32 = 0x6f6e_6576

  /// Each is executed in one transaction.
  static let migrations = [first, second]

  /// All times are nanoseconds since 1970 on the real-time clock, but for those named otherwise.
  private static let first = """
    -- Facts about the file itself: boot id, last seen time, sequence.
    CREATE TABLE facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

    CREATE TABLE sources (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

    -- Every type seen, unmatched ones too. `sample` is the body that came last when it was last flushed.
    CREATE TABLE types (
      id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, seen INTEGER NOT NULL DEFAULT 0,
      matched INTEGER NOT NULL DEFAULT 0, first INTEGER, last INTEGER, source TEXT, envelope TEXT, sample BLOB
    );

    -- `status`: what a person said, nil, 'suspended' or 'observe', and what the file said then (`configured`).
    CREATE TABLE actions (
      id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, status TEXT, status_since INTEGER, configured TEXT
    );

    -- `result`: matched, unmatched (only under record = all), undecodable. `settle`: journal, run.
    -- `objects`: a JSON object, kind to name. `cause`: the run that raised the event.
    CREATE TABLE events (
      number INTEGER PRIMARY KEY AUTOINCREMENT, source INTEGER NOT NULL, type INTEGER NOT NULL, id TEXT, time TEXT,
      received INTEGER NOT NULL, subject TEXT, objects TEXT NOT NULL, result TEXT NOT NULL, reason TEXT,
      settle TEXT NOT NULL, size INTEGER NOT NULL, cause INTEGER
    );
    CREATE INDEX events_type ON events (type, number);
    CREATE INDEX events_undecodable ON events (number) WHERE result = 'undecodable';

    -- Apart from the events, so that lists of events touch few pages. The body as received, its token blanked.
    CREATE TABLE contents (event INTEGER PRIMARY KEY, envelope TEXT NOT NULL, body BLOB NOT NULL);

    CREATE TABLE event_objects (
      kind TEXT NOT NULL, name TEXT NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (kind, name, event)
    ) WITHOUT ROWID;

    -- 16 bytes of a digest of what makes two deliveries the same event; outlives its event.
    CREATE TABLE identities (
      digest BLOB PRIMARY KEY, event INTEGER NOT NULL, accepted INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX identities_event ON identities (event);

    -- `lane`: 8 bytes of a digest of the ordering key. `place`: order within all lanes. `queued`: whether the run stands
    -- in its lane (pending, running or waiting, and its action not suspended). `head`: it may start as soon as limits
    -- allow. `due`: when a waiting run is tried again, CLOCK_BOOTTIME of the boot in `facts`; `due_wall` and `delay`
    -- find it again after a boot. `failures`: attempts that count against `retries`; `unclean`: cut off by a crash.
    -- `change`: grows with every change of any run. `ended` stays nil while the run is pending, running, waiting, held.
    CREATE TABLE runs (
      number INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL, event INTEGER NOT NULL, action INTEGER NOT NULL,
      lane INTEGER, place INTEGER NOT NULL, state TEXT NOT NULL, queued INTEGER NOT NULL, head INTEGER NOT NULL,
      due INTEGER, due_wall INTEGER, delay INTEGER, attempts INTEGER NOT NULL DEFAULT 0,
      failures INTEGER NOT NULL DEFAULT 0, unclean INTEGER NOT NULL DEFAULT 0, change INTEGER NOT NULL,
      created INTEGER NOT NULL, ended INTEGER, outcome TEXT, reason TEXT, replay INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX runs_id ON runs (id);
    CREATE INDEX runs_event ON runs (event);
    CREATE INDEX runs_change ON runs (change);
    CREATE INDEX runs_lane ON runs (lane, place) WHERE queued = 1 AND lane IS NOT NULL;
    CREATE INDEX runs_head ON runs (action, place) WHERE head = 1;
    CREATE INDEX runs_due ON runs (due) WHERE due IS NOT NULL;
    CREATE INDEX runs_open ON runs (action, place) WHERE ended IS NULL;
    CREATE INDEX runs_attention ON runs (state, number) WHERE state IN ('failed', 'held', 'refused', 'expired');

    -- `program` and `arguments` (argv, each ended by a NUL byte) are what the attempt executed. `boot`, `pid` and
    -- `pid_start` (clock ticks since boot, field 22 of /proc/PID/stat) are its start mark.
    CREATE TABLE attempts (
      run INTEGER NOT NULL, attempt INTEGER NOT NULL, started INTEGER NOT NULL, ended INTEGER, duration INTEGER,
      outcome TEXT, code INTEGER, reason TEXT, program TEXT NOT NULL, arguments BLOB NOT NULL, directory TEXT NOT NULL,
      revision TEXT NOT NULL, boot TEXT NOT NULL, pid INTEGER, pid_start INTEGER, PRIMARY KEY (run, attempt)
    ) WITHOUT ROWID;

    -- Only of streams that were written to. `stream`: 1 standard output, 2 standard error.
    CREATE TABLE outputs (
      run INTEGER NOT NULL, attempt INTEGER NOT NULL, stream INTEGER NOT NULL, head BLOB NOT NULL, tail BLOB NOT NULL,
      dropped INTEGER NOT NULL, PRIMARY KEY (run, attempt, stream)
    ) WITHOUT ROWID;
    """

  private static let second = """
    -- `tags`: a JSON list, as they were sent; nil = none. `value`: the number at the payload's `value`.
    ALTER TABLE events ADD COLUMN tags TEXT;
    ALTER TABLE events ADD COLUMN value REAL;

    -- A tag `group:name` stands here twice, as itself and as `group`.
    CREATE TABLE event_tags (tag TEXT NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (tag, event)) WITHOUT ROWID;

    -- A subject that is none of its event's objects stands among them all the same, as one of the kind ''.
    INSERT OR IGNORE INTO event_objects SELECT '', subject, number FROM events e
      WHERE subject IS NOT NULL AND NOT EXISTS (SELECT 1 FROM json_each(e.objects) WHERE value = e.subject);

    CREATE INDEX events_source ON events (source);
    CREATE INDEX events_value ON events (value) WHERE value IS NOT NULL;
    DROP INDEX runs_event;
    CREATE INDEX runs_event ON runs (event, action);
    -- Conditions that are lists are made a table of each time they are looked at, which a run's life does a dozen times.
    DROP INDEX runs_attention;
    CREATE INDEX runs_attention ON runs (state, number)
      WHERE state = 'failed' OR state = 'held' OR state = 'refused' OR state = 'expired';
    -- Its condition is one on its own columns, so that it covers what is counted.
    CREATE INDEX runs_ended ON runs (action, state, number)
      WHERE state <> 'pending' AND state <> 'running' AND state <> 'waiting' AND state <> 'held';

    -- How long before an event with a lower number one was received at most: see `NumberRange`. A minute is allowed for.
    INSERT INTO facts SELECT 'disorder', max(60000000000, coalesce(max(latest - time), 0)) FROM (
      SELECT received AS time, max(received) OVER (ORDER BY number) AS latest FROM events
      UNION ALL SELECT created, max(created) OVER (ORDER BY number) FROM runs);

    -- What texts of which events hold which words: the tables `words_PART`, each of the events `first` to `last`.
    CREATE TABLE word_parts (part INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL);
    """
}
