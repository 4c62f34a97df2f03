//! What the page knows and can do: one place for its state, shared by all components.
//!
//! A session goes through [`Phase`]s. Everything that takes time carries the number of its turn; an answer
//! whose turn is over is dropped, so the last thing asked for is the thing that is shown.

use std::rc::Rc;
use std::sync::Arc;

use clip_rs_catalog::{Bounds, Listing, MANIFEST_NAME, Manifest};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::client::{Client, News};
use super::pictures::Pictures;
use crate::browser::location::{self, Entry};
use crate::browser::{clock, page};
use crate::link::{Link, MapView, query};
use crate::load::{self, LoadError};
use crate::protocol::{Ask, Failure, FailureKind, FileProgress, Hit, Progress, Request, Response, WORKER_SCRIPT};

/// Where the catalog lies, relative to the page.
const CATALOG: &str = "catalog/catalog.json";
/// Hits that are asked for.
const LIMIT: usize = 20;

/// What the page is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// Files are on their way.
    Loading,
    /// Nothing is searched for.
    Ready,
    /// A query is being answered.
    Searching,
    /// There are hits.
    Results,
    /// There are none.
    Empty,
    /// Something failed; the person may try again.
    Failed(Failure),
}

impl Phase {
    /// The name that stands in `data-state`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Ready => "ready",
            Self::Searching => "searching",
            Self::Results => "results",
            Self::Empty => "empty",
            Self::Failed(_) => "failed",
        }
    }
}

/// Milliseconds that an answer took in the worker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing {
    /// Making the query's vector.
    pub encode_ms: f64,
    /// Finding the hits.
    pub search_ms: f64,
}

/// Where the selection came from: who selected does not have to be shown what it selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A result in the list.
    List,
    /// A footprint on the map.
    Map,
    /// The URL.
    Link,
}

/// The selected item.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// The item's id.
    pub id: String,
    /// Who selected it.
    pub by: By,
}

/// Where the map is to look next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Camera {
    /// Exactly there, at once.
    View(MapView),
    /// So that this box is seen.
    Box(Bounds),
    /// At this item.
    Item(Bounds),
}

/// A picture that could not be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Damage {
    /// The file.
    pub file: String,
    /// What is wrong with it, beginning with its name.
    pub message: String,
}

/// The page's state. Copies are handles to the same state.
#[derive(Clone, Copy)]
pub struct Session {
    /// What the page is doing.
    pub phase: RwSignal<Phase>,
    /// The worker's files.
    pub progress: RwSignal<Progress>,
    /// The page's own file, the listing.
    pub listing_progress: RwSignal<Option<FileProgress>>,
    /// The catalog, as soon as it is known.
    pub manifest: RwSignal<Option<Arc<Manifest>>>,
    /// The pictures, as soon as the listing is there.
    pub pictures: RwSignal<Option<Rc<Pictures>>, LocalStorage>,
    /// Text of the search box.
    pub words: RwSignal<String>,
    /// What is, or is to be, searched for.
    pub ask: RwSignal<Option<Ask>>,
    /// Best first.
    pub hits: RwSignal<Arc<Vec<Hit>>>,
    /// Of the last answer.
    pub timing: RwSignal<Option<Timing>>,
    /// The selected hit.
    pub selected: RwSignal<Option<Selection>>,
    /// Where the map is to look.
    pub camera: RwSignal<Option<Camera>>,
    /// Pictures that failed.
    pub damages: RwSignal<Vec<Damage>>,
    /// Counts up when failed pictures shall be tried again.
    pub attempt: RwSignal<u32>,
    view: StoredValue<Option<MapView>>,
    loaded: StoredValue<bool>,
    turn: StoredValue<u32>,
    client: StoredValue<Option<Client>, LocalStorage>,
}

impl Session {
    /// A session that has not started.
    pub fn new() -> Self {
        Self {
            phase: RwSignal::new(Phase::Loading),
            progress: RwSignal::default(),
            listing_progress: RwSignal::default(),
            manifest: RwSignal::default(),
            pictures: RwSignal::new_local(None),
            words: RwSignal::default(),
            ask: RwSignal::default(),
            hits: RwSignal::default(),
            timing: RwSignal::default(),
            selected: RwSignal::default(),
            camera: RwSignal::default(),
            damages: RwSignal::default(),
            attempt: RwSignal::default(),
            view: StoredValue::new(None),
            loaded: StoredValue::new(false),
            turn: StoredValue::new(0),
            client: StoredValue::new_local(None),
        }
    }

    fn next_turn(self) -> u32 {
        let turn = self.turn.get_value().wrapping_add(1);
        self.turn.set_value(turn);
        turn
    }

    fn is_turn(self, turn: u32) -> bool {
        self.turn.get_value() == turn
    }

    /// Starts, or starts again: a fresh worker, the catalog, then whatever is asked for.
    pub fn start(self) {
        let turn = self.next_turn();
        self.client.set_value(None);
        self.loaded.set_value(false);
        self.progress.set(Progress::default());
        self.phase.set(Phase::Loading);
        spawn_local(async move {
            let opened = self.open(turn).await;
            if self.is_turn(turn) {
                match opened {
                    Ok(millis) => self.opened(millis),
                    Err(failure) => self.fail(failure),
                }
            }
        });
    }

    async fn open(self, turn: u32) -> Result<f64, Failure> {
        let no_page = || Failure::new(FailureKind::Worker, "The page has no address to load from.");
        let worker = location::absolute(WORKER_SCRIPT).ok_or_else(no_page)?;
        let catalog = location::absolute(CATALOG).ok_or_else(no_page)?;
        let client = Client::start(&worker, move |news| self.hear(turn, news)).await?;
        let opening = client.call(Request::Open { catalog });
        if self.is_turn(turn) {
            self.client.set_value(Some(client));
        }
        match opening.await? {
            Response::Opened { millis, .. } => Ok(millis),
            other => Err(unexpected(&other)),
        }
    }

    fn opened(self, millis: f64) {
        clock::record("clip-rs:ready", millis);
        self.loaded.set_value(true);
        match self.ask.get_untracked() {
            Some(_) => self.run(),
            None => self.phase.set(Phase::Ready),
        }
    }

    fn hear(self, turn: u32, news: News) {
        match news {
            News::Progress(progress) => self.progress.set(progress),
            News::Catalog(text) => match Manifest::from_json(text.as_bytes()) {
                Ok(manifest) => self.know(Arc::new(manifest)),
                Err(error) => self.fail(LoadError::from(error).into()),
            },
            // A worker that opens or searches fails that call too; one that idles fails nothing else.
            News::Died(failure) if self.client.with_value(Option::is_some) || self.is_turn(turn) => self.fail(failure),
            News::Died(_) => {}
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

    /// Loads the listing, without which no picture can be checked; search does not need it.
    fn load_listing(self) {
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
        let (Some(name), Some(url)) = (manifest.listing(), location::absolute(CATALOG)) else { return Ok(None) };
        let file = manifest.file(name)?;
        let base = url.strip_suffix(MANIFEST_NAME).unwrap_or(&url).to_owned();
        let start = FileProgress { role: "List of pictures".into(), name: name.into(), done: 0, total: file.bytes };
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

    fn fail(self, failure: Failure) {
        self.next_turn();
        if failure.kind == FailureKind::Worker {
            self.loaded.set_value(false);
        }
        self.phase.set(Phase::Failed(failure));
    }

    /// Stops the loading.
    pub fn stop(self) {
        self.client.set_value(None);
        self.fail(Failure::new(FailureKind::Stopped, "Loading was stopped."));
    }

    /// Tries again what failed: the search if the engine works, else everything.
    pub fn retry(self) {
        if self.loaded.get_value() { self.run() } else { self.start() }
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

    /// Searches for the words in the search box, if there are any.
    pub fn search_words(self) {
        if let Some(text) = query(&self.words.get_untracked()) {
            self.search(Ask::Text(text));
        }
    }

    /// Searches, and makes it a step in the history.
    pub fn search(self, ask: Ask) {
        self.set_ask(Some(ask));
        self.selected.set(None);
        self.write_link(Entry::New);
        self.camera.set(None);
        self.run();
    }

    /// Back to nothing searched.
    pub fn clear(self) {
        self.words.set(String::new());
        if self.ask.get_untracked().is_some() {
            self.set_ask(None);
            self.selected.set(None);
            self.write_link(Entry::New);
            self.run();
        }
    }

    fn set_ask(self, ask: Option<Ask>) {
        self.words.set(match &ask {
            Some(Ask::Text(text)) => text.clone(),
            _ => String::new(),
        });
        self.ask.set(ask);
    }

    /// Answers what is asked for now, as soon as the engine is there.
    fn run(self) {
        if !self.loaded.get_value() {
            return;
        }
        let turn = self.next_turn();
        let Some(ask) = self.ask.get_untracked() else {
            self.hits.set(Arc::default());
            self.timing.set(None);
            self.phase.set(Phase::Ready);
            return;
        };
        self.phase.set(Phase::Searching);
        let request = Request::Search { ask, limit: LIMIT };
        let Some(answer) = self.client.with_value(|client| client.as_ref().map(|client| client.call(request))) else {
            return self.start();
        };
        spawn_local(async move {
            let answer = answer.await;
            if !self.is_turn(turn) {
                return;
            }
            match answer {
                Ok(Response::Hits { hits, encode_ms, search_ms }) => self.found(hits, Timing { encode_ms, search_ms }),
                Ok(other) => self.fail(unexpected(&other)),
                Err(failure) => self.fail(failure),
            }
        });
    }

    fn found(self, hits: Vec<Hit>, timing: Timing) {
        clock::record("clip-rs:encode", timing.encode_ms);
        clock::record("clip-rs:search", timing.search_ms);
        self.timing.set(Some(timing));
        let selected = self.selected.get_untracked().filter(|selected| hits.iter().any(|hit| hit.id == selected.id));
        let footprint = |id: &str| hits.iter().find(|hit| hit.id == id).and_then(|hit| hit.footprint);
        if self.camera.get_untracked().is_none() {
            let item = selected.as_ref().and_then(|selected| footprint(&selected.id)).map(Camera::Item);
            let all = hits.iter().filter_map(|hit| hit.footprint).reduce(|a, b| a.union(&b)).map(Camera::Box);
            self.camera.set(item.or(all));
        }
        self.selected.set(selected);
        self.phase.set(if hits.is_empty() { Phase::Empty } else { Phase::Results });
        self.hits.set(Arc::new(hits));
    }

    /// Selects a hit, or nothing.
    pub fn select(self, id: Option<&str>, by: By) {
        let selection = id.map(|id| Selection { id: id.to_owned(), by });
        let footprint = self.hits.with_untracked(|hits| {
            id.and_then(|id| hits.iter().find(|hit| hit.id == id)).and_then(|hit| hit.footprint)
        });
        self.selected.set(selection);
        if by != By::Map && let Some(footprint) = footprint {
            self.camera.set(Some(Camera::Item(footprint)));
        }
        self.write_link(Entry::Same);
    }

    /// Notes where the map looks now.
    pub fn looked(self, view: MapView) {
        self.view.set_value(Some(view));
        self.write_link(Entry::Same);
    }

    /// Takes over what the URL says: at the start, and on "back" and "forward".
    pub fn follow_link(self) {
        let Link { ask, selected, view } = Link::parse(&location::fragment());
        let selection = selected.map(|id| Selection { id, by: By::Link });
        self.selected.set(selection);
        self.view.set_value(view);
        self.camera.set(view.map(Camera::View));
        if ask != self.ask.get_untracked() {
            self.set_ask(ask);
            self.run();
        }
    }

    fn write_link(self, entry: Entry) {
        let link = Link {
            ask: self.ask.get_untracked(),
            selected: self.selected.with_untracked(|selected| selected.as_ref().map(|selected| selected.id.clone())),
            view: self.view.get_value(),
        };
        location::set_fragment(&link.to_fragment(), entry);
    }
}

fn unexpected(response: &Response) -> Failure {
    let said = match response {
        Response::Opened { .. } => "opened",
        Response::Hits { .. } => "hits",
        Response::Vectors { .. } => "vectors",
    };
    Failure::new(FailureKind::Worker, format!("The search worker gave an answer of the wrong kind ({said})."))
}
