//! A catalog that is replaced while the page is open: the page notices, loads what changed, and goes on with what is asked.
//!
//! The engine changes first. From then on the page waits for the answer to what is asked, and shows the newer catalog and
//! that answer at once.

use std::sync::Arc;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{Session, unexpected};
use crate::browser::clock;
use crate::catalogs;
use crate::load;
use crate::protocol::{Failure, Request, Response};
use crate::trouble::{Part, Trouble};

/// Least time between two looks when the page comes to be seen again, milliseconds.
const NOW_AND_THEN_MS: f64 = 60_000.0;
/// Least time between two looks because a file is missing.
const AFTER_MISSING_MS: f64 = 5_000.0;

impl Session {
    /// Looks whether there is a newer catalog, unless that was done in the last minute.
    pub fn look_for_newer_now_and_then(self) {
        self.look_unless_within(NOW_AND_THEN_MS);
    }

    /// Looks whether there is a newer catalog, since a file of this one is gone.
    pub(super) fn look_for_newer_after_missing(self) {
        self.look_unless_within(AFTER_MISSING_MS);
    }

    fn look_unless_within(self, pause_ms: f64) {
        let long_ago =
            |looked: Option<f64>| looked.is_some_and(|looked| clock::now_ms() - looked >= pause_ms);
        if long_ago(self.looked_ms.get_value()) {
            spawn_local(self.look_for_newer());
        }
    }

    /// Looks whether there is a newer catalog, and takes it over. Does nothing while nothing is loaded, and while it is
    /// looking already.
    pub(super) async fn look_for_newer(self) {
        if !self.loaded.get_value() || self.looked_ms.get_value().is_none() {
            return;
        }
        self.looked_ms.set_value(None);
        let taken = self.take_newer().await;
        self.looked_ms.set_value(Some(clock::now_ms()));
        if let Err(failure) = taken {
            self.note(vec![Trouble::reported(Part::Catalog, &failure)]);
        }
    }

    async fn take_newer(self) -> Result<(), Failure> {
        let catalog = catalogs::at_hand();
        let life = self.life.get_value();
        let (text, manifest) = load::manifest(&catalog).await?;
        let known = self.coming.get_value().or_else(|| self.manifest.get_untracked());
        if known.is_some_and(|known| known.digest == manifest.digest) || self.life.get_value() != life {
            return Ok(());
        }
        let request = Request::Open { catalog, manifest: Some(text) };
        let answer = self.client.with_value(|client| client.as_ref().map(|client| client.call(request, &[])));
        let Some(answer) = answer else { return Ok(()) };
        match answer.await?.0 {
            Response::Opened { .. } if self.life.get_value() == life => {
                self.coming.set_value(Some(Arc::new(manifest)));
                self.run();
                Ok(())
            }
            Response::Opened { .. } => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    /// Shows the catalog that the engine answers from, if that is a newer one than the page shows.
    pub(super) fn change(self) {
        if let Some(manifest) = self.coming.try_update_value(Option::take).flatten() {
            self.lacking.set_value(Vec::new());
            self.know(manifest);
            self.learn_places();
        }
    }
}
