//! What could not be shown, in words: of which kind it is, why, and how many files it is about.

use std::collections::BTreeSet;

use clip_rs_catalog::{CatalogError, Fault, MANIFEST_NAME};

use crate::format::counted;
use crate::load::LoadError;
use crate::protocol::{Failure, FailureKind};

/// What a file that could not be had is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A newer catalog.
    Catalog,
    /// A page of the listing.
    Listing,
    /// A page of places and addresses.
    Details,
    /// A tile or picture.
    Picture,
}

/// Why it could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// No answer.
    Silence,
    /// An answer that is no success, with its HTTP status.
    Refused(u16),
    /// The server has no such file.
    Missing,
    /// It came with other content than promised, twice.
    Damaged(String),
    /// Anything else, in a sentence.
    Other(String),
}

/// A file that could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What it is for.
    pub part: Part,
    /// Why.
    pub cause: Cause,
    /// Path relative to `catalog.json`.
    pub file: String,
}

impl Trouble {
    /// What `error` means for this part of the catalog.
    pub fn new(part: Part, error: &LoadError) -> Self {
        let cause = match error {
            LoadError::Status { status: 404 | 410, .. } => Cause::Missing,
            LoadError::Status { status, .. } => Cause::Refused(*status),
            LoadError::Network { .. } => Cause::Silence,
            LoadError::Memory { .. } | LoadError::NoRanges { .. } => Cause::Other(error.to_string()),
            LoadError::Damaged(CatalogError::File { fault: fault @ Fault::Version { .. }, .. }) => {
                Cause::Other(fault.to_string())
            }
            LoadError::Damaged(CatalogError::File { fault, .. }) => Cause::Damaged(fault.to_string()),
            LoadError::Damaged(error) => Cause::Damaged(error.to_string()),
        };
        Self { part, cause, file: error.file().unwrap_or_default().to_owned() }
    }

    /// The same of a failure that the worker reports.
    pub fn reported(part: Part, failure: &Failure) -> Self {
        let message = || failure.message.clone();
        let cause = match failure.kind {
            FailureKind::Missing => Cause::Missing,
            FailureKind::Network => Cause::Silence,
            FailureKind::Damaged => Cause::Damaged(message()),
            _ => Cause::Other(message()),
        };
        Self { part, cause, file: failure.file.clone().unwrap_or_default() }
    }
}

/// Why there is no catalog at the absolute URL of its `catalog.json`. Where the host answers with something else for what it
/// does not have, there is none.
pub fn of_manifest(url: &str, error: LoadError) -> Failure {
    match error {
        LoadError::Damaged(CatalogError::File { fault: Fault::Foreign { found }, .. }) => Failure {
            kind: FailureKind::Missing,
            file: Some(MANIFEST_NAME.to_owned()),
            message: format!("{url} answers with {found}."),
        },
        error => error.into(),
    }
}

/// What to say of all `troubles`; none if there are none. The gravest is said in full: what other files hang on comes first.
pub fn sentence(troubles: &[Trouble]) -> Option<String> {
    let gravest = troubles.iter().min_by_key(|trouble| trouble.part)?;
    let same = |trouble: &&Trouble| {
        trouble.part == gravest.part
            && std::mem::discriminant(&trouble.cause) == std::mem::discriminant(&gravest.cause)
    };
    // A file may be missing in several places of the page.
    let files: BTreeSet<&str> = troubles.iter().map(|trouble| trouble.file.as_str()).collect();
    let count = troubles.iter().filter(same).map(|trouble| &trouble.file).collect::<BTreeSet<_>>().len();
    let others = files.len().saturating_sub(count);
    let also = if others == 0 { String::new() } else { format!(" (And {}.)", counted(others, "other file")) };
    Some(format!("{}{also}", said(gravest, count)))
}

/// The sentence about `count` files of one kind, of which `first` is one.
fn said(first: &Trouble, count: usize) -> String {
    let file = &first.file;
    let what = match first.part {
        Part::Catalog => "a newer catalog".to_owned(),
        Part::Listing => "the list of pictures".to_owned(),
        Part::Details => "places and addresses".to_owned(),
        Part::Picture => counted(count, "picture"),
    };
    let named = if count == 1 { file.clone() } else { format!("{file} and {} more", count - 1) };
    match &first.cause {
        Cause::Silence if first.part == Part::Picture => {
            format!("The server does not answer: {what} could not be loaded.")
        }
        Cause::Silence => format!("The server does not answer: {what} could not be loaded ({named})."),
        Cause::Refused(status) => {
            format!("The server answered {status}: {what} could not be loaded ({named}).")
        }
        Cause::Missing => format!("Missing on the server: {what} ({named})."),
        Cause::Damaged(why) if count == 1 => {
            format!("Damaged on the server or on the way: {what} ({}).", about(file, why))
        }
        Cause::Damaged(_) => format!("Damaged on the server or on the way: {what} ({named})."),
        Cause::Other(why) => format!("Not loaded: {what} ({}).", about(file, why)),
    }
}

/// `why` with the file's name before it, once.
fn about(file: &str, why: &str) -> String {
    if file.is_empty() || why.starts_with(file) { why.to_owned() } else { format!("{file}: {why}") }
}

#[cfg(test)]
mod tests {
    use clip_rs_catalog::Manifest;

    use super::*;

    fn picture(cause: Cause, file: &str) -> Trouble {
        Trouble { part: Part::Picture, cause, file: file.into() }
    }

    #[test]
    fn a_silent_server_is_said_in_words_and_names_no_picture() {
        let silent = |file: &str| {
            Trouble::new(Part::Picture, &LoadError::Network { name: file.into(), reason: "cut".into() })
        };
        assert_eq!(
            sentence(&[silent("a.jpg"), silent("b.jpg"), silent("c.jpg")]).as_deref(),
            Some("The server does not answer: 3 pictures could not be loaded.")
        );
        assert_eq!(sentence(&[]), None);
    }

    #[test]
    fn a_web_page_in_the_place_of_a_catalog_is_no_damaged_catalog() {
        let url = "http://localhost/catalog/catalog.json";
        let failure = |text: &str| {
            of_manifest(url, LoadError::from(Manifest::from_json(text.as_bytes()).expect_err("no manifest")))
        };
        let page = failure("\n<!DOCTYPE html><title>Welcome</title>");
        assert_eq!((page.kind, page.file.as_deref()), (FailureKind::Missing, Some(MANIFEST_NAME)));
        assert_eq!(page.message, format!("{url} answers with a web page."));
        assert_eq!(failure("").message, format!("{url} answers with no JSON object."));
        assert_eq!(
            failure("{\"format\": 2").kind,
            FailureKind::Damaged,
            "the beginning of one is a damaged one"
        );
    }

    #[test]
    fn what_is_missing_or_damaged_is_counted_and_named() {
        let missing =
            |file: &str| Trouble::new(Part::Picture, &LoadError::Status { name: file.into(), status: 404 });
        assert_eq!(
            sentence(&[missing("a.jpg"), missing("b.jpg"), missing("a.jpg")]).as_deref(),
            Some("Missing on the server: 2 pictures (a.jpg and 1 more).")
        );
        let damaged = picture(Cause::Damaged("3 bytes long, expected 4".into()), "17/1/2.jpg");
        assert_eq!(
            sentence(&[damaged]).as_deref(),
            Some("Damaged on the server or on the way: 1 picture (17/1/2.jpg: 3 bytes long, expected 4).")
        );
    }

    #[test]
    fn the_list_of_pictures_comes_before_the_pictures() {
        let listing = Trouble::new(
            Part::Listing,
            &LoadError::Status { name: "listing.0123456789abcdef.bin".into(), status: 503 },
        );
        assert_eq!(
            sentence(&[picture(Cause::Missing, "a.jpg"), listing]).as_deref(),
            Some(
                "The server answered 503: the list of pictures could not be loaded \
                 (listing.0123456789abcdef.bin). (And 1 other file.)"
            )
        );
    }

    #[test]
    fn places_that_the_worker_could_not_load_name_their_file() {
        let failure = Failure {
            kind: FailureKind::Damaged,
            file: Some("details.0.bin".into()),
            message: "details.0.bin: 3 bytes long, expected 4".into(),
        };
        assert_eq!(
            sentence(&[Trouble::reported(Part::Details, &failure)]).as_deref(),
            Some(
                "Damaged on the server or on the way: places and addresses (details.0.bin: 3 bytes long, expected 4)."
            )
        );
    }
}
