//! WMTS 1.0 capabilities on disk, with tiles beside them in the Web Mercator matrix set.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use clip_rs_catalog::{Bounds, TileId};
use roxmltree::{Document, Node};

use crate::tile_json::local_template;
use crate::tile_metadata::Scheme;
use crate::tile_template::TemplateTiles;
use crate::{About, ImageryError};

/// Scale denominator of zoom 0 with tiles of 256 pixels of 0.28 mm (OGC 17-083r4, annex D.1).
const ZOOM_0: f64 = 559_082_264.028_717_8;
/// Half the length of the equator on the map, metres.
const HALF: f64 = 20_037_508.342_789_244;

/// A layer of Web Mercator tiles.
#[derive(Debug, Clone, PartialEq)]
pub struct WmtsLayer {
    /// The layer's name for people.
    pub title: Option<String>,
    /// Path or address of its tiles, with `{TileMatrix}`, `{TileRow}` and `{TileCol}`.
    pub template: String,
    /// How it calls the zooms.
    pub zooms: BTreeMap<u8, String>,
    /// The ground that it has, where it says so.
    pub bounds: Option<Bounds>,
}

/// The layers of a capabilities document that have a template and tiles in Web Mercator. The error says what is wrong with it.
pub fn wmts_layers(text: &str) -> Result<Vec<WmtsLayer>, String> {
    let document = Document::parse(text).map_err(|error| error.to_string())?;
    let mut sets = BTreeMap::new();
    let contents = document.descendants().filter(|node| is(node, "TileMatrixSet"));
    for set in contents.filter(|node| child(node, "TileMatrix").is_some()) {
        if let (Some(name), Some(zooms)) = (child_text(&set, "Identifier"), zooms(&set)) {
            sets.insert(name, zooms);
        }
    }
    let layer = |layer: Node<'_, '_>| {
        let linked =
            layer.descendants().filter(|node| is(node, "TileMatrixSet")).filter_map(|node| node.text());
        let (set, zooms) = linked.filter_map(|name| sets.get_key_value(name.trim())).next()?;
        let resource = layer.children().find(|node| {
            is(node, "ResourceURL") && node.attribute("resourceType").is_none_or(|kind| kind == "tile")
        });
        let template = resource?.attribute("template")?;
        let style = layer.children().find(|node| is(node, "Style"));
        let style = style.and_then(|style| child_text(&style, "Identifier")).unwrap_or_default();
        let template =
            template.replace("{TileMatrixSet}", set).replace("{Style}", &style).replace("{style}", &style);
        Some(WmtsLayer {
            title: child_text(&layer, "Title"),
            template,
            zooms: zooms.clone(),
            bounds: bounds(&layer),
        })
    };
    Ok(document.descendants().filter(|node| is(node, "Layer")).filter_map(layer).collect())
}

/// Opens the capabilities at `path`; the first layer in Web Mercator is taken.
pub(crate) fn open(
    path: &Path,
    text: &str,
    exclude: &HashSet<PathBuf>,
) -> Result<TemplateTiles, ImageryError> {
    let wrong = |why: String| ImageryError::source(path, why);
    let layer = wmts_layers(text).map_err(wrong)?.into_iter().next();
    let WmtsLayer { title, template, zooms, .. } = layer.ok_or_else(|| {
        wrong("no layer with a ResourceURL in the Web Mercator matrix set (GoogleMapsCompatible)".to_owned())
    })?;
    let template = local_template(&template, path, zooms)?;
    let root = path.parent().unwrap_or(Path::new(""));
    TemplateTiles::open(root, template, Scheme::Xyz, About { title, ..About::default() }, exclude)
}

/// How a matrix set calls the zooms, if it is that of Web Mercator maps.
fn zooms(set: &Node<'_, '_>) -> Option<BTreeMap<u8, String>> {
    let mut zooms = BTreeMap::new();
    for matrix in set.children().filter(|node| is(node, "TileMatrix")) {
        let number = |name: &str| child_text(&matrix, name)?.parse::<f64>().ok();
        let zoom = (ZOOM_0 * 256.0 / number("TileWidth")? / number("ScaleDenominator")?).log2();
        let corner = child_text(&matrix, "TopLeftCorner")?;
        let corner: Vec<f64> = corner.split_whitespace().filter_map(|number| number.parse().ok()).collect();
        let [x, y] = corner.try_into().ok()?;
        let fits = (zoom - zoom.round()).abs() < 0.01 && (x + HALF).abs() < 10.0 && (y - HALF).abs() < 10.0;
        if !fits || !(0.0..f64::from(TileId::MAX_ZOOM) + 0.5).contains(&zoom.round()) {
            return None;
        }
        zooms.insert(zoom.round() as u8, child_text(&matrix, "Identifier")?);
    }
    Some(zooms)
}

/// The ground of a layer: longitude before latitude, whatever its own coordinate system is.
fn bounds(layer: &Node<'_, '_>) -> Option<Bounds> {
    let around = child(layer, "WGS84BoundingBox")?;
    let corner = |name: &str| {
        let text = child_text(&around, name)?;
        let mut numbers = text.split_whitespace().map(str::parse::<f64>);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    };
    let ((west, south), (east, north)) = (corner("LowerCorner")?, corner("UpperCorner")?);
    Bounds::new(west, south, east, north).ok()
}

fn is(node: &Node<'_, '_>, name: &str) -> bool {
    node.tag_name().name() == name
}

fn child<'a, 'input>(node: &Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| is(child, name))
}

fn child_text(node: &Node<'_, '_>, name: &str) -> Option<String> {
    child(node, name)?.text().map(|text| text.trim().to_owned())
}
