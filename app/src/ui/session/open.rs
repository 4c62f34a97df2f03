//! The worker's life and the catalog it opens: start, progress, failure, stop, retry.

use std::rc::Rc;
use std::sync::Arc;

use clip_rs_catalog::Manifest;
use futures::future::try_join;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::places::Known;
use super::{Phase, Session, next, unexpected};
use crate::browser::{clock, page, worker};
use crate::catalogs;
use crate::load;
use crate::protocol::{Failure, FailureKind, FileProgress, Progress, Request, Response};
use crate::trouble;
use crate::ui::client::{Client, News, Search};
use crate::ui::pictures::Pictures;

impl Session {
    /// Starts, or starts again: a fresh worker, the catalog, then whatever is asked for.
    pub fn start(self) {
        let life = next(self.life);
        next(self.turn);
        self.client.set_value(None);
        self.loaded.set_value(false);
        self.coming.set_value(None);
        self.progress.set(Progress::default());
        self.phase.set(Phase::Loading);
        spawn_local(async move {
            let opened = self.open(life).await;
            if self.life.get_value() == life {
                match opened {
                    Ok(millis) => self.opened(millis),
                    Err(failure) if failure.kind == FailureKind::Engine && worker::use_general() => {
                        self.start()
                    }
                    Err(failure) => self.fail(failure),
                }
            }
        });
    }

    async fn open(self, life: u32) -> Result<f64, Failure> {
        let catalog = catalogs::at_hand();
        // The map needs no engine, and the engine no map: both begin as soon as the manifest is there.
        let client = Client::<Search>::start(move |news| self.hear(life, news));
        let (client, manifest) = try_join(client, self.learn(life, &catalog)).await?;
        let opening = client.call(Request::Open { catalog, manifest: Some(manifest) }, &[]);
        if self.life.get_value() == life {
            self.client.set_value(Some(client));
        }
        match opening.await?.0 {
            Response::Opened { millis, .. } => Ok(millis),
            other => Err(unexpected(&other)),
        }
    }

    /// Loads the manifest, if the page may show its catalog, and makes it known. Returns its text.
    async fn learn(self, life: u32, catalog: &str) -> Result<String, Failure> {
        catalogs::check(catalog).await?;
        let failed = |error| catalogs::explained(catalog, trouble::of_manifest(catalog, error));
        let (text, manifest) = load::manifest(catalog).await.map_err(failed)?;
        if self.life.get_value() == life {
            self.know(Arc::new(manifest));
        }
        Ok(text)
    }

    fn opened(self, millis: f64) {
        clock::record("clip-rs:ready", millis);
        self.loaded.set_value(true);
        self.run();
        self.learn_places();
    }

    fn hear(self, life: u32, news: News) {
        if self.life.get_value() != life {
            return;
        }
        match news {
            News::Progress(progress) => self.progress.set(progress),
            News::Found { call, hits, likely_from } => self.found_so_far(call, hits, likely_from),
            News::Died(failure) => self.revive(failure),
        }
    }

    /// Starts the worker again after it broke, and asks again what is asked: its files are in the browser's cache. Where it breaks
    /// over the same question once more, that is a failure.
    fn revive(self, failure: Failure) {
        let asked = self.confirmed();
        let again = self.revived.with_value(|revived| revived.as_ref() == Some(&asked));
        if !self.loaded.get_value() || again {
            return self.fail(failure);
        }
        leptos::logging::log!("{failure} It is started again.");
        self.revived.set_value(Some(asked));
        self.start();
    }

    /// Shows this catalog from now on.
    pub(super) fn know(self, manifest: Arc<Manifest>) {
        page::set_title(&format!("{} · CLIP-RS", manifest.title));
        let known = self.manifest.get_untracked();
        if known.as_ref() == Some(&manifest) {
            return;
        }
        let pictures = Rc::new(Pictures::new(catalogs::folder(), Arc::clone(&manifest)));
        self.listing_progress.set(None);
        self.places.set(Known::Nothing);
        self.days.set(manifest.captured.map(|[first, last]| (first, last)));
        self.manifest.set(Some(manifest));
        self.load_only_page(&pictures);
        self.pictures.set(Some(pictures));
    }

    /// Loads the listing at once if it is small, so that the first pictures need not wait for it.
    fn load_only_page(self, pictures: &Rc<Pictures>) {
        let Some(file) = pictures.only_page().cloned() else { return };
        let start = FileProgress {
            role: "List of pictures".into(),
            name: file.name.clone(),
            done: 0,
            total: file.bytes,
        };
        self.listing_progress.set(Some(start));
        let arrived = move |done: u64| {
            self.listing_progress.update(|progress| {
                if let Some(progress) = progress {
                    progress.done = done.min(progress.total);
                }
            });
        };
        let pictures = Rc::clone(pictures);
        spawn_local(async move {
            // Whatever is to be shown asks for it again, and says what it lacks.
            let _asked_for_again = pictures.load_page(&file.name, arrived).await;
        });
    }

    pub(super) fn fail(self, failure: Failure) {
        next(self.turn);
        if failure.kind == FailureKind::Worker {
            self.loaded.set_value(false);
        }
        self.phase.set(Phase::Failed(failure));
    }

    /// Stops the loading.
    pub fn stop(self) {
        next(self.life);
        self.client.set_value(None);
        self.fail(Failure::new(FailureKind::Stopped, "Loading was stopped."));
    }

    /// Tries again what failed: the search if the engine works, else everything. Either begins with a look at the catalog.
    pub fn retry(self) {
        if !self.loaded.get_value() {
            return self.start();
        }
        spawn_local(async move {
            self.look_for_newer().await;
            self.run();
        });
    }
}
