//! From what was fetched to a PMTiles archive (version 3), whole or not there, which says where its tiles are from.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use clip_rs_catalog::{Bounds, TileId};
use clip_rs_imagery::sniff;
use clip_rs_stage::{StageError, files};
use pmtiles::{PmTilesWriter, PmtError, TileCoord, TileType};
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
    let mut kinds: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut around: Option<(Bounds, u8, u8)> = None;
    let counts = journal.pictures(cover, |tile, bytes| {
        *kinds.entry(sniff(bytes).unwrap_or("unknown")).or_default() += 1;
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
    let about = serde_json::to_string(&about).map_err(|error| FetchError::service(&service.name, error))?;
    let kind =
        kinds.iter().max_by_key(|(_, count)| **count).map_or(TileType::Unknown, |(kind, _)| match *kind {
            "jpg" => TileType::Jpeg,
            "png" => TileType::Png,
            "webp" => TileType::Webp,
            _ => TileType::Unknown,
        });
    let mut failed = None;
    let written = files::write_durably_with(out, |file| {
        let writer = PmTilesWriter::new(kind)
            .min_zoom(least)
            .max_zoom(most)
            .bounds(bounds.west(), bounds.south(), bounds.east(), bounds.north())
            .center(bounds.centre().lng(), bounds.centre().lat())
            .center_zoom(least)
            .metadata(about);
        let mut writer = writer.create(&mut *file).map_err(of_pmtiles)?;
        let read = journal.pictures(cover, |tile, bytes| {
            add(&mut writer, tile, bytes).map_err(|error| StageError::io("write", out)(error).into())
        });
        read.map_err(|error| {
            failed = Some(error);
            io::Error::other("the tiles could not be read")
        })?;
        writer.finalize().map_err(of_pmtiles)
    });
    match (failed, written) {
        (Some(error), _) => Err(error),
        (None, written) => Ok(written.map(|_| counts)?),
    }
}

fn add<W: io::Write + io::Seek>(
    writer: &mut pmtiles::PmTilesStreamWriter<W>,
    tile: TileId,
    bytes: &[u8],
) -> io::Result<()> {
    let coord = TileCoord::new(tile.z(), tile.x(), tile.y()).map_err(of_pmtiles)?;
    writer.add_tile(coord, bytes).map_err(of_pmtiles)
}

fn of_pmtiles(error: PmtError) -> io::Error {
    io::Error::other(error)
}
