// SPDX-License-Identifier: Apache-2.0
//
// journal URL QUEUE COUNT JOURNAL BATCH
//
// The least that puts each message of a queue into a journal before it is acknowledged: takes COUNT
// messages, looks at no byte of them, inserts the rows that onevent inserts for an observed lease
// event (event, content, four objects, identity, run) into JOURNAL, an empty one that onevent made,
// BATCH messages in one transaction with synchronous = FULL, and acknowledges the batch. Settings
// of the database are onevent's, and so is the moment of checkpoints: once a second. What onevent's
// acceptance is measured against.

#include "bus.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static sqlite3 *journal;

static void expect(int code, const char *what) {
  if (code != SQLITE_OK && code != SQLITE_DONE) give_up("%s: %s", what, sqlite3_errmsg(journal));
}

static sqlite3_stmt *prepare(const char *sql) {
  sqlite3_stmt *statement = NULL;
  expect(sqlite3_prepare_v2(journal, sql, -1, &statement, NULL), sql);
  return statement;
}

static void run(sqlite3_stmt *statement) {
  expect(sqlite3_step(statement), "a statement");
  sqlite3_reset(statement);
}

// Spread like a digest, so that the indexes are touched where digests touch them.
static void digest_of(int64_t number, unsigned char digest[16]) {
  uint64_t state = (uint64_t)number;
  for (int half = 0; half < 2; half++) {
    uint64_t value = (state += 0x9e3779b97f4a7c15u);
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    value ^= value >> 31;
    memcpy(digest + 8 * half, &value, 8);
  }
}

int main(int argc, char **argv) {
  if (argc != 6) {
    fputs("usage: journal URL QUEUE COUNT JOURNAL BATCH\n", stderr);
    return 64;
  }
  int64_t count = number_argument(argv[3], "COUNT"), batch = number_argument(argv[5], "BATCH");
  if (sqlite3_open(argv[4], &journal) != SQLITE_OK) give_up("%s cannot be opened", argv[4]);
  expect(sqlite3_exec(journal,
                      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8192;"
                      "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;"
                      "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 16777216;"
                      "INSERT OR IGNORE INTO sources (id, name) VALUES (1, 'default');"
                      "INSERT OR IGNORE INTO types (id, name) VALUES (1, 'esi_leap.lease.fulfill.end');"
                      "INSERT OR IGNORE INTO actions (id, name) VALUES (1, 'hot');",
                      NULL, NULL, NULL),
         "setting up");
  sqlite3_stmt *begin = prepare("BEGIN IMMEDIATE"), *commit = prepare("COMMIT");
  sqlite3_stmt *known = prepare("SELECT event FROM identities WHERE digest = ?1");
  sqlite3_stmt *event = prepare(
      "INSERT INTO events (source, type, id, time, received, subject, objects, result, settle, size) VALUES (1, 1, ?1, "
      "'2026-11-20 22:14:12.021435', ?2, 'c9a1d7e2-4f3b-4f0a-8a55-1c2d3e4f5a6b', "
      "'{\"node\":\"c9a1d7e2-4f3b-4f0a-8a55-1c2d3e4f5a6b\",\"lease\":\"5a8b4a1c-6a2e-4b0e-9d4e-2f0c9b1f7e11\","
      "\"project\":\"1b7b4b8f2a3e4c5d9e6f7a8b9c0d1e2f\",\"owner\":\"0f1e2d3c4b5a69788796a5b4c3d2e1f0\"}', 'matched', "
      "'journal', ?3)");
  sqlite3_stmt *content = prepare(
      "INSERT INTO contents (event, envelope, body) VALUES (?1, '{\"queue\":\"bench\",\"routing_key\":\"bench\"}', ?2)");
  sqlite3_stmt *object = prepare("INSERT OR IGNORE INTO event_objects (kind, name, event) VALUES (?1, ?2, ?3)");
  sqlite3_stmt *identity = prepare("INSERT INTO identities (digest, event, accepted) VALUES (?1, ?2, ?3)");
  sqlite3_stmt *start = prepare(
      "INSERT INTO runs (id, event, action, lane, place, state, queued, head, change, created, ended) VALUES (?1, ?2, 1, "
      "7, ?3, 'observed', 0, 0, ?3, ?4, ?4)");
  static const char *const objects[4][2] = {{"node", "c9a1d7e2-4f3b-4f0a-8a55-1c2d3e4f5a6b"},
                                            {"lease", "5a8b4a1c-6a2e-4b0e-9d4e-2f0c9b1f7e11"},
                                            {"project", "1b7b4b8f2a3e4c5d9e6f7a8b9c0d1e2f"},
                                            {"owner", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"}};

  amqp_connection_state_t bus = bus_open(argv[1]);
  amqp_basic_qos(bus, 1, 0, 500, 0);
  expect_reply(amqp_get_rpc_reply(bus), "setting the prefetch");
  amqp_basic_consume(bus, 1, amqp_cstring_bytes(argv[2]), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  expect_reply(amqp_get_rpc_reply(bus), "consuming");
  int64_t began = 0, checked = now_ns();
  for (int64_t taken = 1; taken <= count; taken++) {
    amqp_envelope_t message;
    amqp_maybe_release_buffers(bus);
    expect_reply(amqp_consume_message(bus, &message, NULL, 0), "taking a message");
    if (taken == 1) began = now_ns();
    if ((taken - 1) % batch == 0) run(begin);
    unsigned char digest[16];
    char id[48];
    digest_of(taken, digest);
    snprintf(id, sizeof id, "%08llx-0000-4000-8000-000000000000", (long long)taken);
    sqlite3_bind_blob(known, 1, digest, 16, SQLITE_STATIC);
    if (sqlite3_step(known) == SQLITE_ROW) give_up("the journal was not empty");
    sqlite3_reset(known);
    sqlite3_bind_text(event, 1, id, 36, SQLITE_STATIC);
    sqlite3_bind_int64(event, 2, began);
    sqlite3_bind_int64(event, 3, (int64_t)message.message.body.len);
    run(event);
    int64_t number = sqlite3_last_insert_rowid(journal);
    sqlite3_bind_int64(content, 1, number);
    sqlite3_bind_blob(content, 2, message.message.body.bytes, (int)message.message.body.len, SQLITE_STATIC);
    run(content);
    for (int index = 0; index < 4; index++) {
      sqlite3_bind_text(object, 1, objects[index][0], -1, SQLITE_STATIC);
      sqlite3_bind_text(object, 2, objects[index][1], -1, SQLITE_STATIC);
      sqlite3_bind_int64(object, 3, number);
      run(object);
    }
    sqlite3_bind_blob(identity, 1, digest, 16, SQLITE_STATIC);
    sqlite3_bind_int64(identity, 2, number);
    sqlite3_bind_int64(identity, 3, began);
    run(identity);
    digest[0] ^= 0x5a;
    sqlite3_bind_blob(start, 1, digest, 16, SQLITE_STATIC);
    sqlite3_bind_int64(start, 2, number);
    sqlite3_bind_int64(start, 3, taken);
    sqlite3_bind_int64(start, 4, began);
    run(start);
    uint64_t tag = message.delivery_tag;
    amqp_destroy_envelope(&message);
    if (taken % batch == 0 || taken == count) {
      run(commit);
      expect_ok(amqp_basic_ack(bus, 1, tag, 1), "acknowledging");
      if (now_ns() - checked >= 1000000000) {
        expect(sqlite3_wal_checkpoint_v2(journal, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL), "a checkpoint");
        checked = now_ns();
      }
    }
  }
  double elapsed = (double)(now_ns() - began) / 1e9;
  bus_close(bus);
  printf("%lld messages, %.0f messages/s\n", (long long)count, (double)count / elapsed);
  return 0;
}
