//! What a geocoder told so far, in an SQLite file beside the table to be. It survives being killed at any write, so nothing that
//! was noted is asked again.

use std::path::{Path, PathBuf};

use clip_rs_catalog::LngLat;
use clip_rs_stage::files;
use rusqlite::{Connection, params};

use super::Found;
use crate::FetchError;
use crate::database::{self, Kind};

const KIND: Kind = Kind {
    application: 0x636c_6967,
    tables: "CREATE TABLE IF NOT EXISTS answer (lng REAL, lat REAL, at_lng REAL, at_lat REAL, address TEXT,
                 PRIMARY KEY (lng, lat));",
    holds: "addresses",
    of_service: "addresses",
    other_run: "asking for it",
    kept: "what was told",
};

/// The file.
pub(super) struct Cache {
    path: PathBuf,
    database: Connection,
}

impl Cache {
    /// Opens or makes the cache of the table `out`. One that is about another service is an error.
    pub fn open(out: &Path, service: &str) -> Result<Self, FetchError> {
        let path = files::beside(out, "geocoding")?;
        let database = database::open(&path, &KIND, service, "")?;
        Ok(Self { path, database })
    }

    /// Whether there is an answer for a position, be it that there is nothing.
    pub fn knows(&self, at: LngLat) -> Result<bool, FetchError> {
        let known = self.database.prepare_cached("SELECT 1 FROM answer WHERE lng = ?1 AND lat = ?2");
        known
            .and_then(|mut known| known.exists(params![at.lng(), at.lat()]))
            .map_err(|error| self.failed(&error))
    }

    /// Notes an answer; none where there is no address.
    pub fn note(&self, at: LngLat, found: Option<&Found>) -> Result<(), FetchError> {
        let place = found.map(|found| found.at);
        let row = params![
            at.lng(),
            at.lat(),
            place.map(LngLat::lng),
            place.map(LngLat::lat),
            found.map(|found| &found.address)
        ];
        let noted = self.database.prepare_cached("INSERT OR REPLACE INTO answer VALUES (?1, ?2, ?3, ?4, ?5)");
        noted.and_then(|mut noted| noted.execute(row)).map(drop).map_err(|error| self.failed(&error))
    }

    /// Every address once.
    pub fn found(&self) -> Result<Vec<Found>, FetchError> {
        let all = || -> rusqlite::Result<Vec<(f64, f64, String)>> {
            let mut rows = self.database.prepare(
                "SELECT DISTINCT at_lng, at_lat, address FROM answer WHERE address IS NOT NULL ORDER BY at_lng, at_lat, address",
            )?;
            let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect()
        };
        let found = all().map_err(|error| self.failed(&error))?.into_iter();
        Ok(found
            .filter_map(|(lng, lat, address)| Some(Found { at: LngLat::new(lng, lat).ok()?, address }))
            .collect())
    }

    fn failed(&self, error: &rusqlite::Error) -> FetchError {
        FetchError::Journal { path: self.path.clone(), why: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_known_again_and_nothing_of_others_is_touched() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("a.csv");
        let at = |lng| LngLat::new(lng, 38.75).expect("a position");
        let one = Found { at: at(-77.0), address: "1 Oak Lane".to_owned() };
        let cache = Cache::open(&out, "nominatim").expect("a cache");
        cache.note(at(-77.1), Some(&one)).expect("noted");
        cache.note(at(-77.2), Some(&one)).expect("noted");
        cache.note(at(-77.3), None).expect("noted");
        let said = |service| Cache::open(&out, service).map(drop).expect_err("no cache").to_string();
        assert!(said("nominatim").contains("another run"), "{}", said("nominatim"));
        drop(cache);
        assert!(said("mapbox").contains("holds addresses of nominatim"));
        let cache = Cache::open(&out, "nominatim").expect("the same");
        let knows = |lng| cache.knows(at(lng)).expect("an answer");
        assert!(knows(-77.1) && knows(-77.3) && !knows(-77.4));
        assert_eq!(cache.found().expect("addresses"), [one], "each once");
        drop(cache);
        let mine = folder.path().join("mine.csv.geocoding");
        std::fs::write(&mine, "my own notes, which are longer than the header of a database has bytes; they are kept as they are")
            .expect("a file");
        let said = Cache::open(&folder.path().join("mine.csv"), "nominatim")
            .map(drop)
            .expect_err("mine")
            .to_string();
        assert!(said.contains("give another --out"), "{said}");
        assert!(std::fs::read_to_string(&mine).expect("mine").starts_with("my own notes"));
    }
}
