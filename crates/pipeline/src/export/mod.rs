//! Out of a catalog, for everybody else's tools: tables with geometry, and the imagery as an archive. One format a file.
//!
//! What is written is new: nothing that lies there is replaced. Each file is whole or not there.

mod geoparquet;
mod metadata;
mod rows;
mod stac;
mod tiles;
mod vectors;

use std::path::Path;

use clip_rs_stage::StageError;

use crate::catalog::Catalog;
use rows::Rows;

/// What a catalog is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// GeoParquet 1.1: footprint, embedding and what is known of each item.
    GeoParquet,
    /// A folder with a STAC collection, an item for each shard, and their embeddings as GeoParquet.
    Stac,
    /// GeoJSON: footprints, without embeddings.
    GeoJson,
    /// CSV: centres and edges, without embeddings.
    Csv,
    /// KML: footprints, without embeddings.
    Kml,
    /// The imagery's tiles.
    PmTiles,
}

/// How components of embeddings are stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Component {
    /// Half precision, which is more than the catalog's own eight bits.
    Half,
    /// Single precision.
    #[default]
    Single,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// Items, or tiles.
    pub count: usize,
    /// Items without a position: with an empty geometry in tables, and left out where a geometry must be.
    pub without_place: usize,
}

/// Writes the catalog in `folder` to `out`, which must not be there.
pub fn export(
    folder: &Path,
    format: Format,
    component: Component,
    out: &Path,
) -> Result<Exported, StageError> {
    if out.exists() {
        return Err(StageError::content(out, "is already there: give another name, or remove it"));
    }
    let catalog = Catalog::open(folder)?;
    if format == Format::PmTiles {
        return tiles::write(&catalog, out);
    }
    let rows = Rows::read(&catalog)?;
    match format {
        Format::GeoParquet => geoparquet::write(&catalog, &rows, &rows.along_hilbert(), component, out)?,
        Format::Stac => stac::write(&catalog, &rows, component, out)?,
        Format::GeoJson => vectors::geojson(&rows, out)?,
        Format::Csv => vectors::csv(&rows, out)?,
        Format::Kml => vectors::kml(&catalog, &rows, out)?,
        Format::PmTiles => {}
    }
    Ok(Exported { count: rows.len(), without_place: rows.without_place() })
}
