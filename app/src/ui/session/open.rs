//! The worker's life and the catalog it opens: start, progress, failure, stop, retry.

use std::sync::Arc;

use clip_rs_catalog::Manifest;
use futures::future::try_join;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{CATALOG, Phase, Session, next, unexpected};
use crate::browser::{clock, location, page};
use crate::load;
use crate::protocol::{Failure, FailureKind, Progress, Request, Response};
use crate::ui::client::{Client, News};

impl Session {
    /// Starts, or starts again: a fresh worker, the catalog, then whatever is asked for.
    pub fn start(self) {
        let life = next(self.life);
        next(self.turn);
        self.client.set_value(None);
        self.loaded.set_value(false);
        self.progress.set(Progress::default());
        self.phase.set(Phase::Loading);
        spawn_local(async move {
            let opened = self.open(life).await;
            if self.life.get_value() == life {
                match opened {
                    Ok(millis) => self.opened(millis),
                    Err(failure) => self.fail(failure),
                }
            }
        });
    }

    async fn open(self, life: u32) -> Result<f64, Failure> {
        let no_page = || Failure::new(FailureKind::Worker, "The page has no address to load from.");
        let catalog = location::absolute(CATALOG).ok_or_else(no_page)?;
        // The map needs no engine, and the engine no map: both begin as soon as the manifest is there.
        let client = Client::start(move |news| self.hear(life, news));
        let (client, manifest) = try_join(client, self.learn(life, &catalog)).await?;
        let opening = client.call(Request::Open { catalog, manifest: Some(manifest) });
        if self.life.get_value() == life {
            self.client.set_value(Some(client));
        }
        match opening.await? {
            Response::Opened { millis, .. } => Ok(millis),
            other => Err(unexpected(&other)),
        }
    }

    /// Loads the manifest, and makes it known. Returns its text.
    async fn learn(self, life: u32, catalog: &str) -> Result<String, Failure> {
        let (text, manifest) = load::manifest(catalog).await?;
        if self.life.get_value() == life {
            self.know(Arc::new(manifest));
        }
        Ok(text)
    }

    fn opened(self, millis: f64) {
        clock::record("clip-rs:ready", millis);
        self.loaded.set_value(true);
        match untrack(|| self.wanted()) {
            Some(_) => self.run(),
            None => self.phase.set(Phase::Ready),
        }
    }

    fn hear(self, life: u32, news: News) {
        if self.life.get_value() != life {
            return;
        }
        match news {
            News::Progress(progress) => self.progress.set(progress),
            // A worker that was busy fails its call too; one that idled fails nothing else.
            News::Died(failure) => self.fail(failure),
        }
    }

    fn know(self, manifest: Arc<Manifest>) {
        page::set_title(&format!("{} · CLIP-RS", manifest.title));
        let known = self.manifest.get_untracked();
        if known.as_ref() == Some(&manifest) && self.pictures.with_untracked(Option::is_some) {
            return;
        }
        self.pictures.set(None);
        self.damages.set(Vec::new());
        self.manifest.set(Some(manifest));
        self.load_listing();
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

    /// Tries again what failed: the search if the engine works, else everything.
    pub fn retry(self) {
        if self.loaded.get_value() { self.run() } else { self.start() }
    }
}
