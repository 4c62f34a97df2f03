//! What lies beside a folder of tiles and says how rows are counted: `tilemapresource.xml`, `metadata.json`,
//! `tilejson.json`.

use std::path::{Path, PathBuf};

use clip_rs_catalog::{Bounds, TileId};
use clip_rs_stage::files;
use serde::Deserialize;

use crate::ImageryError;

/// The largest metadata file that is read, bytes.
const MOST: u64 = 16 << 20;

/// How the rows of a pyramid are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// From the north, as most tile services do.
    Xyz,
    /// From the south: OSGeo's Tile Map Service, MBTiles.
    Tms,
}

impl Scheme {
    /// The tile in XYZ numbering; also the way back, as turning rows round twice changes nothing.
    pub fn to_xyz(self, tile: TileId) -> TileId {
        match self {
            Self::Xyz => tile,
            // The row stays inside the pyramid, so this is a tile.
            Self::Tms => TileId::new(tile.z(), tile.x(), (1 << tile.z()) - 1 - tile.y()).unwrap_or(tile),
        }
    }
}

impl std::str::FromStr for Scheme {
    type Err = ImageryError;

    /// Reads `xyz` or `tms`.
    fn from_str(text: &str) -> Result<Self, ImageryError> {
        match text {
            "xyz" => Ok(Self::Xyz),
            "tms" => Ok(Self::Tms),
            _ => Err(ImageryError::Request(format!("the scheme {text} is not known: use xyz or tms"))),
        }
    }
}

/// What metadata files say.
#[derive(Debug, Default)]
pub(crate) struct TileMetadata {
    /// How rows are counted, and the file that says so.
    pub scheme: Option<(Scheme, String)>,
    /// The ground that is covered.
    pub bounds: Option<Bounds>,
    /// The imagery's name.
    pub title: Option<String>,
    /// Who made it.
    pub attribution: Option<String>,
}

/// The keys that are of use, of MBTiles' metadata as JSON and of TileJSON.
#[derive(Deserialize)]
struct Keys {
    name: Option<String>,
    attribution: Option<String>,
    scheme: Option<String>,
    bounds: Option<serde_json::Value>,
}

impl TileMetadata {
    /// Reads what lies in the folder or in the pyramid's own.
    pub fn beside(folder: &Path, root: &Path) -> Result<Self, ImageryError> {
        let mut metadata = Self::default();
        for folder in if folder == root { vec![root] } else { vec![root, folder] } {
            metadata.read(|name| text_of(&folder.join(name)).map(|text| Some((folder.join(name), text?))))?;
        }
        Ok(metadata)
    }

    /// Adds what the files of a folder say: `text` gives the one with a name, and what it is called, if it is there.
    pub fn read(
        &mut self,
        text: impl Fn(&str) -> Result<Option<(PathBuf, String)>, ImageryError>,
    ) -> Result<(), ImageryError> {
        for name in ["metadata.json", "tilejson.json"] {
            if let Some((path, text)) = text(name)? {
                self.read_json(&path, &text)?;
            }
        }
        match text("tilemapresource.xml")? {
            Some((path, text)) => self.read_tile_map(&path, &text),
            None => Ok(()),
        }
    }

    fn read_json(&mut self, path: &Path, text: &str) -> Result<(), ImageryError> {
        let keys: Keys = serde_json::from_str(text).map_err(|error| ImageryError::source(path, error))?;
        if let Some(scheme) = keys.scheme {
            let scheme = scheme.parse().map_err(|error| ImageryError::source(path, error))?;
            self.scheme.get_or_insert((scheme, name_of(path)));
        }
        self.bounds = self.bounds.or_else(|| keys.bounds.as_ref().and_then(bounds_of));
        self.title = self.title.take().or(keys.name);
        self.attribution = self.attribution.take().or(keys.attribution);
        Ok(())
    }

    /// Reads a `TileMap` document; its rows are counted from the south by definition.
    fn read_tile_map(&mut self, path: &Path, text: &str) -> Result<(), ImageryError> {
        let document = roxmltree::Document::parse(text).map_err(|error| ImageryError::source(path, error))?;
        let find = |name: &str| document.descendants().find(|node| node.has_tag_name(name));
        let profile = find("TileSets").and_then(|sets| sets.attribute("profile")).unwrap_or_default();
        if profile.contains("geodetic") {
            let why = format!(
                "the tiles' profile is {profile}: only Web Mercator tiles can be shown; make \
                               them with gdal2tiles --profile=mercator"
            );
            return Err(ImageryError::source(path, why));
        }
        self.title = self.title.take().or_else(|| Some(find("Title")?.text()?.to_owned()));
        self.scheme.get_or_insert((Scheme::Tms, name_of(path)));
        Ok(())
    }
}

/// How rows are counted: as asked, as the metadata says, as fits the bounds in it, or as is usual for the
/// source. `tiles` are in XYZ numbering as they were found. Also what to tell the person about it.
pub(crate) fn settle<T: Iterator<Item = TileId>>(
    asked: Option<Scheme>,
    metadata: &TileMetadata,
    tiles: impl Fn() -> T,
    usual: Scheme,
) -> (Scheme, Option<String>) {
    if let Some(asked) = asked {
        return (asked, None);
    }
    let side = |scheme| match scheme {
        Scheme::Tms => "rows are counted from the south (TMS)",
        Scheme::Xyz => "rows are counted from the north (XYZ)",
    };
    if let Some((scheme, file)) = &metadata.scheme {
        return (*scheme, Some(format!("{}, as {file} says", side(*scheme))));
    }
    let Some(bounds) = &metadata.bounds else { return (usual, None) };
    let deepest = tiles().map(TileId::z).max().unwrap_or_default();
    let inside = |scheme: Scheme| {
        let mut deep = tiles().filter(|tile| tile.z() == deepest);
        deep.any(|tile| scheme.to_xyz(tile).bounds().intersects(bounds))
    };
    let other = if usual == Scheme::Xyz { Scheme::Tms } else { Scheme::Xyz };
    if !inside(usual) && inside(other) {
        let why = "only so do the tiles lie in the bounds that the metadata gives";
        return (other, Some(format!("{}: {why}", side(other))));
    }
    (usual, None)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The file's text; none when it is not there.
fn text_of(path: &Path) -> Result<Option<String>, ImageryError> {
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = files::read_at_most(path, MOST).map_err(|error| ImageryError::Request(error.to_string()))?;
    plain_text(path, bytes).map(Some)
}

/// A file's bytes as text.
pub(crate) fn plain_text(path: &Path, bytes: Vec<u8>) -> Result<String, ImageryError> {
    let text = String::from_utf8(bytes).map_err(|_| ImageryError::source(path, "not UTF-8 text"))?;
    Ok(text.trim_start_matches('\u{feff}').to_owned())
}

/// Bounds as four numbers or as a text of four numbers with commas; none when they make no sense.
pub(crate) fn bounds_of(value: &serde_json::Value) -> Option<Bounds> {
    let numbers: Vec<f64> = match value {
        serde_json::Value::Array(numbers) => numbers.iter().filter_map(serde_json::Value::as_f64).collect(),
        serde_json::Value::String(text) => text.split(',').filter_map(|n| n.trim().parse().ok()).collect(),
        _ => return None,
    };
    let [west, south, east, north] = numbers.try_into().ok()?;
    Bounds::new(west, south, east, north).ok()
}
