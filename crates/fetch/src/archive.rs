//! From what was fetched to a PMTiles archive (version 3), whole or not there, which says where its tiles are from.

use std::collections::BTreeMap;
use std::path::Path;

use clip_rs_catalog::Bounds;
use clip_rs_imagery::pmtiles_archive::{self, Described};
use clip_rs_imagery::sniff;
use serde::Serialize;
use time::OffsetDateTime;

use crate::journal::{Counts, Journal};
use crate::{Cover, FetchError, Service};

/// What the archive says of itself: TileJSON's words (<https://github.com/mapbox/tilejson-spec/tree/master/3.0.0>), and ours.
#[derive(Serialize)]
struct About<'a> {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribution: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    licence: Option<String>,
    r#type: &'static str,
    source: String,
    fetched: String,
}

/// Writes the pictures that belong to `cover`; returns how many tiles of which kind there are.
pub(crate) fn write(
    out: &Path,
    journal: &Journal,
    cover: &Cover,
    service: &Service,
    area: &str,
) -> Result<Counts, FetchError> {
    let mut kinds: BTreeMap<Option<&'static str>, u64> = BTreeMap::new();
    let mut around: Option<(Bounds, u8, u8)> = None;
    journal.pictures(cover, |tile, bytes| {
        *kinds.entry(sniff(bytes)).or_default() += 1;
        let (bounds, least, most) = around.unwrap_or((tile.bounds(), tile.z(), tile.z()));
        around = Some((bounds.union(&tile.bounds()), least.min(tile.z()), most.max(tile.z())));
        Ok(())
    })?;
    let Some((bounds, least, most)) = around else {
        let why = format!("it has no imagery of {area}: nothing was written");
        return Err(FetchError::service(&service.name, why));
    };
    let today = OffsetDateTime::now_utc().date();
    let about = About {
        name: format!("{area}: {}", service.title),
        attribution: service.attribution.as_deref(),
        licence: match (&service.licence, &service.terms) {
            (Some(licence), Some(terms)) => Some(format!("{licence} ({terms})")),
            (licence, terms) => {
                licence.clone().or_else(|| terms.as_ref().map(|terms| format!("terms: {terms}")))
            }
        },
        r#type: "baselayer",
        source: service.shown(),
        fetched: today.to_string(),
    };
    let described = Described {
        kind: kinds.into_iter().max_by_key(|(_, count)| *count).and_then(|(kind, _)| kind),
        zooms: (least, most),
        bounds: Some(bounds),
        about: serde_json::to_value(&about).map_err(|error| FetchError::service(&service.name, error))?,
    };
    pmtiles_archive::write(out, described, |tiles| {
        journal.pictures(cover, |tile, bytes| Ok(tiles.add(tile, bytes)?))
    })
}
