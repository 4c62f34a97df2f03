//! Services that describe themselves: a TileJSON 3.0 document (<https://github.com/mapbox/tilejson-spec>), or the capabilities
//! of a Web Map Tile Service (OGC 07-057r7), at an address or in a file.

use std::collections::BTreeMap;
use std::path::Path;

use clip_rs_catalog::{Bounds, TileId};
use clip_rs_imagery::wmts_layers;
use clip_rs_stage::files;
use serde::Deserialize;
use url::Url;

use super::Service;
use crate::FetchError;
use crate::address::{Template, shown};
use crate::client::{Answer, Client, Refusal};

/// The longest document that is read, bytes: capabilities of large services have a few million.
const MOST_BYTES: u64 = 16 << 20;

/// The keys of TileJSON that are of use.
#[derive(Deserialize)]
struct TileJson {
    tiles: Vec<String>,
    name: Option<String>,
    attribution: Option<String>,
    scheme: Option<String>,
    minzoom: Option<u8>,
    maxzoom: Option<u8>,
    bounds: Option<[f64; 4]>,
    vector_layers: Option<Vec<serde::de::IgnoredAny>>,
}

/// The service that the document at an address or path describes.
pub(super) fn open(source: &str, client: &Client) -> Result<Service, FetchError> {
    let wrong = |why: &str| FetchError::service(shown(source), why);
    let bytes = match Url::parse(source) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => match client.get(&url) {
            Ok(Answer::Bytes(bytes)) => bytes,
            Ok(Answer::Nothing) => return Err(wrong("nothing is at this address")),
            Err(Refusal::Busy(_, why) | Refusal::Passing(why) | Refusal::Final(why)) => {
                return Err(wrong(&why));
            }
        },
        _ if Path::new(source).is_file() => files::read_at_most(Path::new(source), MOST_BYTES)?,
        _ => {
            let why = "no such service: use usgs, mapbox, an address with {z}, {x} and {y}, or a TileJSON or WMTS document";
            return Err(wrong(why));
        }
    };
    let text = String::from_utf8(bytes).map_err(|_| wrong("its description is not UTF-8 text"))?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('{') {
        of_tile_json(source, text)
    } else if text.contains("<Capabilities") || text.contains(":Capabilities") {
        of_wmts(source, text)
    } else {
        Err(wrong("what is there is neither TileJSON nor the capabilities of a WMTS"))
    }
}

fn of_tile_json(source: &str, text: &str) -> Result<Service, FetchError> {
    let wrong = |why: String| FetchError::service(shown(source), why);
    let document: TileJson =
        serde_json::from_str(text).map_err(|error| wrong(format!("no TileJSON: {error}")))?;
    if document.vector_layers.is_some_and(|layers| !layers.is_empty()) {
        return Err(wrong("it has vector tiles, which show nothing by themselves".to_owned()));
    }
    let first = document.tiles.first().ok_or_else(|| wrong("it names no tiles".to_owned()))?;
    let address = match document.scheme.as_deref() {
        None | Some("xyz") => first.clone(),
        Some("tms") => first.replace("{y}", "{-y}"),
        Some(other) => return Err(wrong(format!("the scheme {other} is not known"))),
    };
    let service = Service::of_template(Template::parse(&address, BTreeMap::new(), None)?);
    let most = document.maxzoom.unwrap_or(TileId::MAX_ZOOM).min(TileId::MAX_ZOOM);
    let bounds = document.bounds.map(|[west, south, east, north]| Bounds::new(west, south, east, north));
    Ok(Service {
        title: document.name.unwrap_or(service.title),
        attribution: document.attribution,
        zooms: document.minzoom.unwrap_or(0).min(most)..=most,
        bounds: bounds.transpose().map_err(|error| wrong(error.to_string()))?,
        ..service
    })
}

/// The first layer in Web Mercator.
fn of_wmts(source: &str, text: &str) -> Result<Service, FetchError> {
    let wrong = |why: String| FetchError::service(shown(source), why);
    let layers = wmts_layers(text).map_err(wrong)?;
    let layer = layers.into_iter().next();
    let layer = layer.ok_or_else(|| {
        wrong(
            "it has no layer with a ResourceURL in the Web Mercator matrix set (GoogleMapsCompatible)"
                .to_owned(),
        )
    })?;
    let ends = layer.zooms.keys().next().zip(layer.zooms.keys().next_back());
    let (least, most) = ends.map_or((0, TileId::MAX_ZOOM), |(least, most)| (*least, *most));
    let service = Service::of_template(Template::parse(&layer.template, layer.zooms, None)?);
    let title = layer.title.unwrap_or(service.title);
    Ok(Service { title, zooms: least..=most, bounds: layer.bounds, ..service })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tile_json_says_which_ground_and_zooms_there_are_and_whom_to_name() {
        let text = r#"{"tilejson": "3.0.0", "name": "River", "attribution": "County", "minzoom": 10, "maxzoom": 18,
            "bounds": [-77.5, 38.5, -77, 39], "scheme": "tms", "tiles": ["https://a.example/{z}/{x}/{y}.jpg?key=hunter2"]}"#;
        let service = of_tile_json("https://a.example/tiles.json?key=hunter2", text).expect("a service");
        assert_eq!((service.title.as_str(), service.attribution.as_deref()), ("River", Some("County")));
        assert_eq!(service.zooms, 10..=18);
        assert_eq!(service.bounds, Bounds::new(-77.5, 38.5, -77.0, 39.0).ok());
        assert_eq!(service.shown(), "https://a.example/{z}/{x}/{-y}.jpg?…");
        assert!(!service.name.contains("hunter2"));
        for (text, word) in [
            ("{", "no TileJSON"),
            (r#"{"tiles": []}"#, "no tiles"),
            (r#"{"tiles": ["https://a.example/{z}/{x}/{y}"], "vector_layers": [{}]}"#, "vector"),
            (r#"{"tiles": ["https://a.example/{z}/{x}/{y}"], "bounds": [0, 9, 1, 8]}"#, ""),
            (r#"{"tiles": ["file:///{z}/{x}/{y}"]}"#, "https"),
        ] {
            let said = of_tile_json("https://a.example/?key=hunter2", text).expect_err(text).to_string();
            assert!(said.contains(word) && !said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn a_wmts_names_its_zooms() {
        let text = r#"<?xml version="1.0"?><Capabilities xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1">
            <Contents><Layer><ows:Title>Ortho 2025</ows:Title>
            <ows:WGS84BoundingBox><ows:LowerCorner>-77.5 38.5</ows:LowerCorner><ows:UpperCorner>-77 39</ows:UpperCorner></ows:WGS84BoundingBox><Style><ows:Identifier>default</ows:Identifier></Style>
            <TileMatrixSetLink><TileMatrixSet>web</TileMatrixSet></TileMatrixSetLink>
            <ResourceURL format="image/jpeg" resourceType="tile" template="https://a.example/{Style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}.jpg"/></Layer>
            <TileMatrixSet><ows:Identifier>web</ows:Identifier><TileMatrix><ows:Identifier>L17</ows:Identifier>
            <ScaleDenominator>4265.459166936</ScaleDenominator><TopLeftCorner>-20037508.3428 20037508.3428</TopLeftCorner>
            <TileWidth>256</TileWidth><TileHeight>256</TileHeight></TileMatrix></TileMatrixSet></Contents></Capabilities>"#;
        let service = of_wmts("https://a.example/wmts", text).expect("a service");
        assert_eq!((service.title.as_str(), service.zooms.clone()), ("Ortho 2025", 17..=17));
        assert_eq!(service.bounds, Bounds::new(-77.5, 38.5, -77.0, 39.0).ok());
        let tile = TileId::new(17, 37_305, 50_193).expect("a tile");
        let url = service.template.url(tile).map(String::from);
        assert_eq!(url.as_deref(), Some("https://a.example/default/web/L17/50193/37305.jpg"));
        assert!(of_wmts("a", "<Capabilities/>").is_err() && of_wmts("a", "<Capabilities>").is_err());
    }
}
