//! What is there of an earlier fetch, so that a later one asks whether it changed: the archive's pictures, and what the service said
//! of them then.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use clip_rs_catalog::{Digest, TileId};
use clip_rs_imagery::pmtiles_archive::position;
use clip_rs_imagery::{Entry, EntryId, Kind, Source, Wanted, open};
use clip_rs_stage::{StageError, files};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use crate::client::Validators;
use crate::{Cover, FetchError};

/// Tells our SQLite files from other people's.
pub(crate) const APPLICATION: i32 = 0x636c_6966;

/// An archive that is there.
pub(crate) struct Former {
    source: Box<dyn Source>,
    said: Option<(PathBuf, Mutex<Connection>)>,
}

impl Former {
    /// Where what the service said of the tiles of the archive `out` is kept.
    pub fn path(out: &Path) -> Result<PathBuf, FetchError> {
        Ok(files::beside(out, "fetched")?)
    }

    /// Opens the archive `out`. One that says that it is of another service is an error.
    pub fn open(out: &Path, service: &str) -> Result<Self, FetchError> {
        let wanted =
            Wanted { paths: vec![out.to_owned()], kind: Kind::Tiles, scheme: None, exclude: Vec::new() };
        let source = open(&wanted).map_err(|error| StageError::content(out, error))?;
        let said = source.inventory().about.service.as_deref();
        if let Some(before) = said.filter(|before| *before != service) {
            let why = format!("has tiles of {before}: give another --out");
            return Err(StageError::content(out, why).into());
        }
        let path = Self::path(out)?;
        if !path.exists() {
            return Ok(Self { source, said: None });
        }
        check(&path)?;
        let database = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let database =
            database.map_err(|error| FetchError::Journal { path: path.clone(), why: error.to_string() })?;
        Ok(Self { source, said: Some((path, Mutex::new(database))) })
    }

    /// A tile's picture.
    pub fn picture(&self, tile: TileId) -> Result<Option<Vec<u8>>, FetchError> {
        let entries = &self.source.inventory().entries;
        let Ok(at) = entries.binary_search_by(|entry| entry.id.cmp(&EntryId::Tile(tile))) else {
            return Ok(None);
        };
        entries.get(at).map(|entry| self.read(entry)).transpose()
    }

    /// The picture of an entry.
    pub fn read(&self, entry: &Entry) -> Result<Vec<u8>, FetchError> {
        Ok(self.source.read(entry).map_err(|error| StageError::Request(error.to_string()))?)
    }

    /// What the service said of a tile when it sent this picture.
    pub fn validators(&self, tile: TileId, picture: &[u8]) -> Result<Validators, FetchError> {
        let Some((path, database)) = &self.said else { return Ok(Validators::default()) };
        let database = database.lock().unwrap_or_else(PoisonError::into_inner);
        let (place, digest) = (position(tile).cast_signed(), Digest::of(picture));
        let row = database
            .prepare_cached("SELECT etag, modified FROM validator JOIN tile USING (position) WHERE position = ?1 AND digest = ?2")
            .and_then(|mut query| {
                query.query_row(params![place, digest.as_bytes()], |row| Ok(Validators { etag: row.get(0)?, modified: row.get(1)? })).optional()
            });
        let row = row.map_err(|error| FetchError::Journal { path: path.clone(), why: error.to_string() })?;
        Ok(row.unwrap_or_default())
    }

    /// The tiles that `cover` has not, each by its place in PMTiles, in rising order.
    pub fn outside(&self, cover: &Cover) -> Vec<(u64, TileId, &Entry)> {
        let entries = self.source.inventory().entries.iter();
        let tiles = entries.filter_map(|entry| Some((entry.id.tile()?, entry)));
        let outside = tiles.filter(|(tile, _)| !cover.contains(*tile));
        let mut outside: Vec<_> = outside.map(|(tile, entry)| (position(tile), tile, entry)).collect();
        outside.sort_unstable_by_key(|(position, ..)| *position);
        outside
    }

    /// How many tiles of `cover` it has.
    pub fn count_within(&self, cover: &Cover) -> u64 {
        let tiles = self.source.inventory().entries.iter().filter_map(|entry| entry.id.tile());
        tiles.filter(|tile| cover.contains(*tile)).count() as u64
    }

    /// What the archive is called.
    pub fn title(&self) -> Option<String> {
        self.source.inventory().about.title.clone()
    }
}

/// Refuses a file that is none of ours: it would be replaced when the archive is whole.
pub(crate) fn check(path: &Path) -> Result<(), FetchError> {
    // Where SQLite has the number of its application (<https://sqlite.org/fileformat2.html>, 1.3).
    let begin = files::read_begin(path, 72)?;
    let number = begin.get(68..72).and_then(|number| number.try_into().ok()).map(i32::from_be_bytes);
    if number == Some(APPLICATION) {
        return Ok(());
    }
    let why = "this is somebody's file, where what is said of fetched tiles would lie: give another --out";
    Err(FetchError::Journal { path: path.to_owned(), why: why.to_owned() })
}
