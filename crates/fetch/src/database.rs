//! The SQLite files that a run keeps beside what it makes: told apart from other people's, one run at a time, about one service.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _};

use crate::FetchError;

/// A kind of file, with the words for its messages.
pub(crate) struct Kind {
    /// Tells such files from others (SQLite's `application_id`).
    pub(crate) application: i32,
    /// Its tables, as SQL that does nothing where they are there.
    pub(crate) tables: &'static str,
    /// What it holds: "fetched tiles".
    pub(crate) holds: &'static str,
    /// What it holds of a service: "tiles".
    pub(crate) of_service: &'static str,
    /// What another run does that has it: "fetching into it".
    pub(crate) other_run: &'static str,
    /// What cannot be kept where it cannot be written: "what was fetched".
    pub(crate) kept: &'static str,
}

/// Opens or makes the file at `path`. Somebody's own file, one that another run has, and one about another service are errors that
/// change nothing; `or_else` says what helps besides another `--out` in the last case.
pub(crate) fn open(path: &Path, kind: &Kind, service: &str, or_else: &str) -> Result<Connection, FetchError> {
    let wrong = |why: String| FetchError::Journal { path: path.to_owned(), why };
    let refused = |error: rusqlite::Error| {
        wrong(match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                format!("another run is {}", kind.other_run)
            }
            Some(ErrorCode::NotADatabase) => {
                format!("this is no file of {}: give another --out", kind.holds)
            }
            _ => format!("{} cannot be kept here: {error}", kind.kept),
        })
    };
    let database = Connection::open(path).map_err(refused)?;
    let read =
        "SELECT (SELECT application_id FROM pragma_application_id), (SELECT count(*) FROM sqlite_master)";
    let (id, tables): (i32, i64) =
        database.query_row(read, [], |row| Ok((row.get(0)?, row.get(1)?))).map_err(refused)?;
    if id != kind.application && tables > 0 {
        return Err(wrong(format!("this is somebody's file and none of {}: give another --out", kind.holds)));
    }
    // One run at a time. A commit survives the end of this program; of a power failure, the last ones may not.
    database
        .execute_batch(&format!(
            "PRAGMA application_id = {};
             PRAGMA locking_mode = EXCLUSIVE;
             PRAGMA journal_mode = WAL;
             PRAGMA synchronous = NORMAL;
             CREATE TABLE IF NOT EXISTS said (service TEXT NOT NULL);
             {}",
            kind.application, kind.tables
        ))
        .map_err(refused)?;
    let before: Option<String> =
        database.query_row("SELECT service FROM said", [], |row| row.get(0)).optional().map_err(refused)?;
    match before {
        Some(before) if before != service => {
            Err(wrong(format!("holds {} of {before}: give another --out{or_else}", kind.of_service)))
        }
        Some(_) => Ok(database),
        None => {
            database.execute("INSERT INTO said VALUES (?1)", [service]).map_err(refused)?;
            Ok(database)
        }
    }
}
