//! Which catalogs a page is to have, as the words of a command line say it: `FOLDER`, `NAME=FOLDER`, and addresses elsewhere.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use clip_rs_catalog::{CatalogError, CatalogUrl, Catalogs, ListedCatalog, MANIFEST_NAME, Manifest};

/// Where the page's own catalog lies, and below which folder others do, seen from the page.
const OWN: &str = "catalog";
const OTHERS: &str = "catalogs";

/// A catalog's folder, and what it is called among others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFolder {
    /// 1 to 64 ASCII letters, digits, `-` or `_`; none for the page's own.
    pub name: Option<String>,
    /// The folder that holds `catalog.json`.
    pub folder: PathBuf,
}

/// A catalog's folder, and where it is for the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Path from the page, without slashes at its ends: `catalog`, `catalogs/NAME`.
    pub path: String,
    /// The folder that holds `catalog.json`.
    pub folder: PathBuf,
}

/// Why catalogs cannot be put beside one page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GivenError {
    /// Nothing is given.
    #[error("name at least one catalog's folder")]
    None,
    /// More than the page's own has no name.
    #[error("{} has no name: only one catalog may be without; write NAME={}", .0.display(), .0.display())]
    Unnamed(PathBuf),
    /// Two are called the same.
    #[error("two catalogs are called {0}: give each a name of its own")]
    Twice(String),
    /// More than a list may have.
    #[error("these are {0} catalogs, and a page may have {most}", most = Catalogs::MOST)]
    Many(usize),
}

impl FromStr for NamedFolder {
    type Err = std::convert::Infallible;

    /// What stands before the first `=` is a name if it can be one; a folder of such a name is given with `./` before it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = text.split_once('=').filter(|(name, _)| Manifest::check_id(name).is_ok());
        Ok(match named {
            Some((name, folder)) => Self { name: Some(name.to_owned()), folder: folder.into() },
            None => Self { name: None, folder: text.into() },
        })
    }
}

impl Placed {
    /// The page's own catalog.
    pub fn own(folder: PathBuf) -> Self {
        Self { path: OWN.to_owned(), folder }
    }

    /// Where its `catalog.json` is, seen from the page.
    pub fn url(&self) -> Result<CatalogUrl, CatalogError> {
        format!("{}/{MANIFEST_NAME}", self.path).parse()
    }
}

/// Places catalogs beside a page: the one without a name, or else the first, is the page's own; each other is in a folder of
/// its name. With those `elsewhere` they are as many as a list may have.
pub fn placed(given: Vec<NamedFolder>, elsewhere: usize) -> Result<Vec<Placed>, GivenError> {
    let count = given.len() + elsewhere;
    if count > Catalogs::MOST {
        return Err(GivenError::Many(count));
    }
    let own = given.iter().position(|given| given.name.is_none()).unwrap_or_default();
    let (mut placed, mut names) = (Vec::new(), BTreeSet::new());
    for (at, NamedFolder { name, folder }) in given.into_iter().enumerate() {
        if let Some(twice) = name.as_ref().filter(|name| !names.insert((*name).clone())) {
            return Err(GivenError::Twice(twice.clone()));
        }
        match (at == own, name) {
            (true, _) => placed.insert(0, Placed::own(folder)),
            (false, Some(name)) => placed.push(Placed { path: format!("{OTHERS}/{name}"), folder }),
            (false, None) => return Err(GivenError::Unnamed(folder)),
        }
    }
    if placed.is_empty() { Err(GivenError::None) } else { Ok(placed) }
}

/// Reads `URL` or `TITLE=URL`: a catalog of another origin. Without a title it is called by its host.
pub fn elsewhere(text: &str) -> Result<ListedCatalog, CatalogError> {
    let is_url = |text: &str| {
        ["http://", "https://"].iter().any(|scheme| text.to_ascii_lowercase().starts_with(scheme))
    };
    let (title, url) = match text.split_once('=') {
        Some((title, url)) if !is_url(text) => (Some(title), url),
        _ => (None, text),
    };
    let address: CatalogUrl = url.parse()?;
    let Some(origin) = address.origin() else {
        let why = format!("{url} is not absolute: begin with https:// or http://");
        return Err(CatalogError::content(MANIFEST_NAME, why));
    };
    let host = origin.as_str().split_once("://").map(|(_, host)| host.to_owned());
    Ok(ListedCatalog::new(title.map(str::to_owned).or(host).as_deref().unwrap_or_default(), address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(words: &[&str]) -> Result<Vec<(String, PathBuf)>, GivenError> {
        let given = words.iter().map(|word| word.parse().expect("infallible")).collect();
        Ok(placed(given, 0)?.into_iter().map(|placed| (placed.path, placed.folder)).collect())
    }

    #[test]
    fn the_one_without_a_name_is_the_pages_own_and_else_the_first() {
        let pair = |path: &str, folder: &str| (path.to_owned(), PathBuf::from(folder));
        assert_eq!(paths(&["a"]), Ok(vec![pair("catalog", "a")]));
        assert_eq!(paths(&["x=a", "b"]), Ok(vec![pair("catalog", "b"), pair("catalogs/x", "a")]));
        assert_eq!(paths(&["x=a", "y=b"]), Ok(vec![pair("catalog", "a"), pair("catalogs/y", "b")]));
        assert_eq!(paths(&["./x=a", "y=b=c"]), Ok(vec![pair("catalog", "./x=a"), pair("catalogs/y", "b=c")]));
    }

    #[test]
    fn what_cannot_be_placed_is_refused_with_the_way_out() {
        assert_eq!(paths(&[]), Err(GivenError::None));
        assert_eq!(paths(&["x=a", "x=b"]), Err(GivenError::Twice("x".into())));
        let error = paths(&["a", "b"]).expect_err("two without a name").to_string();
        assert!(error.contains("NAME=b"), "{error}");
        let many: Vec<String> = (0..=Catalogs::MOST).map(|n| format!("n{n}=a")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(paths(&many), Err(GivenError::Many(Catalogs::MOST + 1)));
    }

    #[test]
    fn a_catalog_elsewhere_has_a_title_or_is_called_by_its_host() {
        let url = "https://maps.example:8443/a=b/catalog.json";
        for (text, title) in
            [(url.to_owned(), "maps.example:8443"), (format!("The river={url}"), "The river")]
        {
            let listed = elsewhere(&text).expect("an address");
            assert_eq!((listed.title.as_str(), listed.url.as_str()), (title, url));
        }
        for bad in
            ["catalog/catalog.json", "a=catalog.json", "https://maps.example", "ftp://a/catalog.json", "="]
        {
            assert!(elsewhere(bad).is_err(), "{bad}");
        }
    }
}
