//! From what was fetched to a PMTiles archive (version 3), whole or not there, which says where its tiles are from.

use std::collections::BTreeMap;
use std::path::Path;

use clip_rs_catalog::{Bounds, TileId};
use clip_rs_imagery::pmtiles_archive::{self, Described, Tiles, position};
use clip_rs_imagery::{Entry, sniff};
use serde::Serialize;
use time::OffsetDateTime;

use crate::former::Former;
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

/// What changed since the archive that is there was fetched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Tiles with another picture.
    pub changed: u64,
    /// Tiles that were not there.
    pub added: u64,
    /// Tiles that are there no more.
    pub gone: u64,
    /// Tiles with the same picture.
    pub same: u64,
}

impl Changes {
    fn any(&self) -> bool {
        self.changed + self.added + self.gone > 0
    }
}

/// Compares the pictures that belong to `cover` with those of the archive that is there.
fn compare(journal: &Journal, cover: &Cover, former: &Former) -> Result<(Counts, Changes), FetchError> {
    let mut changes = Changes::default();
    let counts = journal.pictures(cover, |tile, bytes| {
        match former.picture(tile)? {
            None => changes.added += 1,
            Some(before) if before == bytes => changes.same += 1,
            Some(_) => changes.changed += 1,
        }
        Ok(())
    })?;
    changes.gone = former.count_within(cover).saturating_sub(changes.same + changes.changed);
    Ok((counts, changes))
}

/// Writes the pictures that belong to `cover`, and those that the archive that is there has elsewhere; one that would be the same
/// stays as it is. Returns how many tiles of which kind there are, and what changed.
pub(crate) fn write(
    out: &Path,
    journal: &Journal,
    cover: &Cover,
    service: &Service,
    area: &str,
    former: Option<&Former>,
) -> Result<(Counts, Option<Changes>), FetchError> {
    let changes = match former {
        Some(former) => {
            let (counts, changes) = compare(journal, cover, former)?;
            if !changes.any() {
                return Ok((counts, Some(changes)));
            }
            Some(changes)
        }
        None => None,
    };
    let elsewhere = former.map(|former| former.outside(cover)).unwrap_or_default();
    let mut kinds: BTreeMap<Option<&'static str>, u64> = BTreeMap::new();
    let mut around: Option<(Bounds, u8, u8)> = None;
    journal.pictures(cover, |tile, bytes| {
        *kinds.entry(sniff(bytes)).or_default() += 1;
        let (bounds, least, most) = around.unwrap_or((tile.bounds(), tile.z(), tile.z()));
        around = Some((bounds.union(&tile.bounds()), least.min(tile.z()), most.max(tile.z())));
        Ok(())
    })?;
    for (_, tile, _) in &elsewhere {
        let (bounds, least, most) = around.unwrap_or((tile.bounds(), tile.z(), tile.z()));
        around = Some((bounds.union(&tile.bounds()), least.min(tile.z()), most.max(tile.z())));
    }
    let Some((bounds, least, most)) = around else {
        let why = format!("it has no imagery of {area}: nothing was written");
        return Err(FetchError::service(&service.name, why));
    };
    let today = OffsetDateTime::now_utc().date();
    let about = About {
        name: former.and_then(Former::title).unwrap_or_else(|| format!("{area}: {}", service.title)),
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
    let counts = pmtiles_archive::write(out, described, |tiles| {
        let mut elsewhere = elsewhere.iter().peekable();
        let counts = journal.pictures(cover, |tile, bytes| {
            let here = position(tile);
            while let Some((_, before, entry)) = elsewhere.next_if(|(place, ..)| *place < here) {
                copy(former, *before, entry, tiles)?;
            }
            Ok(tiles.add(tile, bytes)?)
        })?;
        for (_, before, entry) in elsewhere {
            copy(former, *before, entry, tiles)?;
        }
        Ok::<_, FetchError>(counts)
    })?;
    Ok((counts, changes))
}

/// Adds a tile of the archive that is there.
fn copy(
    former: Option<&Former>,
    tile: TileId,
    entry: &Entry,
    tiles: &mut Tiles<'_>,
) -> Result<(), FetchError> {
    if let Some(former) = former {
        tiles.add(tile, &former.read(entry)?)?;
    }
    Ok(())
}
