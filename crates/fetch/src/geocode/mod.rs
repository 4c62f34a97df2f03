//! Addresses from an online geocoder, for those who ask for it: where a position lies, asked at the pace that the service allows
//! and kept on disk, so that nothing is asked twice and a run may end at any moment.

mod cache;
mod preset;

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use clip_rs_catalog::LngLat;
use clip_rs_stage::progress::Progress;
use clip_rs_stage::{StageError, files};
use serde_json::Value;
use url::Url;

use crate::FetchError;
use crate::address::{Secret, at_origin};
use crate::client::{Answer, Client, Refusal};
use crate::pace::{LONGEST, Pace};
use cache::Cache;
use preset::{PRESETS, Read};

/// How often one position is asked for.
const TRIES: u32 = 5;
/// The wait after a first failure; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The wait that a busy service is given that asks for none.
const BUSY_WAIT: Duration = Duration::from_secs(30);

/// A service that tells addresses.
#[derive(Debug)]
pub struct Geocoder {
    /// What to call it in messages.
    pub name: &'static str,
    /// Where its terms are.
    pub terms: &'static str,
    /// Whom to name beside its addresses.
    pub attribution: &'static str,
    /// Requests a second that it is asked at most.
    pub requests_a_second: NonZeroU32,
    /// Whether it is run for everybody, so that its operators ask to know who asks and that nobody asks for much.
    pub is_shared: bool,
    /// Name with the origin, where another one is asked.
    shown: String,
    address: String,
    secret: Option<Secret>,
    read: Read,
}

/// An address with its own position.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Where it is.
    pub at: LngLat,
    /// The address as people read it.
    pub address: String,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geocoded {
    /// Different addresses in the table.
    pub addresses: usize,
    /// Positions that were asked for in this run; the others were known.
    pub asked: usize,
}

impl Geocoder {
    /// `nominatim` or `mapbox`; `at` is an origin (`http://host:port`) that is asked in the place of its own. The key of one that
    /// needs a key is taken from the environment.
    pub fn named(name: &str, at: Option<&str>) -> Result<Self, FetchError> {
        let preset = PRESETS.iter().find(|preset| preset.name == name);
        let preset = preset
            .ok_or_else(|| FetchError::service(name, "no such geocoder: there are nominatim and mapbox"))?;
        let (address, shown) = match at {
            None => (preset.address.to_owned(), preset.name.to_owned()),
            Some(at) => {
                let address = at_origin(preset.address, at).ok_or_else(|| {
                    FetchError::service(name, "the other origin is not of the form http://host:port")
                })?;
                (address, format!("{} at {at}", preset.name))
            }
        };
        Ok(Self {
            name: preset.name,
            terms: preset.terms,
            attribution: preset.attribution,
            requests_a_second: NonZeroU32::new(preset.requests_a_second).unwrap_or(NonZeroU32::MIN),
            is_shared: preset.is_shared && at.is_none(),
            shown,
            address,
            secret: preset.key.map(Secret::from_environment).transpose()?,
            read: preset.read,
        })
    }

    /// Writes the addresses of these positions as address points (CSV: longitude, latitude, address), which
    /// `clip-rs index --addresses` reads. What was told before is not asked again.
    pub fn write(&self, client: &Client, positions: &[LngLat], out: &Path) -> Result<Geocoded, FetchError> {
        let cache = Cache::open(out, &self.shown)?;
        files::sweep(out)?;
        let pace = Pace::new(self.requests_a_second);
        let progress = Progress::start("Asking for addresses", positions.len());
        let mut asked = 0;
        for at in positions {
            if !cache.knows(*at)? {
                cache.note(*at, self.ask(client, &pace, *at)?.as_ref())?;
                asked += 1;
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
        Ok(Geocoded { addresses: found.len(), asked })
    }

    /// Asks for a position until an answer comes or there is no hope.
    fn ask(&self, client: &Client, pace: &Pace, at: LngLat) -> Result<Option<Found>, FetchError> {
        let address = self
            .address
            .replace("{lng}", &format!("{:.6}", at.lng()))
            .replace("{lat}", &format!("{:.6}", at.lat()));
        let address = self.secret.as_ref().map_or(address.clone(), |secret| secret.put_into(&address));
        let url = Url::parse(&address).map_err(|_| self.refusal("its address is none"))?;
        let mut last = String::new();
        for attempt in 0..TRIES {
            pace.wait();
            match client.get(&url) {
                Ok(Answer::Nothing) => {
                    return Err(self.refusal("nothing is at its address: is a geocoder there?"));
                }
                Ok(Answer::Bytes(bytes)) => match serde_json::from_slice::<Value>(&bytes) {
                    Ok(answer) => match (self.read)(&answer) {
                        Ok(found) => return Ok(found),
                        Err(why) => last = why.to_owned(),
                    },
                    Err(_) => last = "what it sends is no JSON".to_owned(),
                },
                Err(Refusal::Final(why)) => return Err(self.refusal(&why)),
                Err(Refusal::Busy(wait, why)) => {
                    let wait = wait.unwrap_or(BUSY_WAIT);
                    if wait > LONGEST {
                        let why = format!(
                            "{why} and asks to wait {} s: run the same command again then",
                            wait.as_secs()
                        );
                        return Err(self.refusal(&why));
                    }
                    pace.pause(wait);
                    last = why;
                    continue;
                }
                Err(Refusal::Passing(why)) => last = why,
            }
            if attempt + 1 < TRIES {
                pace.pause(FIRST_WAIT * (1 << attempt));
            }
        }
        Err(self.refusal(&format!("{last}. What it told before is kept: run the same command again")))
    }

    /// An error about it, in which no key is.
    fn refusal(&self, why: &str) -> FetchError {
        let why = self.secret.as_ref().map_or(why.to_owned(), |secret| secret.hidden_in(why));
        FetchError::service(&self.shown, why)
    }
}
