//! What failed, in sentences: what happened, to which file, and what can be done.

use leptos::prelude::*;

use super::icons;
use super::session::{Phase, Session};
use crate::protocol::{Failure, FailureKind};

#[component]
pub fn FailurePanel() -> impl IntoView {
    let session = expect_context::<Session>();
    let failure = move || match session.phase.get() {
        Phase::Failed(failure) => Some(failure),
        _ => None,
    };
    move || {
        let failure = failure()?;
        let (title, advice) = words(&failure);
        let label = if failure.kind == FailureKind::Stopped { "Load again" } else { "Try again" };
        Some(view! {
            <div class="failure" role="alert" data-testid="error">
                <h2>{icons::warning()} {title}</h2>
                <p class="what">{failure.message.clone()}</p>
                <p class="soft">{advice}</p>
                <button type="button" class="primary" data-testid="retry" on:click=move |_| session.retry()>{label}</button>
            </div>
        })
    }
}

/// A heading, and what a person can do.
fn words(failure: &Failure) -> (&'static str, &'static str) {
    let catalog = failure.file.as_deref() == Some(clip_rs_catalog::MANIFEST_NAME);
    match failure.kind {
        FailureKind::Missing if catalog => (
            "There is no catalog here",
            "The page looks for catalog/catalog.json beside itself, or for the catalog that its address names. If you run this site, put a catalog there; else tell who does.",
        ),
        FailureKind::Missing => (
            "A file is missing on the server",
            "The catalog may just have been replaced: try again. If that does not help, tell who runs this site.",
        ),
        FailureKind::Network => (
            "A file could not be loaded",
            "Check your connection, then try again. What was loaded completely is not loaded twice.",
        ),
        FailureKind::Damaged => (
            "A file arrived damaged",
            "It was fetched twice and did not match its fingerprint. Try again later; if it stays, tell who runs this site which file it is.",
        ),
        FailureKind::Version => (
            "This catalog is of another version",
            "If you run this site, make the catalog anew or put the page of its version beside it; else tell who does.",
        ),
        FailureKind::Unlisted => (
            "This page may not show that catalog",
            "Whoever runs this site can allow it: with clip-rs-server --catalog or --catalog-from, or in the file catalogs.json beside the page.",
        ),
        FailureKind::Engine => (
            "This page lacks the engine for the catalog's model",
            "If you run this site, build the page with cargo xtask dist, or index with a CLIP model; else tell who does.",
        ),
        FailureKind::Request => ("That search cannot be answered", "Try other words."),
        FailureKind::Worker => (
            "The search engine stopped",
            "Trying again starts it afresh. If it stops each time, close other tabs to free memory, or use a newer browser.",
        ),
        FailureKind::Full => ("There is no more room", "Free some room on this device, then try again."),
        FailureKind::Stopped => ("Not loaded", "Searching needs the files; the map works without them."),
    }
}
