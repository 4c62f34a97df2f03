//! `catalogs.json`: which catalogs a page may show, so that nobody's link can make it show another one.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Bounds, CatalogError, Date, MANIFEST_NAME, Manifest, Origin};

/// The list's file, beside the page.
pub const CATALOGS_NAME: &str = "catalogs.json";
/// Where a page's own catalog is, seen from the page.
pub const OWN_CATALOG: &str = "catalog/catalog.json";

/// Most characters of a title.
const MOST_TITLE: usize = 200;
/// Most bytes of an address.
const MOST_URL: usize = 2048;

/// The content of `catalogs.json`.
///
/// The file lies beside the page, not in a catalog:
///
/// ```json
/// { "catalogs": [
///   { "title": "The county", "url": "catalog/catalog.json" },
///   { "title": "Its neighbour", "url": "https://maps.example/catalog/catalog.json" },
///   { "title": "The county in 2019", "url": "catalogs/2019/catalog.json", "holds": {
///     "bounds": [-77.5, 38.7, -77.4, 38.8], "model": "image.0123456789abcdef.gguf", "captured": ["2019-05-01", "2019-05-03"] } }
/// ] }
/// ```
///
/// - UTF-8 text of at most 64 KiB with 1 to 100 entries, in the order in which a page offers them. Keys that a reader does not
///   know are passed over.
/// - `title` is what people read: 1 to 200 characters, none of them a control character.
/// - `url` is the address of a `catalog.json`, and no two entries have the same. It is either relative to the page, made of
///   segments of `A-Z a-z 0-9 - . _ ~` with `/` between them, of which none is empty or begins with `.`; or absolute: an
///   [`Origin`], then a path of visible ASCII without `\ " < > { } | ^` and backquote. Either ends in `catalog.json` as its
///   last segment; there is no query and no fragment.
/// - `holds` may be left out. It says of that `catalog.json` its `bounds`, the name of its model's image tower, and its `captured`,
///   as [`Manifest`] has them, so that a page knows, without asking for them, which catalogs show the same ground on other days.
///
/// The page's own catalog is at [`OWN_CATALOG`], listed or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Catalogs {
    catalogs: Vec<ListedCatalog>,
}

/// A catalog that a page may show.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListedCatalog {
    /// What people read.
    pub title: String,
    /// Where its `catalog.json` is.
    pub url: CatalogUrl,
    /// What it says of itself, as far as whoever wrote the list knew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<Holds>,
}

/// What a listed catalog says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holds {
    /// [`Manifest::bounds`].
    pub bounds: Option<Bounds>,
    /// [`ModelRef::image`](crate::ModelRef::image): vectors of the same image tower can be compared.
    pub model: String,
    /// [`Manifest::captured`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured: Option<[Date; 2]>,
}

/// The address of a `catalog.json`: relative to a page, or absolute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CatalogUrl(String);

impl Catalogs {
    /// Longest `catalogs.json`, bytes.
    pub const MAX_BYTES: u64 = 64 << 10;
    /// Most entries.
    pub const MOST: usize = 100;

    /// A list of these catalogs.
    pub fn new(catalogs: Vec<ListedCatalog>) -> Result<Self, CatalogError> {
        let list = Self { catalogs };
        list.validate()?;
        Ok(list)
    }

    /// Reads `catalogs.json`.
    pub fn from_json(text: &[u8]) -> Result<Self, CatalogError> {
        if text.len() as u64 > Self::MAX_BYTES {
            return Err(malformed("larger than 64 KiB"));
        }
        let list: Self = serde_json::from_slice(text).map_err(|error| malformed(&error.to_string()))?;
        list.validate()?;
        Ok(list)
    }

    /// The text of `catalogs.json`. Where all of it would be too long it says no more than what has to be there.
    pub fn to_json(&self) -> Result<String, CatalogError> {
        let text = serde_json::to_string_pretty(self).map_err(|error| malformed(&error.to_string()))? + "\n";
        if text.len() as u64 <= Self::MAX_BYTES {
            return Ok(text);
        }
        if self.catalogs.iter().all(|listed| listed.holds.is_none()) {
            return Err(malformed("larger than 64 KiB"));
        }
        let bare = |listed: &ListedCatalog| ListedCatalog { holds: None, ..listed.clone() };
        Self { catalogs: self.catalogs.iter().map(bare).collect() }.to_json()
    }

    /// The entries, in order.
    pub fn entries(&self) -> &[ListedCatalog] {
        &self.catalogs
    }

    /// The origins of those that have an absolute address, each once.
    pub fn origins(&self) -> BTreeSet<Origin> {
        self.catalogs.iter().filter_map(|listed| listed.url.origin()).collect()
    }

    fn validate(&self) -> Result<(), CatalogError> {
        if !(1..=Self::MOST).contains(&self.catalogs.len()) {
            return Err(malformed(&format!(
                "it lists {} catalogs, not 1 to {}",
                self.catalogs.len(),
                Self::MOST
            )));
        }
        let mut urls = BTreeSet::new();
        for ListedCatalog { title, url, .. } in &self.catalogs {
            let is_long = title.chars().count() > MOST_TITLE;
            if title.trim().is_empty() || is_long || title.chars().any(char::is_control) {
                return Err(malformed(&format!(
                    "the title of {url} is not 1 to {MOST_TITLE} plain characters"
                )));
            }
            if !urls.insert(url) {
                return Err(malformed(&format!("it lists {url} twice")));
            }
        }
        Ok(())
    }
}

impl ListedCatalog {
    /// The catalog at `url`. Of a title that is too long the beginning is taken; where nothing is left, the address.
    pub fn new(title: &str, url: CatalogUrl) -> Self {
        let plain =
            title.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        let whole = plain.collect::<Vec<_>>().join(" ");
        let whole = if whole.is_empty() { url.to_string() } else { whole };
        Self { title: whole.chars().take(MOST_TITLE).collect(), url, holds: None }
    }

    /// The catalog at `url` that says this.
    pub fn of(manifest: &Manifest, url: CatalogUrl) -> Self {
        let Manifest { title, bounds, model, captured, .. } = manifest;
        let holds = Holds { bounds: *bounds, model: model.image.clone(), captured: *captured };
        Self { holds: Some(holds), ..Self::new(title, url) }
    }

    /// Whether this catalog is known to show ground that `manifest` shows, too, seen by the same model.
    pub fn can_be_compared_with(&self, manifest: &Manifest) -> bool {
        let Some(Holds { bounds: Some(bounds), model, .. }) = &self.holds else { return false };
        *model == manifest.model.image && manifest.bounds.is_some_and(|own| own.intersects(bounds))
    }
}

impl CatalogUrl {
    /// The address as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The origin of an absolute address; none for one that is relative to the page.
    pub fn origin(&self) -> Option<Origin> {
        split(&self.0).and_then(|(origin, _)| origin.parse().ok())
    }
}

/// What stands before and after the slash that ends the origin of an absolute address.
fn split(url: &str) -> Option<(&str, &str)> {
    let host = url.find("://")? + "://".len();
    let slash = host + url.get(host..)?.find('/')?;
    Some((url.get(..slash)?, url.get(slash + 1..)?))
}

impl FromStr for CatalogUrl {
    type Err = CatalogError;

    fn from_str(text: &str) -> Result<Self, CatalogError> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for CatalogUrl {
    type Error = CatalogError;

    fn try_from(text: String) -> Result<Self, CatalogError> {
        let is_visible = |c: char| c.is_ascii_graphic() && !"?#\\\"<>{}|^`".contains(c);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        let is_segment =
            |part: &str| !part.is_empty() && !part.starts_with('.') && part.chars().all(is_plain);
        let is_good = match split(&text) {
            Some((origin, path)) => origin.parse::<Origin>().is_ok() && path.chars().all(is_visible),
            None => text.split('/').all(is_segment),
        };
        if is_good && text.len() <= MOST_URL && text.rsplit('/').next() == Some(MANIFEST_NAME) {
            return Ok(Self(text));
        }
        let found: String = text.chars().take(200).collect();
        let expected =
            "the address of a catalog.json: absolute, http or https, or relative to the page and below it";
        Err(CatalogError::value("a catalog's url", found, expected))
    }
}

impl From<CatalogUrl> for String {
    fn from(url: CatalogUrl) -> Self {
        url.0
    }
}

impl fmt::Display for CatalogUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn malformed(why: &str) -> CatalogError {
    CatalogError::content(CATALOGS_NAME, why)
}

#[cfg(test)]
#[path = "catalogs_tests.rs"]
mod tests;
