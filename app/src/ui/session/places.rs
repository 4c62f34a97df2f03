//! Words of place: the names of the catalog's own places and addresses, what a query says of them, and the last searches,
//! which are suggested beside them.

use std::rc::Rc;

use clip_rs_catalog::{Date, Details, Items, Manifest};
use clip_rs_search::Polygon;
use futures::future::try_join_all;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::Session;
use crate::ask::{Ask, Asking};
use crate::browser::storage;
use crate::catalogs;
use crate::history::{History, Suggestion, suggestions};
use crate::load::{self, LoadError};
use crate::places::{Gathering, Gazetteer, Where, parse};

/// Larger lists of places are not loaded on a person's connection, bytes.
const MOST_BYTES: u64 = 8 << 20;
/// Nor are those in more files: searches would have to wait for a connection.
const MOST_FILES: usize = 1000;
/// Suggestions at most.
const SUGGESTIONS: usize = 8;
const KEY: &str = "clip-rs:searches";

/// Names of places, once they are known.
#[derive(Clone, Default)]
pub enum Known {
    /// Not asked for yet.
    #[default]
    Nothing,
    /// On their way.
    Coming,
    /// Here.
    Places(Rc<Gazetteer>),
    /// Not to be had: too many, or their files are missing.
    Unknown,
}

impl Session {
    /// Learns the names of places, if they are not too many.
    pub(super) fn learn_places(self) {
        if !matches!(self.places.get_untracked(), Known::Nothing) {
            return;
        }
        let Some(manifest) = self.manifest.get_untracked() else { return };
        self.places.set(Known::Coming);
        spawn_local(async move {
            let known = match gazetteer(&manifest).await {
                Ok(Some((gazetteer, days))) => {
                    // A catalog's own word counts before what a walk through its items finds.
                    self.days.update(|known| *known = known.or(days));
                    Known::Places(Rc::new(gazetteer))
                }
                Ok(None) => Known::Unknown,
                Err(error) => {
                    leptos::logging::log!("names of places are not known: {error}");
                    Known::Unknown
                }
            };
            self.places.set(known);
            // A link, or an early query, may have been waiting for them.
            let waits = self.asking.with_untracked(|asking| asking.confirmed().place.is_some());
            let (before, words) =
                (self.confirmed(), self.asking.with_untracked(|asking| asking.text().to_owned()));
            self.split_place();
            if waits || (self.confirmed() != before && !words.is_empty()) {
                self.run();
            }
        });
    }

    /// Takes words of place out of the words, if they name a place that is known.
    pub(super) fn split_place(self) {
        let Some(gazetteer) = self.gazetteer() else { return };
        let Some(words) = self.confirmed().words else { return };
        let parsed = parse(&words, &gazetteer);
        if let Some(place) = parsed.place {
            self.confirm(|asking| {
                let words = crate::ask::words(&parsed.words);
                *asking =
                    Asking::about(Ask { words, place: Some(place.phrase), ..asking.confirmed().clone() });
            });
        }
    }

    /// Where a question is about; none where its place is not known (yet).
    pub fn place_of(self, ask: &Ask) -> Option<Polygon> {
        let place = self.place_named(ask.place.as_deref()?)?;
        let bounds = self
            .manifest
            .with_untracked(|manifest| manifest.as_ref().and_then(|manifest| manifest.bounds))?;
        Polygon::new(place.area(&*self.gazetteer()?, &bounds)).ok()
    }

    /// All areas that a question is held to.
    pub fn areas_of(self, ask: &Ask) -> Vec<Polygon> {
        ask.area.iter().cloned().chain(self.place_of(ask)).collect()
    }

    /// Follows whether the names of places are known.
    pub fn knows_places(self) {
        self.places.track();
    }

    /// Whether the names of places are still on their way.
    pub(super) fn waits_for_places(self) -> bool {
        matches!(self.places.get_untracked(), Known::Nothing | Known::Coming)
    }

    fn place_named(self, phrase: &str) -> Option<Where> {
        parse(phrase, &*self.gazetteer()?).place
    }

    fn gazetteer(self) -> Option<Rc<Gazetteer>> {
        match self.places.get_untracked() {
            Known::Places(gazetteer) => Some(gazetteer),
            _ => None,
        }
    }

    /// The last searches.
    pub fn history(self) -> Signal<History> {
        self.history.into()
    }

    /// Searches for this text and nothing else.
    pub fn search_anew(self, text: &str) {
        self.asking.set(Asking::default());
        self.search_for(text);
    }

    /// Searches for this text as if it were typed.
    pub fn search_for(self, text: &str) {
        self.asking.update(|asking| asking.typed(text.to_owned()));
        self.search_words();
    }

    /// Notes a search among the last ones.
    pub(super) fn remember(self) {
        let Ask { words, place, .. } = self.confirmed();
        let text: Vec<String> = words.into_iter().chain(place).collect();
        self.change_history(|history| history.remember(&text.join(" ")));
    }

    /// Forgets one of the last searches.
    pub fn forget(self, text: &str) {
        self.change_history(|history| history.forget(text));
    }

    /// Forgets all of them.
    pub fn forget_all(self) {
        self.change_history(History::clear);
    }

    fn change_history(self, change: impl FnOnce(&mut History)) {
        self.history.update(change);
        // Where the browser keeps nothing they are known as long as the page is open.
        let _kept = storage::set(KEY, &self.history.with_untracked(History::to_json));
    }

    /// What to suggest for what is in the box.
    pub fn suggestions(self) -> Vec<Suggestion> {
        let typed = self.asking.with(|asking| asking.text().to_owned());
        let examples =
            self.manifest.with(|manifest| manifest.as_ref().map(|manifest| manifest.examples.clone()));
        let gazetteer = match self.places.get() {
            Known::Places(gazetteer) => gazetteer,
            _ => Rc::new(Gazetteer::new(std::iter::empty())),
        };
        self.history.with(|history| {
            suggestions(&typed, history, &examples.unwrap_or_default(), &gazetteer, SUGGESTIONS)
        })
    }
}

/// The last searches that the browser kept.
pub(super) fn kept_history() -> History {
    storage::get(KEY).map(|text| History::from_json(&text)).unwrap_or_default()
}

/// The places and addresses of all items, and the first and last day that any was taken; none if their files are too large.
async fn gazetteer(manifest: &Manifest) -> Result<Option<(Gazetteer, Option<(Date, Date)>)>, LoadError> {
    let base = catalogs::folder();
    let names = manifest.shards.iter().flat_map(|shard| shard.details.iter().chain([&shard.items]));
    let sizes = names.map(|name| Ok(manifest.file(name)?.bytes)).collect::<Result<Vec<u64>, LoadError>>()?;
    let bytes = sizes.iter().fold(0, |sum: u64, bytes| sum.saturating_add(*bytes));
    if bytes > MOST_BYTES || sizes.len() > MOST_FILES {
        return Ok(None);
    }
    let file = async |name: &str| load::file(&base, manifest.file(name)?, &|_| {}).await;
    let mut places = Gathering::default();
    let mut days: Option<(Date, Date)> = None;
    for shard in &manifest.shards {
        let items =
            Items::from_bytes(&file(&shard.items).await?).map_err(|error| error.named(&shard.items))?;
        let pages = try_join_all(shard.details.iter().map(|name| file(name))).await?;
        for (page, (name, bytes)) in shard.details.iter().zip(pages).enumerate() {
            let details = Details::from_bytes(&bytes).map_err(|error| error.named(name))?;
            for at in 0..details.len() {
                let Some(known) = details.get(at) else { continue };
                if let Some(day) = known.captured {
                    days = Some(days.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
                }
                let Some(bounds) = items.footprint(page * shard.page_rows + at) else { continue };
                for name in [known.place, known.address].into_iter().flatten() {
                    places.add(&name, bounds);
                }
            }
        }
    }
    Ok(Some((places.finish(), days)))
}
