// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <sqlite3.h>

// sqlite3_config and sqlite3_db_config are variadic, which Swift cannot call.

/// Leaves out the count of all memory in use, which takes a lock at every allocation; before the first connection.
static inline int onevent_sqlite_configure(void) {
  return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/// Leaves the write-ahead log alone when the connection closes, even as the last one.
static inline int onevent_sqlite_keep_log_on_close(sqlite3 *connection) {
  return sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

/// Refuses what could damage the file, and trusts no function that its schema names.
static inline int onevent_sqlite_distrust(sqlite3 *connection) {
  int result = sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
  if (result != SQLITE_OK) return result;
  return sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)0);
}

/// Reads the file's first bytes as they are on the disk, past the write-ahead log.
///
/// Through SQLite's own descriptor: closing another one would drop the locks that this process has on the file.
/// Bytes past the end are zero.
static inline int onevent_sqlite_read_header(sqlite3 *connection, void *bytes, int count) {
  sqlite3_file *file = 0;
  int result = sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (result != SQLITE_OK) return result;
  if (!file || !file->pMethods) return SQLITE_CANTOPEN;
  result = file->pMethods->xRead(file, bytes, count, 0);
  return result == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : result;
}
