//! The listing, without which no picture can be checked, and the pictures that failed.

use std::rc::Rc;

use clip_rs_catalog::{Listing, MANIFEST_NAME, Manifest};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{CATALOG, Damage, Session};
use crate::browser::location;
use crate::load::{self, LoadError};
use crate::protocol::FileProgress;
use crate::ui::pictures::Pictures;

impl Session {
    /// Loads the listing, without which no picture can be checked; search does not need it.
    pub(super) fn load_listing(self) {
        let Some(manifest) = self.manifest.get_untracked() else { return };
        spawn_local(async move {
            let listing = self.listing(&manifest).await;
            // Another catalog may have come meanwhile.
            if self.manifest.get_untracked().as_ref() == Some(&manifest) {
                match listing {
                    Ok(pictures) => self.pictures.set(pictures.map(Rc::new)),
                    Err(error) => self.damaged(&error),
                }
            }
        });
    }

    async fn listing(self, manifest: &Manifest) -> Result<Option<Pictures>, LoadError> {
        let (Some(name), Some(url)) = (manifest.listing(), location::absolute(CATALOG)) else {
            return Ok(None);
        };
        let file = manifest.file(name)?;
        let base = url.strip_suffix(MANIFEST_NAME).unwrap_or(&url).to_owned();
        let start =
            FileProgress { role: "List of pictures".into(), name: name.into(), done: 0, total: file.bytes };
        self.listing_progress.set(Some(start));
        let arrived = move |done: u64| {
            self.listing_progress.update(|progress| {
                if let Some(progress) = progress {
                    progress.done = done.min(progress.total);
                }
            });
        };
        let bytes = load::file(&base, file, arrived).await?;
        let listing = Listing::from_bytes(&bytes).map_err(|error| error.named(name))?;
        Ok(Pictures::new(base, manifest, listing))
    }

    /// Notes a picture that could not be shown.
    pub fn damaged(self, error: &LoadError) {
        let file = error.file().unwrap_or("a picture").to_owned();
        let damage = Damage { message: error.to_string(), file };
        self.damages.update(|damages| {
            if damages.iter().all(|known| known.file != damage.file) {
                damages.push(damage);
            }
        });
    }

    /// Tries failed pictures again.
    pub fn retry_pictures(self) {
        self.damages.set(Vec::new());
        if self.pictures.with_untracked(Option::is_none) {
            self.load_listing();
        }
        self.attempt.update(|attempt| *attempt = attempt.wrapping_add(1));
    }
}
