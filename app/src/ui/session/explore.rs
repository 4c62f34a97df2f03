//! The explorer, the second worker: it is started when one of its abilities is first used, and asked for pictures, layers, groups and
//! concepts.

use std::rc::Rc;

use clip_rs_catalog::Manifest;
use leptos::prelude::*;

use super::Session;
use crate::browser::pixels::Pixels;
use crate::catalogs;
use crate::load;
use crate::protocol::explore::{Request, Response};
use crate::protocol::{Failure, FailureKind, Progress};
use crate::ui::client::{self, Client, News};

/// The explorer, with the catalog that it has.
pub struct Explorer {
    client: Rc<Client<client::Explorer>>,
    digest: String,
}

/// What the explorer is doing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Exploring {
    /// What for, while it works.
    pub busy: Option<&'static str>,
    /// How much of what it needs has arrived.
    pub progress: Progress,
    /// Why it could not do the last thing.
    pub failed: Option<String>,
    /// What a person gave that was not taken, until they give something else or dismiss it.
    pub refused: Option<String>,
}

impl Session {
    /// Asks the explorer, which is started if need be. `what` says for people what it is doing. None if that failed, which is
    /// then said.
    pub async fn explore(
        self,
        what: &'static str,
        request: Request,
        bytes: &[u8],
    ) -> Option<(Response, Vec<u8>)> {
        self.now(Some(what), None);
        let answer = async {
            let client = self.explorer().await?;
            client.call(request, bytes).await
        };
        let answer = answer.await;
        let failed = answer.as_ref().err().map(|failure| failure.message.clone());
        if answer.as_ref().is_err_and(|failure| failure.kind == FailureKind::Worker) {
            self.explorer.set_value(None);
        }
        self.now(None, failed);
        answer.ok()
    }

    /// The direction of a picture from outside.
    pub async fn see(self, pixels: &Pixels) -> Option<clip_rs_search::Embedding> {
        let request = Request::Picture { width: pixels.width, height: pixels.height };
        match self.explore("Looking at the picture", request, &pixels.rgba).await? {
            (Response::Picture { vector, .. }, _) => Some(vector),
            _ => None,
        }
    }

    /// Says what went wrong beside the explorer.
    pub fn could_not(self, why: String) {
        self.exploring.update(|exploring| exploring.refused = Some(why));
    }

    /// Something else was given: what was wrong with the last thing is over.
    pub fn given(self) {
        self.exploring.update(|exploring| exploring.refused = None);
    }

    fn now(self, busy: Option<&'static str>, failed: Option<String>) {
        self.exploring.update(|exploring| {
            let refused = exploring.refused.take();
            *exploring = Exploring { busy, failed, progress: Progress::default(), refused };
        });
    }

    async fn explorer(self) -> Result<Rc<Client<client::Explorer>>, Failure> {
        // One starts it; who asks meanwhile waits for the same.
        let starting = self.starting.get_value();
        let _one_after_the_other = starting.lock().await;
        let catalog = catalogs::at_hand();
        let known = self.manifest.get_untracked();
        let is_of = |manifest: &Manifest, digest: &str| manifest.digest == digest;
        let ready = self.explorer.with_value(|explorer| {
            let explorer = explorer.as_ref()?;
            Some((
                Rc::clone(&explorer.client),
                known.as_ref().is_none_or(|known| is_of(known, &explorer.digest)),
            ))
        });
        let client = match ready {
            Some((client, true)) => return Ok(client),
            Some((client, false)) => client,
            None => Rc::new(Client::start(move |news| self.hear_explorer(news)).await?),
        };
        let (text, manifest) = load::manifest(&catalog).await?;
        client.call(Request::Open { catalog, manifest: Some(text) }, &[]).await?;
        self.explorer.set_value(Some(Explorer { client: Rc::clone(&client), digest: manifest.digest }));
        Ok(client)
    }

    fn hear_explorer(self, news: News) {
        match news {
            News::Progress(progress) => self.exploring.update(|exploring| exploring.progress = progress),
            News::Found { .. } => {}
            // Whoever waits for it is told so by the call; the next one starts it anew.
            News::Died(_) => self.explorer.set_value(None),
        }
    }
}
