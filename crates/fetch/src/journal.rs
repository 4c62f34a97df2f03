//! What was fetched so far, in an SQLite file beside the archive to be. It is a file that survives being killed at any write,
//! so the next run fetches what is missing and nothing else. When the archive is whole, what the service said of its tiles stays, if
//! it said anything: by that a later run asks for what changed.

use std::path::{Path, PathBuf};

use clip_rs_catalog::{Digest, TileId};
use clip_rs_imagery::pmtiles_archive::{position, tile_at};
use clip_rs_stage::{StageError, files};
use rusqlite::{Connection, params};

use crate::client::Validators;
use crate::database::{self, Kind};
use crate::former::{self, APPLICATION, Former};
use crate::picture::Seen;
use crate::{Cover, FetchError};

/// Fewest tiles with the very same bytes that are taken for a service's picture of "nothing here": no two views are alike.
const SAME: u32 = 4;

const KIND: Kind = Kind {
    application: APPLICATION,
    tables: "CREATE TABLE IF NOT EXISTS picture (digest BLOB PRIMARY KEY, bytes BLOB NOT NULL, seen INTEGER NOT NULL);
             CREATE TABLE IF NOT EXISTS tile (position INTEGER PRIMARY KEY, digest BLOB);
             CREATE TABLE IF NOT EXISTS validator (position INTEGER PRIMARY KEY, etag TEXT, modified TEXT);
             CREATE INDEX IF NOT EXISTS tile_digest ON tile (digest);",
    holds: "fetched tiles",
    of_service: "tiles",
    other_run: "fetching into it",
    kept: "what was fetched",
};

/// What is seen in a picture, as a number in the file.
const GROUND: u8 = 0;
const BLANK: u8 = 1;
const PLAIN: u8 = 2;

/// How far a run is, as a number in the file (SQLite's `user_version`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// There is no archive yet.
    First,
    /// There is one, and what changed of it is being fetched.
    Refresh,
}

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
    /// Where what the service said stays.
    fetched: PathBuf,
    database: Connection,
}

impl Journal {
    /// Where the journal of the archive `out` lies.
    pub fn path(out: &Path) -> Result<PathBuf, FetchError> {
        Ok(files::beside(out, "fetching")?)
    }

    /// Opens or makes the journal of the archive `out`. One that is about another service is an error.
    pub fn open(out: &Path, service: &str) -> Result<Self, FetchError> {
        let (path, fetched) = (Self::path(out)?, Former::path(out)?);
        if fetched.exists() {
            former::check(&fetched)?;
        }
        let or_else = format!(", or remove this file to fetch from {service}");
        let database = database::open(&path, &KIND, service, &or_else)?;
        Ok(Self { path, fetched, database })
    }

    /// How far the run is.
    pub fn stage(&self) -> Result<Stage, FetchError> {
        let read = self.database.query_row("PRAGMA user_version", [], |row| row.get::<_, i32>(0));
        match read.map_err(|error| self.failed(error))? {
            0 => Ok(Stage::First),
            1 => Ok(Stage::Refresh),
            _ => Err(self.failed("is of a newer version: give another --out")),
        }
    }

    /// Notes how far it is.
    pub fn set_stage(&self, stage: Stage) -> Result<(), FetchError> {
        let number = match stage {
            Stage::First => 0,
            Stage::Refresh => 1,
        };
        self.database
            .execute_batch(&format!("PRAGMA user_version = {number}"))
            .map_err(|error| self.failed(error))
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

    /// Notes what is known of a tile, and what the service said of it.
    pub fn note(&mut self, tile: TileId, kept: Kept<'_>, said: &Validators) -> Result<(), FetchError> {
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
            if !said.is_empty() {
                change
                    .prepare_cached("INSERT OR REPLACE INTO validator VALUES (?1, ?2, ?3)")?
                    .execute(params![position, said.etag, said.modified])?;
            }
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
            let tile =
                tile_at(position.cast_unsigned()).ok_or_else(|| self.failed("holds a tile that is none"))?;
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

    /// Ends it: what was fetched is in the archive. What the service said of the tiles stays beside it, with what it said before of
    /// others; where it never said anything, no file does.
    pub fn finish(self) -> Result<(), FetchError> {
        let said = self
            .database
            .query_row("SELECT EXISTS (SELECT 1 FROM validator)", [], |row| row.get::<_, bool>(0));
        let has_former = self.fetched.exists();
        let stays = said.map_err(|error| self.failed(error))? || has_former;
        files::sweep(&self.fetched)?;
        let new = files::temporary(&self.fetched)?;
        if stays {
            self.keep_said(&new, has_former).map_err(|error| self.failed(error))?;
        }
        let Self { path, fetched, database } = self;
        database
            .close()
            .map_err(|(_, error)| FetchError::Journal { path: path.clone(), why: error.to_string() })?;
        if stays {
            files::sync(&new)?;
            std::fs::rename(&new, &fetched).map_err(StageError::io("write", &fetched))?;
        }
        std::fs::remove_file(&path).map_err(StageError::io("remove", &path))?;
        Ok(())
    }

    /// Writes what the service said of which pictures into the file `new`.
    fn keep_said(&self, new: &Path, has_former: bool) -> rusqlite::Result<()> {
        self.database.execute("ATTACH ?1 AS kept", [new.to_string_lossy().as_ref()])?;
        self.database.execute_batch(&format!(
            "PRAGMA kept.journal_mode = OFF;
             PRAGMA kept.application_id = {APPLICATION};
             CREATE TABLE kept.said (service TEXT NOT NULL);
             CREATE TABLE kept.tile (position INTEGER PRIMARY KEY, digest BLOB);
             CREATE TABLE kept.validator (position INTEGER PRIMARY KEY, etag TEXT, modified TEXT);
             INSERT INTO kept.said SELECT service FROM main.said;
             INSERT INTO kept.validator SELECT position, etag, modified FROM main.validator;"
        ))?;
        if has_former {
            self.database.execute("ATTACH ?1 AS former", [self.fetched.to_string_lossy().as_ref()])?;
            self.database.execute_batch(
                "INSERT OR IGNORE INTO kept.validator SELECT position, etag, modified FROM former.validator
                     WHERE position NOT IN (SELECT position FROM main.tile);
                 INSERT INTO kept.tile SELECT position, digest FROM former.tile
                     WHERE position IN (SELECT position FROM kept.validator) AND position NOT IN (SELECT position FROM main.tile);
                 DETACH former;",
            )?;
        }
        self.database.execute_batch(
            "INSERT INTO kept.tile SELECT position, digest FROM main.tile WHERE position IN (SELECT position FROM kept.validator);
             DETACH kept;",
        )
    }

    fn failed(&self, error: impl ToString) -> FetchError {
        FetchError::Journal { path: self.path.clone(), why: error.to_string() }
    }
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
        let none = Validators::default();
        let repeated = |x: u32| if x < 5 { &b"nothing here"[..] } else { b"one view" };
        for x in 1..=5 {
            journal.note(at(x), Kept::Picture(repeated(x), Seen::Ground), &none).expect("noted");
            journal.note(at(x + 10), Kept::Picture(b"water", Seen::Plain), &none).expect("noted");
        }
        journal.note(at(20), Kept::Nothing, &none).expect("noted");
        journal.note(at(21), Kept::Picture(b"white", Seen::Blank), &none).expect("noted");
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
        journal.finish().expect("removed");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn what_the_service_said_stays_and_what_it_says_later_replaces_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("area.pmtiles");
        let said = |etag: &str| Validators { etag: Some(etag.to_owned()), modified: None };
        for (round, tiles) in [[1, 2], [2, 3]].into_iter().enumerate() {
            let mut journal = Journal::open(&out, "a service").expect("a journal");
            assert_eq!(journal.stage().expect("a stage"), Stage::First);
            for x in tiles {
                let etag = said(&format!("{x} of round {round}"));
                journal.note(at(x), Kept::Picture(b"one view", Seen::Ground), &etag).expect("noted");
            }
            journal.note(at(9), Kept::Nothing, &Validators::default()).expect("noted");
            journal.finish().expect("finished");
            assert!(!folder.path().join("area.pmtiles.fetching").exists());
        }
        let kept = Connection::open(folder.path().join("area.pmtiles.fetched")).expect("a database");
        let mut rows = kept
            .prepare("SELECT etag FROM validator JOIN tile USING (position) ORDER BY etag")
            .expect("a query");
        let rows: Result<Vec<String>, _> = rows.query_map([], |row| row.get(0)).expect("rows").collect();
        assert_eq!(rows.expect("texts"), ["1 of round 0", "2 of round 1", "3 of round 1"]);
        std::fs::write(folder.path().join("area.pmtiles.fetched"), "mine").expect("a file");
        let said = Journal::open(&out, "a service").map(drop).expect_err("mine").to_string();
        assert!(said.contains("somebody's file"), "{said}");
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
