//! What has changed since another date: asked of the explorer, shown as results, the most changed first, and as a layer.

use std::rc::Rc;
use std::sync::Arc;

use clip_rs_catalog::MANIFEST_NAME;
use clip_rs_search::Polygon;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::{Phase, Session, Timing};
use crate::ask::Ask;
use crate::browser::location;
use crate::catalogs;
use crate::load;
use crate::painted::Painted;
use crate::protocol::Failure;
use crate::protocol::explore::{Request, Response, Since};
use crate::trouble::{Part, Trouble};
use crate::ui::pictures::Pictures;

impl Session {
    /// Compares with the date of `ask`, for the search that has this number.
    pub(super) fn compare(self, turn: u32, ask: Ask, areas: Vec<Polygon>) {
        self.change();
        let limit = self.limit.get_untracked();
        spawn_local(async move {
            let answer = match date(ask.since().unwrap_or_default()).await {
                Ok(since) => {
                    // What cannot be had now lacks its pictures only.
                    let then = match &since {
                        Since::Catalog { url } => pictures(url).await,
                        Since::Day { .. } => self.pictures.get_untracked(),
                    };
                    self.then.set(then);
                    let request = Request::Changes { since, areas, taken: ask.taken, limit };
                    self.explore("Comparing the two dates", request, &[]).await
                }
                Err(failure) => {
                    self.could_not(failure.message);
                    None
                }
            };
            if self.turn.get_value() != turn {
                return;
            }
            let Some((Response::Changes(mut compared), cells)) = answer else {
                // Why is said already.
                self.compared.set(None);
                self.hits.set(Arc::default());
                return self.phase.set(Phase::Ready);
            };
            let missing = compared.missing.iter().map(|failure| Trouble::reported(Part::Details, failure));
            self.note(missing.collect());
            self.likely_from.set(None);
            self.is_cut.set(false);
            self.timing.set(Some(Timing {
                encode_ms: 0.0,
                search_ms: compared.layer.millis,
                looked_at: None,
            }));
            let hits = std::mem::take(&mut compared.hits);
            self.compared.set(Some(Painted::of(compared, cells)));
            self.found(hits);
        });
    }
}

/// The imagery of another catalog.
async fn pictures(url: &str) -> Option<Rc<Pictures>> {
    let (_, manifest) = load::manifest(url).await.ok()?;
    let base = url.strip_suffix(MANIFEST_NAME).unwrap_or(url).to_owned();
    Some(Rc::new(Pictures::new(base, Arc::new(manifest))))
}

/// The date that a link or a choice means, if the page may show it.
async fn date(since: &str) -> Result<Since, Failure> {
    if let Ok(day) = since.parse() {
        return Ok(Since::Day { day });
    }
    let url = location::absolute(since).unwrap_or_else(|| since.to_owned());
    catalogs::check(&url).await?;
    Ok(Since::Catalog { url })
}
