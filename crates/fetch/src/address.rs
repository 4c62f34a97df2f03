//! Where a tile is had: an address with places for its numbers, and for a key that is shown nowhere.

use std::collections::BTreeMap;
use std::fmt;

use clip_rs_catalog::TileId;
use url::Url;

use crate::FetchError;

/// A key to a service. It comes from the environment and goes into requests, and into nothing else: shown, it is `…`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// The key in the environment variable `name`.
    pub fn from_environment(name: &str) -> Result<Self, FetchError> {
        match std::env::var(name) {
            Ok(key) if !key.trim().is_empty() => Ok(Self(key.trim().to_owned())),
            _ => Err(FetchError::service(name, "set this variable of the environment to your key")),
        }
    }

    /// An address with the key in the place of `{token}`.
    pub(crate) fn put_into(&self, address: &str) -> String {
        address.replace("{token}", &self.0)
    }

    /// `text` without the key, should it be in there.
    pub(crate) fn hidden_in(&self, text: &str) -> String {
        text.replace(&self.0, "…")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// An address of a known service at another origin (`http://host:port`); none if that is no origin.
pub(crate) fn at_origin(address: &str, origin: &str) -> Option<String> {
    let origin = Url::parse(origin).ok()?;
    let is_one = matches!(origin.scheme(), "http" | "https")
        && origin.path() == "/"
        && origin.query().is_none()
        && origin.username().is_empty()
        && origin.password().is_none();
    is_one.then(|| format!("{origin}{}", address.splitn(4, '/').nth(3).unwrap_or_default()))
}

/// What a part of an address stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Zoom,
    Column,
    Row,
    /// The row as counted from the south.
    RowFromSouth,
    QuadKey,
    Token,
}

/// The addresses of a service's tiles.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    parts: Vec<Part>,
    /// How zooms are called, where they are not called by their number.
    zooms: BTreeMap<u8, String>,
    secret: Option<Secret>,
}

/// The environment variable whose value `{token}` in an address stands for.
pub(crate) const TOKEN: &str = "CLIP_RS_TILE_TOKEN";

impl Template {
    /// Whether a text is an address with a place for a tile's numbers.
    pub fn is_one(text: &str) -> bool {
        ["{z}", "{TileMatrix}", "{q}", "{quadkey}"].iter().any(|place| text.contains(place))
    }

    /// Reads an address with `{z}`, `{x}` and `{y}` (or `{-y}`, rows counted from the south), WMTS's names for them, or
    /// `{quadkey}`; `{token}` is the key. `zooms` are the names of the zooms, empty where they are numbers.
    pub fn parse(
        text: &str,
        zooms: BTreeMap<u8, String>,
        secret: Option<Secret>,
    ) -> Result<Self, FetchError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, place, after)) = next_place(rest) {
            if !before.is_empty() {
                parts.push(Part::Literal(before.to_owned()));
            }
            parts.push(match place {
                "z" | "TileMatrix" => Part::Zoom,
                "x" | "TileCol" => Part::Column,
                "y" | "TileRow" => Part::Row,
                "-y" => Part::RowFromSouth,
                "q" | "quadkey" => Part::QuadKey,
                "token" => Part::Token,
                _ => {
                    return Err(FetchError::service(
                        shown(text),
                        format!("{{{place}}} is not known in addresses"),
                    ));
                }
            });
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        let has = |part: &Part| parts.contains(part);
        let is_whole = has(&Part::QuadKey)
            || has(&Part::Zoom) && has(&Part::Column) && (has(&Part::Row) || has(&Part::RowFromSouth));
        if !is_whole {
            return Err(FetchError::service(shown(text), "the address needs {z}, {x} and {y}"));
        }
        let secret = match (has(&Part::Token), secret) {
            (false, _) => None,
            (true, Some(secret)) => Some(secret),
            (true, None) => Some(Secret::from_environment(TOKEN)?),
        };
        let template = Self { parts, zooms, secret };
        let one = template.one().ok_or_else(|| FetchError::service(shown(text), "this is no address"))?;
        if !matches!(one.scheme(), "http" | "https") || !one.username().is_empty() || one.password().is_some()
        {
            let why =
                "addresses begin with https:// or http://, and have no name or password before the host";
            return Err(FetchError::service(shown(text), why));
        }
        Ok(template)
    }

    /// The address of a tile, with the key; none if the numbers make it no address.
    pub fn url(&self, tile: TileId) -> Option<Url> {
        let part = |part: &Part| match part {
            Part::Literal(text) => text.clone(),
            Part::Zoom => self.zooms.get(&tile.z()).cloned().unwrap_or_else(|| tile.z().to_string()),
            Part::Column => tile.x().to_string(),
            Part::Row => tile.y().to_string(),
            Part::RowFromSouth => ((1_u64 << tile.z()) - 1).saturating_sub(u64::from(tile.y())).to_string(),
            Part::QuadKey => quadkey(tile),
            Part::Token => self.secret.as_ref().map(|secret| secret.0.clone()).unwrap_or_default(),
        };
        Url::parse(&self.parts.iter().map(part).collect::<String>()).ok()
    }

    /// The address of the tile that is the whole world.
    pub fn one(&self) -> Option<Url> {
        self.url(TileId::new(0, 0, 0).ok()?)
    }

    /// The address as it may be shown and kept: without what follows a `?`, where people put keys.
    pub fn shown(&self) -> String {
        let part = |part: &Part| match part {
            Part::Literal(text) => text.clone(),
            Part::Zoom => "{z}".to_owned(),
            Part::Column => "{x}".to_owned(),
            Part::Row => "{y}".to_owned(),
            Part::RowFromSouth => "{-y}".to_owned(),
            Part::QuadKey => "{quadkey}".to_owned(),
            Part::Token => "{token}".to_owned(),
        };
        shown(&self.parts.iter().map(part).collect::<String>())
    }

    /// `text` without the key.
    pub fn hidden_in(&self, text: &str) -> String {
        self.secret.as_ref().map_or_else(|| text.to_owned(), |secret| secret.hidden_in(text))
    }
}

/// An address without its query, and without a name and password before its host.
pub(crate) fn shown(address: &str) -> String {
    let plain = match address.split_once('?') {
        Some((before, _)) => format!("{before}?…"),
        None => address.to_owned(),
    };
    let Some((scheme, rest)) = plain.split_once("://") else { return plain };
    let host = rest.split('/').next().unwrap_or_default();
    match host.rsplit_once('@') {
        Some((user, _)) => format!("{scheme}://…{}", &rest[user.len()..]),
        None => plain,
    }
}

/// The text before the next `{place}`, the place's name, and the text after it.
fn next_place(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (place, after) = rest.split_once('}')?;
    Some((before, place, after))
}

/// A tile's digits, a quarter each, from the coarsest zoom on
/// (<https://learn.microsoft.com/bingmaps/articles/bing-maps-tile-system>).
fn quadkey(tile: TileId) -> String {
    let digit = |zoom: u8| {
        let bit = 1_u32 << (zoom - 1);
        let digit = u32::from(tile.x() & bit != 0) + 2 * u32::from(tile.y() & bit != 0);
        char::from_digit(digit, 4).unwrap_or('0')
    };
    (1..=tile.z()).rev().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Result<Template, FetchError> {
        Template::parse(text, BTreeMap::new(), Some(Secret("pk.secret".to_owned())))
    }

    fn url(text: &str) -> String {
        let tile = TileId::new(3, 3, 5).expect("a tile");
        template(text).expect("a template").url(tile).expect("an address").to_string()
    }

    #[test]
    fn a_tile_s_numbers_take_the_places_in_the_address() {
        assert_eq!(url("https://a.example/{z}/{y}/{x}"), "https://a.example/3/5/3");
        assert_eq!(url("https://a.example/{z}/{x}/{-y}.png"), "https://a.example/3/3/2.png");
        assert_eq!(url("http://a.example:81/t{quadkey}.jpg"), "http://a.example:81/t213.jpg");
        assert_eq!(url("https://a.example/{TileMatrix}/{TileRow}/{TileCol}"), "https://a.example/3/5/3");
        let zooms = BTreeMap::from([(3, "EPSG:3857:3".to_owned())]);
        let named = Template::parse("https://a.example/{z}/{x}/{y}", zooms, None).expect("a template");
        let tile = TileId::new(3, 3, 5).expect("a tile");
        assert_eq!(named.url(tile).map(String::from).as_deref(), Some("https://a.example/EPSG:3857:3/3/5"));
    }

    #[test]
    fn a_key_is_in_the_request_and_nowhere_else() {
        let template = template("https://a.example/{z}/{x}/{y}?access_token={token}").expect("a template");
        let tile = TileId::new(3, 3, 5).expect("a tile");
        let url = template.url(tile).expect("an address").to_string();
        assert!(url.ends_with("?access_token=pk.secret"), "{url}");
        assert_eq!(template.shown(), "https://a.example/{z}/{x}/{y}?…");
        assert!(!format!("{template:?}").contains("pk.secret"));
        assert!(!template.hidden_in(&format!("cannot reach {url}")).contains("pk.secret"));
    }

    #[test]
    fn what_is_no_address_of_tiles_is_an_error_that_shows_no_key() {
        for text in [
            "https://a.example/{z}/{x}?key=hunter2",
            "https://a.example/{z}/{x}/{y}/{what}?key=hunter2",
            "ftp://a.example/{z}/{x}/{y}?key=hunter2",
            "https://me:hunter2@a.example/{z}/{x}/{y}",
            "{z}/{x}/{y}?key=hunter2",
        ] {
            let said = template(text).expect_err("no template").to_string();
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}
