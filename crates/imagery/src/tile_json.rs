//! TileJSON 3.0 on disk: a document that names local tiles by a template.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::tile_metadata::Scheme;
use crate::tile_template::{Template, TemplateTiles};
use crate::{About, ImageryError};

/// The document's keys that are of use.
#[derive(Deserialize)]
struct TileJson {
    tiles: Vec<String>,
    scheme: Option<String>,
    name: Option<String>,
    attribution: Option<String>,
    #[serde(default)]
    vector_layers: Option<Vec<serde_json::Value>>,
}

/// Opens the document at `path` with the value that it holds.
pub(crate) fn open(
    path: &Path,
    value: serde_json::Value,
    asked: Option<Scheme>,
    exclude: &HashSet<PathBuf>,
) -> Result<TemplateTiles, ImageryError> {
    let wrong = |why: String| ImageryError::source(path, why);
    let document: TileJson =
        serde_json::from_value(value).map_err(|error| wrong(format!("no TileJSON: {error}")))?;
    if document.vector_layers.is_some_and(|layers| !layers.is_empty()) {
        return Err(wrong(
            "vector tiles show nothing by themselves: render them to pictures first".to_owned(),
        ));
    }
    let said =
        document.scheme.as_deref().map(str::parse).transpose().map_err(|error| wrong(format!("{error}")))?;
    let text = document.tiles.first().ok_or_else(|| wrong("names no tiles".to_owned()))?;
    let template = local_template(text, path, BTreeMap::new())?;
    let about = About { title: document.name, attribution: document.attribution, ..About::default() };
    let root = path.parent().unwrap_or(Path::new(""));
    TemplateTiles::open(root, template, asked.or(said).unwrap_or(Scheme::Xyz), about, exclude)
}

/// Reads a template that must be a path on this machine.
pub(crate) fn local_template(
    text: &str,
    document: &Path,
    zooms: BTreeMap<u8, String>,
) -> Result<Template, ImageryError> {
    let plain = text.split(['?', '#']).next().unwrap_or_default();
    let path = plain.strip_prefix("file://").unwrap_or(plain);
    let path = path.strip_prefix("./").unwrap_or(path);
    if path.contains("://") || path.starts_with("//") {
        let why = format!("its tiles are at an address ({text}): download them first and name the folder");
        return Err(ImageryError::source(document, why));
    }
    let template = Template::parse(path, zooms);
    template.ok_or_else(|| {
        let why = format!("its tiles' template {text} has not zoom, column and row once each");
        ImageryError::source(document, why)
    })
}
