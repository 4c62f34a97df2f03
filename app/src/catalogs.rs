//! Which catalog the page is about, and which others it may show: the address after `?catalog=`, and the list beside the page
//! ([`Catalogs`]).
//!
//! The catalog at hand stays the same for as long as the page lives: another one is shown by loading the page anew.

use clip_rs_catalog::{CATALOGS_NAME, Catalogs, ListedCatalog, MANIFEST_NAME, OWN_CATALOG};

use crate::ask::Ask;
use crate::browser::location;
use crate::link::Link;
use crate::load::{self, LoadError};
use crate::paths::url_path;
use crate::protocol::{Failure, FailureKind};

/// The parameter of the page's address that names a catalog.
const PARAMETER: &str = "catalog";
/// So much of an address is repeated to people, characters: it may be of somebody else's making.
const MOST_SAID: usize = 200;

/// Absolute URL of the `catalog.json` at hand: that which `?catalog=` names, else the page's own. Whether the page may show it is
/// another question: [`check`].
pub fn at_hand() -> String {
    let wanted = location::parameter(PARAMETER).unwrap_or_else(|| OWN_CATALOG.to_owned());
    location::absolute(&wanted).unwrap_or(wanted)
}

/// Absolute URL of its folder, with a slash at the end.
pub fn folder() -> String {
    let url = at_hand();
    url.strip_suffix(MANIFEST_NAME).unwrap_or(&url).to_owned()
}

/// Absolute URL of the list.
pub fn list_url() -> Option<String> {
    location::absolute(CATALOGS_NAME)
}

/// The list that lies beside the page.
pub async fn listed() -> Result<Catalogs, LoadError> {
    load::catalogs(&list_url().unwrap_or_else(|| CATALOGS_NAME.to_owned())).await
}

/// What people read of a listed catalog: its title, with its days where they are known.
pub fn titled(listed: &ListedCatalog) -> String {
    let title = &listed.title;
    match listed.holds.as_ref().and_then(|holds| holds.captured) {
        Some([first, last]) if first == last => format!("{title}, {first}"),
        Some([first, last]) => format!("{title}, {first} to {last}"),
        None => title.clone(),
    }
}

/// Fails unless the page may show the catalog with this absolute URL: its own always, any other if it is listed.
pub async fn check(catalog: &str) -> Result<(), Failure> {
    if location::absolute(OWN_CATALOG).as_deref() == Some(catalog) {
        return Ok(());
    }
    let is_this =
        |listed: &ListedCatalog| location::absolute(listed.url.as_str()).as_deref() == Some(catalog);
    match listed().await {
        Ok(list) if list.entries().iter().any(is_this) => Ok(()),
        // A page without a list may show its own catalog alone.
        Ok(_) | Err(LoadError::Status { status: 404 | 410, .. } | LoadError::Damaged(_)) => {
            Err(unlisted(catalog))
        }
        // Whether it is listed is not known.
        Err(error) => Err(error.into()),
    }
}

fn unlisted(catalog: &str) -> Failure {
    let said: String = catalog.chars().filter(|c| !c.is_control()).take(MOST_SAID).collect();
    let cut = if said.len() < catalog.len() { " …" } else { "" };
    Failure::new(FailureKind::Unlisted, format!("This page may not show the catalog {said}{cut}."))
}

/// A failure to fetch something of the catalog with this absolute URL: where that is on another site, what may be the reason.
pub fn explained(catalog: &str, failure: Failure) -> Failure {
    let Some(own) = location::origin().filter(|own| !catalog.starts_with(&format!("{own}/"))) else {
        return failure;
    };
    match failure.kind {
        FailureKind::Network => {
            let why = format!(
                "{catalog} could not be fetched: its server does not answer, or does not let pages of {own} read it \
                 (clip-rs-server --embed-from {own})."
            );
            Failure { message: why, ..failure }
        }
        _ => failure,
    }
}

/// Address of the page, seen from itself, that shows the catalog `url`, as it is listed, and searches it for the words of `ask`.
pub fn page_of(url: &str, ask: &Ask) -> String {
    let fragment = Link { ask: ask.words_alone(), ..Link::default() }.to_fragment();
    let fragment = if fragment.is_empty() { fragment } else { format!("#{fragment}") };
    match url {
        OWN_CATALOG => format!("./{fragment}"),
        url => format!("./?{PARAMETER}={}{fragment}", url_path(url)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ask::{About, Part};

    #[test]
    fn another_catalog_is_searched_for_the_same_words_and_nothing_of_this_one() {
        let mut ask = Ask { place: Some("near Leesburg".into()), ..Ask::words("a pond & a road") };
        ask.add(Part::plus(About::Item("17/1/2".into())));
        ask.add(Part::minus(About::Words("cars".into())));
        assert_eq!(
            page_of("catalogs/river/catalog.json", &ask),
            "./?catalog=catalogs/river/catalog.json#q=a%20pond%20%26%20a%20road&text=-0.5*cars"
        );
        assert_eq!(page_of(OWN_CATALOG, &Ask::default()), "./");
        assert_eq!(
            page_of("https://maps.example:81/a/catalog.json", &Ask::default()),
            "./?catalog=https%3A//maps.example%3A81/a/catalog.json"
        );
    }

    #[test]
    fn the_refusal_names_the_catalog_and_not_more_of_it_than_can_be_read() {
        let refused = unlisted("https://elsewhere.example/catalog.json");
        assert_eq!(refused.kind, FailureKind::Unlisted);
        assert_eq!(
            refused.message,
            "This page may not show the catalog https://elsewhere.example/catalog.json."
        );
        let long = unlisted(&"a".repeat(5000)).message;
        assert!(long.ends_with("aaa ….") && long.len() < 300, "{long}");
    }
}
