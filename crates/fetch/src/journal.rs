//! What was fetched so far, in an SQLite file beside the archive to be. It is a file that survives being killed at any write,
//! so the next run fetches what is missing and nothing else.

use std::path::{Path, PathBuf};

use clip_rs_catalog::{Digest, TileId};
use clip_rs_stage::files;
use pmtiles::{TileCoord, TileId as Position};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};

use crate::picture::Seen;
use crate::{Cover, FetchError};

/// Tells our journals from other people's files.
const APPLICATION: i32 = 0x636c_6966;
/// Fewest tiles with the very same bytes that are taken for a service's picture of "nothing here": no two views are alike.
const SAME: u32 = 4;

/// What is seen in a picture, as a number in the file.
const GROUND: u8 = 0;
const BLANK: u8 = 1;
const PLAIN: u8 = 2;

/// What is known of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept<'a> {
    /// A picture, and what is seen in it. Of a blank one no bytes are kept.
    Picture(&'a [u8], Seen),
    /// The service has none.
    Nothing,
}

/// How many of which kind there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Pictures of ground.
    pub pictures: u64,
    /// Tiles that the service has nothing for.
    pub nothing: u64,
    /// Pictures that are white, black or transparent all over.
    pub blank: u64,
    /// Tiles with the very same picture as several others, by which a service says that it has none.
    pub no_imagery: u64,
}

/// The file.
pub(crate) struct Journal {
    path: PathBuf,
    database: Connection,
}

impl Journal {
    /// Where the journal of the archive `out` lies.
    pub fn path(out: &Path) -> Result<PathBuf, FetchError> {
        Ok(files::beside(out, "fetching")?)
    }

    /// Opens or makes the journal of the archive `out`. One that is about another service is an error.
    pub fn open(out: &Path, service: &str) -> Result<Self, FetchError> {
        let path = Self::path(out)?;
        let wrong = |why: String| FetchError::Journal { path: path.clone(), why };
        let refused = |error: rusqlite::Error| {
            wrong(match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    "another run is fetching into it".to_owned()
                }
                Some(ErrorCode::NotADatabase) => {
                    "this is no file of fetched tiles: give another --out".to_owned()
                }
                _ => format!("what was fetched cannot be kept here: {error}"),
            })
        };
        let database = Connection::open(&path).map_err(refused)?;
        let (id, tables): (i32, i64) = database
            .query_row(
                "SELECT (SELECT application_id FROM pragma_application_id), (SELECT count(*) FROM sqlite_master)",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .map_err(refused)?;
        if id != APPLICATION && tables > 0 {
            return Err(wrong(
                "this is somebody's file and none of fetched tiles: give another --out".to_owned(),
            ));
        }
        // One run at a time. A commit survives the end of this program; of a power failure, the last ones may not.
        database
            .execute_batch(&format!(
                "PRAGMA application_id = {APPLICATION};
                 PRAGMA locking_mode = EXCLUSIVE;
                 PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = NORMAL;
                 CREATE TABLE IF NOT EXISTS said (service TEXT NOT NULL);
                 CREATE TABLE IF NOT EXISTS picture (digest BLOB PRIMARY KEY, bytes BLOB NOT NULL, seen INTEGER NOT NULL);
                 CREATE TABLE IF NOT EXISTS tile (position INTEGER PRIMARY KEY, digest BLOB);
                 CREATE INDEX IF NOT EXISTS tile_digest ON tile (digest);"
            ))
            .map_err(refused)?;
        let before: Option<String> = database
            .query_row("SELECT service FROM said", [], |row| row.get(0))
            .optional()
            .map_err(refused)?;
        match before {
            Some(before) if before != service => {
                let why = format!(
                    "holds tiles of {before}: give another --out, or remove this file to fetch from {service}"
                );
                return Err(wrong(why));
            }
            Some(_) => {}
            None => {
                database.execute("INSERT INTO said VALUES (?1)", [service]).map_err(refused)?;
            }
        }
        Ok(Self { path, database })
    }

    /// The tiles that are known, each by its place in PMTiles, in rising order.
    pub fn known(&self) -> Result<Vec<u64>, FetchError> {
        let all = || -> rusqlite::Result<Vec<u64>> {
            let mut rows = self.database.prepare("SELECT position FROM tile ORDER BY position")?;
            let positions = rows.query_map([], |row| row.get::<_, i64>(0))?;
            positions.map(|position| position.map(i64::cast_unsigned)).collect()
        };
        all().map_err(|error| self.failed(error))
    }

    /// Notes what is known of a tile.
    pub fn note(&mut self, tile: TileId, kept: Kept<'_>) -> Result<(), FetchError> {
        let position = position(tile).cast_signed();
        let picture = match kept {
            Kept::Picture(_, Seen::Blank) => Some((&[][..], BLANK)),
            Kept::Picture(bytes, Seen::Plain) => Some((bytes, PLAIN)),
            Kept::Picture(bytes, Seen::Ground) => Some((bytes, GROUND)),
            Kept::Nothing => None,
        };
        let digest = picture.map(|(bytes, _)| Digest::of(bytes).as_bytes().to_vec());
        let write = |database: &mut Connection| -> rusqlite::Result<()> {
            let change = database.transaction()?;
            if let (Some(digest), Some((bytes, seen))) = (&digest, picture) {
                change
                    .prepare_cached("INSERT OR IGNORE INTO picture VALUES (?1, ?2, ?3)")?
                    .execute(params![digest, bytes, seen])?;
            }
            change
                .prepare_cached("INSERT OR REPLACE INTO tile VALUES (?1, ?2)")?
                .execute(params![position, digest])?;
            change.commit()
        };
        write(&mut self.database).map_err(|error| self.failed(error))
    }

    /// Shows `each` the pictures of ground in `cover`, in the order of PMTiles, and counts its tiles.
    pub fn pictures(
        &self,
        cover: &Cover,
        mut each: impl FnMut(TileId, &[u8]) -> Result<(), FetchError>,
    ) -> Result<Counts, FetchError> {
        let query = "SELECT position, bytes, coalesce(seen, 0), coalesce(times, 0) FROM tile
             LEFT JOIN picture USING (digest)
             LEFT JOIN (SELECT digest, count(*) AS times FROM tile GROUP BY digest HAVING times >= ?1) USING (digest)
             ORDER BY position";
        let mut counts = Counts::default();
        let mut rows = self.database.prepare(query).map_err(|error| self.failed(error))?;
        let mut rows = rows.query([SAME]).map_err(|error| self.failed(error))?;
        while let Some(row) = rows.next().map_err(|error| self.failed(error))? {
            let read = || -> rusqlite::Result<(i64, Option<&[u8]>, u8, u32)> {
                Ok((row.get(0)?, row.get_ref(1)?.as_blob_or_null()?, row.get(2)?, row.get(3)?))
            };
            let (position, bytes, seen, times) = read().map_err(|error| self.failed(error))?;
            let tile = tile(position).ok_or_else(|| self.failed("holds a tile that is none"))?;
            if !cover.contains(tile) {
                continue;
            }
            match (bytes, seen) {
                (None, _) => counts.nothing += 1,
                (_, BLANK) => counts.blank += 1,
                (_, GROUND) if times > 0 => counts.no_imagery += 1,
                (Some(bytes), _) => {
                    counts.pictures += 1;
                    each(tile, bytes)?;
                }
            }
        }
        Ok(counts)
    }

    /// Removes the file: what was in it is in the archive.
    pub fn remove(self) -> Result<(), FetchError> {
        let Self { path, database } = self;
        database
            .close()
            .map_err(|(_, error)| FetchError::Journal { path: path.clone(), why: error.to_string() })?;
        std::fs::remove_file(&path).map_err(clip_rs_stage::StageError::io("remove", &path))?;
        Ok(())
    }

    fn failed(&self, error: impl ToString) -> FetchError {
        FetchError::Journal { path: self.path.clone(), why: error.to_string() }
    }
}

/// A tile's place in the order of PMTiles.
pub(crate) fn position(tile: TileId) -> u64 {
    // Every tile of ours has one.
    TileCoord::new(tile.z(), tile.x(), tile.y()).map_or(u64::MAX, |coord| Position::from(coord).value())
}

fn tile(position: i64) -> Option<TileId> {
    let coord = TileCoord::from(Position::new(position.cast_unsigned()).ok()?);
    TileId::new(coord.z(), coord.x(), coord.y()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Area;

    /// A tile of the area of the test, which begins at the antimeridian.
    fn at(x: u32) -> TileId {
        TileId::new(16, x, 24_800).expect("a tile")
    }

    #[test]
    fn what_was_noted_is_known_again_by_the_next_run_and_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("area.pmtiles");
        let mut journal = Journal::open(&out, "a service").expect("a journal");
        let repeated = |x: u32| if x < 5 { &b"nothing here"[..] } else { b"one view" };
        for x in 1..=5 {
            journal.note(at(x), Kept::Picture(repeated(x), Seen::Ground)).expect("noted");
            journal.note(at(x + 10), Kept::Picture(b"water", Seen::Plain)).expect("noted");
        }
        journal.note(at(20), Kept::Nothing).expect("noted");
        journal.note(at(21), Kept::Picture(b"white", Seen::Blank)).expect("noted");
        drop(journal);
        let journal = Journal::open(&out, "a service").expect("the same");
        let mut known: Vec<u64> = (1..=5).chain(11..=15).chain([20, 21]).map(|x| position(at(x))).collect();
        known.sort_unstable();
        assert_eq!(journal.known().expect("known"), known);
        let mut pictures = Vec::new();
        let cover =
            Cover::of(&Area::parse("-180,39,-179,41", 1.0).expect("an area"), 16..=16).expect("a cover");
        let counts = journal.pictures(&cover, |tile, bytes| {
            pictures.push((tile.x(), bytes.to_vec()));
            Ok(())
        });
        assert_eq!(counts.expect("counts"), Counts { pictures: 6, nothing: 1, blank: 1, no_imagery: 4 });
        pictures.sort();
        let water = (11..=15).map(|x| (x, b"water".to_vec()));
        assert_eq!(pictures, [(5, b"one view".to_vec())].into_iter().chain(water).collect::<Vec<_>>());
        journal.remove().expect("removed");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn another_service_another_run_and_somebody_s_file_are_errors_that_change_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("area.pmtiles");
        let journal = Journal::open(&out, "a service").expect("a journal");
        let said =
            |service: &str| Journal::open(&out, service).map(drop).expect_err("no journal").to_string();
        assert!(said("a service").contains("another run"), "{}", said("a service"));
        drop(journal);
        assert!(said("another service").contains("holds tiles of a service"));
        let path = folder.path().join("area.pmtiles.fetching");
        for mine in [b"my own notes, which are longer than the header of a database has bytes; they are kept as they are".to_vec(), {
            let mine = folder.path().join("mine.db");
            Connection::open(&mine).expect("a database").execute_batch("CREATE TABLE a (b)").expect("a table");
            std::fs::read(&mine).expect("a file")
        }] {
            std::fs::write(&path, &mine).expect("a file");
            assert!(said("a service").contains("give another --out"), "{}", said("a service"));
            assert_eq!(std::fs::read(&path).expect("the file"), mine);
        }
    }
}
