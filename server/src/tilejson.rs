//! `tilejson.json` of a catalog: its map in TileJSON 3.0, for QGIS, MapLibre and everybody else.

use axum::{
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use clip_rs_catalog::{Manifest, TileSet};
use serde::Serialize;

use crate::{
    catalog::Catalog, files, guard::is_host, media_type::media_type, refusal::Refusal, tiles::template,
};

/// What a reverse proxy says of the address by which the client came to it.
const FORWARDED: [&str; 2] = ["x-forwarded-prefix", "x-forwarded-proto"];

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
pub(crate) async fn tilejson(State(catalog): State<Catalog>, request: Request) -> Result<Response, Refusal> {
    let (request, _) = request.into_parts();
    let listed = catalog.currently_listed().await.ok_or(Refusal::Unreadable)?;
    let manifest = &listed.manifest;
    let tiles = manifest.tiles.as_ref().ok_or(Refusal::NotFound)?;
    let described = describe(manifest, tiles, &base_url(&request.headers, catalog.address()));
    let json = Bytes::from(serde_json::to_vec(&described).map_err(|error| Refusal::of(error.into()))?);
    let mut response = files::send_bytes(json, media_type("tilejson.json"), &request).await?;
    let varies = HeaderValue::try_from(FORWARDED.join(", ")).map_err(|_| Refusal::Unreadable)?;
    response.headers_mut().insert(header::VARY, varies);
    Ok(response)
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
        tiles: [base.to_owned() + &template(tiles)],
        minzoom: tiles.minzoom,
        maxzoom: tiles.maxzoom,
        // TileJSON's must not wrap around the antimeridian; the centre says where the area is.
        bounds: manifest.bounds.map(|bounds| bounds.within_the_map()),
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

/// The catalog's address, which is `address` here, as the client sees it: `Host`, and what a reverse proxy adds to it. Absolute, as MapLibre
/// takes no other; relative when `Host` is empty.
fn base_url(headers: &HeaderMap, address: &str) -> String {
    let value = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    // Of proxies in a row, the first is the one that the client talks to.
    let first = |name| value(name).and_then(|list| list.split(',').next()).map(str::trim);
    let Some(host) = value("host").filter(|host| is_host(host)) else { return String::new() };
    let [prefix, scheme] = FORWARDED.map(first);
    let is_secure = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    let prefix = prefix.filter(|prefix| is_prefix(prefix)).map_or("", |prefix| prefix.trim_end_matches('/'));
    format!("{}://{host}{prefix}{address}/", if is_secure { "https" } else { "http" })
}

/// Whether `prefix` is the plain path of a folder.
fn is_prefix(prefix: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
    prefix.starts_with('/') && prefix.len() <= 255 && prefix.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_the_one_by_which_the_client_came() {
        let base = |headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().chain(&[("host", "a.example")]);
            base_url(
                &headers
                    .map(|&(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
                    .collect(),
                "/catalogs/river",
            )
        };
        for (scheme, expected) in [
            ("https", "https"),
            ("HTTPS", "https"),
            ("https, http", "https"),
            ("https,http", "https"),
            ("http, https", "http"),
            ("nonsense", "http"),
        ] {
            assert_eq!(
                base(&[(FORWARDED[1], scheme)]),
                format!("{expected}://a.example/catalogs/river/"),
                "{scheme}"
            );
        }
        for (prefix, expected) in [
            ("/maps", "/maps"),
            ("/maps/", "/maps"),
            ("/a/b, /c", "/a/b"),
            ("/", ""),
            ("maps", ""),
            ("/a?b", ""),
            ("/a\"b", ""),
        ] {
            assert_eq!(
                base(&[(FORWARDED[0], prefix)]),
                format!("http://a.example{expected}/catalogs/river/"),
                "{prefix}"
            );
        }
    }
}
