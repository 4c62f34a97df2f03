//! `/catalog/tilejson.json`: the catalog's map in TileJSON 3.0, for QGIS, MapLibre and everybody else.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use clip_rs_catalog::{Manifest, TileSet};
use serde::Serialize;

use crate::{catalog::current_manifest, folder::Folder, refusal::Refusal};

/// The keys of TileJSON 3.0 that raster tiles have, and `tileSize`, which MapLibre reads.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TileJson {
    tilejson: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'static str>,
    attribution: String,
    scheme: &'static str,
    tiles: [String; 1],
    minzoom: u8,
    maxzoom: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    bounds: Option<[f64; 4]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    center: Option<(f64, f64, u8)>,
    tile_size: u32,
}

/// Describes the tiles of the catalog as it is now; 404 when it has none.
pub(crate) async fn tilejson(State(folder): State<Folder>, headers: HeaderMap) -> Response {
    let Some(manifest) = current_manifest(&folder).await else { return Refusal::Unreadable.into_response() };
    let Some(tiles) = &manifest.tiles else { return Refusal::NotFound.into_response() };
    let described = describe(&manifest, tiles, &base_url(&headers));
    let about = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::VARY, HeaderValue::from_static("host, x-forwarded-proto")),
    ];
    (about, Json(described)).into_response()
}

fn describe(manifest: &Manifest, tiles: &TileSet, base: &str) -> TileJson {
    let synthetic = manifest.synthetic;
    let said = manifest.attribution.to_lowercase().contains("synthetic");
    let note = if synthetic && !said { " (synthetic imagery)" } else { "" };
    TileJson {
        tilejson: "3.0.0",
        name: manifest.title.clone(),
        description: synthetic.then_some("Synthetic imagery: generated, it shows no real place."),
        attribution: escape(&manifest.attribution) + note,
        scheme: "xyz",
        tiles: [format!("{base}{}", tiles.url)],
        minzoom: tiles.minzoom,
        maxzoom: tiles.maxzoom,
        bounds: manifest.bounds.map(Into::into),
        center: manifest.bounds.map(|bounds| {
            let centre = bounds.centre();
            (centre.lng(), centre.lat(), tiles.minzoom)
        }),
        tile_size: tiles.tile_size,
    }
}

/// Map libraries show an attribution as HTML; a catalog's is plain text.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The catalog's address as the client sees it, from `Host`; relative when that says nothing usable.
fn base_url(headers: &HeaderMap) -> String {
    let value = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let Some(host) = value("host").filter(|host| is_host(host)) else { return String::new() };
    let scheme = if value("x-forwarded-proto") == Some("https") { "https" } else { "http" };
    format!("{scheme}://{host}/catalog/")
}

fn is_host(host: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    let is_ip6 = name.starts_with('[') && name.ends_with(']');
    let is_name = is_ip6 || !name.contains([':', '[', ']']);
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    !name.is_empty() && host.len() <= 255 && host.chars().all(plain) && is_name && is_port
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_host_gets_into_the_address() {
        for host in ["localhost", "localhost:8080", "10.0.0.1:80", "[::1]:8080", "[::1]", "a-b.example"] {
            assert!(is_host(host), "{host}");
        }
        let long = "a".repeat(300);
        for host in ["", ":80", "a b", "a/b", "user@a", "a\"b", "a:b:c", "a:99999", "a:", "[::1", "é", &long]
        {
            assert!(!is_host(host), "{host}");
        }
    }
}
