//! Addresses from an online geocoder, for those who ask for it: where a position lies, asked at the pace that the service allows
//! and kept on disk, so that nothing is asked twice and a run may end at any moment.

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use clip_rs_catalog::LngLat;
use clip_rs_stage::progress::Progress;
use clip_rs_stage::{StageError, files};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::Value;
use url::Url;

use crate::FetchError;
use crate::address::Secret;
use crate::client::{Answer, Client, Refusal};
use crate::pace::{LONGEST, Pace};

/// Tells our caches from other people's files.
const APPLICATION: i32 = 0x636c_6967;
/// How often one position is asked for.
const TRIES: u32 = 5;

/// A service that tells addresses.
#[derive(Debug)]
pub struct Geocoder {
    /// What to call it in messages.
    pub name: &'static str,
    /// Where its terms are.
    pub terms: &'static str,
    /// Whom to name beside its addresses.
    pub attribution: &'static str,
    address: String,
    secret: Option<Secret>,
    pace: NonZeroU32,
    read: fn(&Value) -> Option<Found>,
}

/// An address with its own position.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Where it is.
    pub at: LngLat,
    /// The address as people read it.
    pub address: String,
}

struct Preset {
    name: &'static str,
    /// With `{lng}`, `{lat}` and `{token}`.
    address: &'static str,
    key: Option<&'static str>,
    terms: &'static str,
    attribution: &'static str,
    requests_a_second: u32,
    read: fn(&Value) -> Option<Found>,
}

const PRESETS: [Preset; 2] = [
    Preset {
        name: "nominatim",
        address: "https://nominatim.openstreetmap.org/reverse?format=jsonv2&zoom=18&addressdetails=0&lat={lat}&lon={lng}",
        key: None,
        terms: "https://operations.osmfoundation.org/policies/nominatim/",
        attribution: "Addresses: © OpenStreetMap contributors (ODbL)",
        requests_a_second: 1,
        read: of_nominatim,
    },
    Preset {
        name: "mapbox",
        // What is kept has to be asked for as permanent.
        address: "https://api.mapbox.com/search/geocode/v6/reverse?types=address&limit=1&permanent=true&longitude={lng}&latitude={lat}&access_token={token}",
        key: Some("MAPBOX_ACCESS_TOKEN"),
        terms: "https://www.mapbox.com/legal/tos",
        attribution: "Addresses: © Mapbox",
        requests_a_second: 8,
        read: of_mapbox,
    },
];

impl Geocoder {
    /// `nominatim` or `mapbox`; `at` is an origin (`http://host:port`) that is asked in the place of its own.
    pub fn named(name: &str, at: Option<&str>) -> Result<Self, FetchError> {
        let preset = PRESETS.iter().find(|preset| preset.name == name);
        let preset = preset
            .ok_or_else(|| FetchError::service(name, "no such geocoder: there are nominatim and mapbox"))?;
        let wrong = |why: &str| FetchError::service(name, why);
        let address = match at {
            None => preset.address.to_owned(),
            Some(at) => {
                let origin = Url::parse(at).ok().filter(|url| url.path() == "/" && url.query().is_none());
                let origin =
                    origin.ok_or_else(|| wrong("the other origin is not of the form http://host:port"))?;
                let path = preset.address.splitn(4, '/').nth(3).unwrap_or_default();
                format!("{origin}{path}")
            }
        };
        Ok(Self {
            name: preset.name,
            terms: preset.terms,
            attribution: preset.attribution,
            address,
            secret: preset.key.map(Secret::from_environment).transpose()?,
            pace: NonZeroU32::new(preset.requests_a_second).unwrap_or(NonZeroU32::MIN),
            read: preset.read,
        })
    }

    /// Writes the addresses of these positions as address points, which `clip-rs index --addresses` reads; how many were found.
    /// What was told before is not asked again.
    pub fn write(&self, client: &Client, positions: &[LngLat], out: &Path) -> Result<usize, FetchError> {
        let cache = Cache::open(out, self.name)?;
        let (pace, progress) =
            (Pace::new(self.pace), Progress::start("Asking for addresses", positions.len()));
        for at in positions {
            if !cache.knows(*at)? {
                cache.note(*at, self.ask(client, &pace, *at)?.as_ref())?;
            }
            progress.advance(1);
        }
        progress.finish();
        let found = cache.found()?;
        let mut table = csv::Writer::from_writer(Vec::new());
        let refused = |error: csv::Error| StageError::engine(out.display())(error);
        table.write_record(["longitude", "latitude", "address"]).map_err(refused)?;
        for Found { at, address } in &found {
            table
                .write_record([format!("{:.7}", at.lng()), format!("{:.7}", at.lat()), address.clone()])
                .map_err(refused)?;
        }
        let bytes =
            table.into_inner().map_err(|error| StageError::engine(out.display())(error.into_error()))?;
        files::write_durably(out, &bytes)?;
        Ok(found.len())
    }

    fn ask(&self, client: &Client, pace: &Pace, at: LngLat) -> Result<Option<Found>, FetchError> {
        let address = self
            .address
            .replace("{lng}", &format!("{:.6}", at.lng()))
            .replace("{lat}", &format!("{:.6}", at.lat()));
        let address = self.secret.as_ref().map_or(address.clone(), |secret| secret.put_into(&address));
        let shown = |why: String| {
            let why = self.secret.as_ref().map_or(why.clone(), |secret| secret.hidden_in(&why));
            FetchError::service(self.name, why)
        };
        let url = Url::parse(&address).map_err(|_| shown("its address is none".to_owned()))?;
        let mut last = String::new();
        for attempt in 0..TRIES {
            pace.wait();
            match client.get(&url) {
                Ok(Answer::Nothing) => return Ok(None),
                Ok(Answer::Bytes(bytes)) => match serde_json::from_slice::<Value>(&bytes) {
                    Ok(answer) => return Ok((self.read)(&answer)),
                    Err(_) => last = "what it sends is no JSON".to_owned(),
                },
                Err(Refusal::Final(why)) => return Err(shown(why)),
                Err(Refusal::Busy(wait, why)) => {
                    let wait = wait.unwrap_or(Duration::from_secs(30));
                    if wait > LONGEST {
                        return Err(shown(format!("{why} and asks to wait {} s", wait.as_secs())));
                    }
                    pace.pause(wait);
                    last = why;
                }
                Err(Refusal::Passing(why)) => {
                    pace.pause(Duration::from_secs(1 << attempt));
                    last = why;
                }
            }
        }
        Err(shown(format!("{last}. What it told before is kept: run the same command again")))
    }
}

/// Nominatim's `reverse` as `jsonv2` (<https://nominatim.org/release-docs/latest/api/Reverse/>).
fn of_nominatim(answer: &Value) -> Option<Found> {
    let number = |key: &str| answer[key].as_str()?.parse::<f64>().ok();
    let at = LngLat::new(number("lon")?, number("lat")?).ok()?;
    Some(Found { at, address: answer["display_name"].as_str()?.to_owned() })
}

/// Mapbox' geocoding, version 6 (<https://docs.mapbox.com/api/search/geocoding/>).
fn of_mapbox(answer: &Value) -> Option<Found> {
    let properties = &answer["features"][0]["properties"];
    let number = |key: &str| properties["coordinates"][key].as_f64();
    let at = LngLat::new(number("longitude")?, number("latitude")?).ok()?;
    Some(Found { at, address: properties["full_address"].as_str()?.to_owned() })
}

/// What was told so far, beside the table to be.
struct Cache(Connection);

impl Cache {
    fn open(out: &Path, service: &str) -> Result<Self, FetchError> {
        let path = files::beside(out, "geocoding")?;
        let wrong = |why: String| FetchError::Journal { path: path.clone(), why };
        let refused = |error: rusqlite::Error| wrong(format!("what was told cannot be kept here: {error}"));
        let database = Connection::open(&path).map_err(refused)?;
        let read =
            "SELECT (SELECT application_id FROM pragma_application_id), (SELECT count(*) FROM sqlite_master)";
        let (id, tables): (i32, i64) =
            database.query_row(read, [], |row| Ok((row.get(0)?, row.get(1)?))).map_err(refused)?;
        if id != APPLICATION && tables > 0 {
            return Err(wrong(
                "this is somebody's file and none of addresses: give another --out".to_owned(),
            ));
        }
        database
            .execute_batch(&format!(
                "PRAGMA application_id = {APPLICATION};
                 PRAGMA locking_mode = EXCLUSIVE;
                 PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = NORMAL;
                 CREATE TABLE IF NOT EXISTS said (service TEXT NOT NULL);
                 CREATE TABLE IF NOT EXISTS answer (lng REAL, lat REAL, at_lng REAL, at_lat REAL, address TEXT,
                     PRIMARY KEY (lng, lat));"
            ))
            .map_err(refused)?;
        let before: Option<String> = database
            .query_row("SELECT service FROM said", [], |row| row.get(0))
            .optional()
            .map_err(refused)?;
        match before {
            Some(before) if before != service => {
                return Err(wrong(format!("holds addresses of {before}: give another --out")));
            }
            Some(_) => {}
            None => {
                database.execute("INSERT INTO said VALUES (?1)", [service]).map_err(refused)?;
            }
        }
        Ok(Self(database))
    }

    fn knows(&self, at: LngLat) -> Result<bool, FetchError> {
        let known = self.0.prepare_cached("SELECT 1 FROM answer WHERE lng = ?1 AND lat = ?2");
        known.and_then(|mut known| known.exists(params![at.lng(), at.lat()])).map_err(failed)
    }

    fn note(&self, at: LngLat, found: Option<&Found>) -> Result<(), FetchError> {
        let place = found.map(|found| found.at);
        let row = params![
            at.lng(),
            at.lat(),
            place.map(LngLat::lng),
            place.map(LngLat::lat),
            found.map(|found| &found.address)
        ];
        let noted = self.0.prepare_cached("INSERT OR REPLACE INTO answer VALUES (?1, ?2, ?3, ?4, ?5)");
        noted.and_then(|mut noted| noted.execute(row)).map(drop).map_err(failed)
    }

    /// Every address once.
    fn found(&self) -> Result<Vec<Found>, FetchError> {
        let all = || -> rusqlite::Result<Vec<(f64, f64, String)>> {
            let mut rows = self.0.prepare(
                "SELECT DISTINCT at_lng, at_lat, address FROM answer WHERE address IS NOT NULL ORDER BY at_lng, at_lat, address",
            )?;
            let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect()
        };
        let found = all().map_err(failed)?.into_iter();
        Ok(found
            .filter_map(|(lng, lat, address)| Some(Found { at: LngLat::new(lng, lat).ok()?, address }))
            .collect())
    }
}

fn failed(error: rusqlite::Error) -> FetchError {
    FetchError::service("the addresses that were kept", error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_of_both_services_are_an_address_with_its_own_place() {
        let nominatim =
            json!({ "lon": "-77.4753", "lat": "38.7509", "display_name": "9027, Center Street, Manassas" });
        let mapbox = json!({ "features": [{ "properties": {
            "full_address": "9027 Center Street, Manassas, Virginia 20110, United States",
            "coordinates": { "longitude": -77.4753, "latitude": 38.7509 },
        } }] });
        for (read, answer) in [(of_nominatim as fn(&Value) -> Option<Found>, nominatim), (of_mapbox, mapbox)]
        {
            let found = read(&answer).expect("an address");
            assert!(
                found.address.contains("Center Street") && (found.at.lng() + 77.4753).abs() < 1e-9,
                "{found:?}"
            );
        }
        for nothing in [json!({ "error": "Unable to geocode" }), json!({ "features": [] }), json!([])] {
            assert!(of_nominatim(&nothing).is_none() && of_mapbox(&nothing).is_none());
        }
    }
}
