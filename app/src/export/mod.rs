//! Results as files for other programs: GeoJSON (RFC 7946), CSV (RFC 4180) and KML (OGC KML 2.3). And people's marks of
//! items, out and in again: [`marks`].

mod csv;
mod geojson;
mod kml;
pub mod marks;

use clip_rs_catalog::Bounds;

use crate::protocol::Hit;

pub use marks::{MAX_BYTES as MAX_MARKS_BYTES, MarksFormat, read_marks, write_marks};

/// A kind of file that results are taken away as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Footprints with what is known of them.
    GeoJson,
    /// A table with a position a row.
    Csv,
    /// Footprints for globes and maps.
    Kml,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::GeoJson, Self::Csv, Self::Kml];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::GeoJson => "GeoJSON",
            Self::Csv => "CSV",
            Self::Kml => "KML",
        }
    }

    /// The ending of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::GeoJson => "geojson",
            Self::Csv => "csv",
            Self::Kml => "kml",
        }
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::GeoJson => "application/geo+json",
            Self::Csv => "text/csv",
            Self::Kml => "application/vnd.google-earth.kml+xml",
        }
    }

    /// The content of a file of hits, best first.
    pub fn write(self, hits: &[Hit]) -> String {
        match self {
            Self::GeoJson => geojson::write(hits),
            Self::Csv => csv::write(hits),
            Self::Kml => kml::write(hits),
        }
    }

    /// The content of a file of cells.
    pub fn write_cells(self, cells: &[Cell]) -> String {
        match self {
            Self::GeoJson => geojson::write_cells(cells),
            Self::Csv => csv::write_cells(cells),
            Self::Kml => kml::write_cells(cells),
        }
    }
}

/// A cell of a layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// Where it lies.
    pub bounds: Bounds,
    /// Its mark, 0 to 1; of two queries the difference, -1 to 1.
    pub mark: f32,
}

/// What is known of a hit in words; the names are those of the command line's JSON.
fn texts(hit: &Hit) -> [(&'static str, Option<&str>); 4] {
    [
        ("place", hit.place.as_deref()),
        ("address", hit.address.as_deref()),
        ("captured", hit.captured.as_deref()),
        ("source", hit.source.as_deref()),
    ]
}

/// A name for a file: letters, digits and hyphens of a text.
pub fn file_stem(text: &str) -> String {
    let plain = text.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "-");
    let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "concept".to_owned() } else { parts.join("-") }
}

/// Three decimals say all that a mark means.
fn rounded(mark: f32) -> f64 {
    (f64::from(mark) * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod examples {
    //! Hits that the tests of all kinds of files write.

    use clip_rs_catalog::Bounds;

    use super::Hit;

    pub fn hit(id: &str, footprint: Option<Bounds>) -> Hit {
        Hit {
            id: id.into(),
            similarity: 0.912_34,
            cosine: 0.3,
            footprint,
            place: Some("Leesburg, \"the\" Town".into()),
            address: None,
            address_m: None,
            captured: Some("2020-06-01".into()),
            source: None,
            duplicate_of: None,
            duplicates: 0,
        }
    }

    pub fn bounds(west: f64, south: f64, east: f64, north: f64) -> Option<Bounds> {
        Bounds::new(west, south, east, north).ok()
    }

    /// A tile, one across the antimeridian, a mere position, and one that is nowhere.
    pub fn hits() -> [Hit; 4] {
        [
            hit("17/1/2", bounds(-77.5, 38.5, -77.25, 38.75)),
            hit("fiji", bounds(179.5, -18.0, -179.5, -17.5)),
            hit("point.jpg", bounds(10.0, 50.0, 10.0, 50.0)),
            hit("nowhere.jpg", None),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_file_has_a_name_an_ending_and_content() {
        for format in Format::ALL {
            assert_eq!(format.name().to_lowercase(), format.extension());
            assert!(format.media_type().contains('/'));
            let (full, empty) = (format.write(&examples::hits()), format.write(&[]));
            assert!(full.contains("nowhere.jpg") && !empty.is_empty() && empty.len() < full.len());
        }
    }
}
