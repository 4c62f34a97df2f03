//! From requests to responses: opens a catalog, and asks the engine.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use clip_rs_catalog::{CatalogError, Fault, Items, ModelRef, Shard as ShardRef};
use clip_rs_search::cells::Cells;
use clip_rs_search::engine::NextShard;
use clip_rs_search::model::{Marks, ModelConfig, TextTower};
use clip_rs_search::{
    Direction, Engine, EngineError, Hit as Found, Index, IndexError, ItemRef, Query, Shard, Subject, Term,
};
use futures::future::{join, try_join_all, try_join3};
use futures::lock::Mutex;

use super::cells::{self, CellSearch, Hits, Searched};
use super::details::{Pages, Wanted};
use super::faults::{not_answered, refused, unusable};
use super::loader::{self, Files, NextFiles, ShardFiles, TextFiles};
use super::tower;
use crate::browser::clock;
use crate::protocol::{Failure, FailureKind, Hit, LookedAt, Message, Request, Response, Taken};
use crate::serve::{Answers, say};

/// Most hits that are given to one call, whatever it asks for.
const MAX_HITS: usize = 5000;

/// Answers requests; knows nothing until it has opened a catalog.
#[derive(Default)]
pub struct Answerer {
    pub(super) opened: RefCell<Option<Opened>>,
    /// Held by who opens a catalog: one after the other.
    pub(super) opening: Mutex<()>,
    /// Whether a catalog that has cells is searched by them, and its shards stay where they are.
    by_cells: bool,
}

/// One state of a catalog, as a whole.
pub(crate) struct Opened {
    pub(crate) engine: Engine,
    pub(crate) pages: Rc<Pages>,
    /// How many later items look the same as an item.
    pub(super) duplicates: HashMap<ItemRef, usize>,
    /// Where the items are, if they are not in the engine.
    pub(crate) cells: Option<Rc<CellSearch>>,
}

impl Answers for Answerer {
    type Request = Request;
    type Response = Response;

    async fn answer(&self, call: u32, request: Request, _: Vec<u8>) -> Result<(Response, Vec<u8>), Failure> {
        let response = match request {
            Request::Open { catalog, manifest } => {
                let start = clock::now_ms();
                let items = self.open(&catalog, manifest).await?;
                Response::Opened { items, millis: clock::now_ms() - start }
            }
            Request::Search { query, taken } => self.search(call, query, taken).await?,
            Request::Encode { texts } => self.with_opened(|opened| encode(&opened.engine, &texts))?,
        };
        Ok((response, Vec::new()))
    }
}

impl Answerer {
    /// One that searches a large catalog by its cells.
    pub fn by_cells() -> Self {
        Self { by_cells: true, ..Self::default() }
    }

    /// Opens a catalog. Returns its number of items.
    pub(crate) async fn open(&self, catalog: &str, manifest: Option<String>) -> Result<usize, Failure> {
        let _one_after_the_other = self.opening.lock().await;
        let before = self.opened.borrow().as_ref().map(|opened| Rc::clone(&opened.pages));
        let before = before.as_ref().map(|pages| pages.manifest());
        let Files { pages, text, shards, centroids, details } =
            loader::open(catalog, manifest, before, self.by_cells, |message| say(&message)).await?;
        let parts = async {
            let model = &pages.manifest().model;
            let text = async {
                match text {
                    Some(files) => text_tower(model, files.await?).map(Some),
                    None => Ok(None),
                }
            };
            let shards = pages.manifest().shards.iter().zip(shards);
            let shards = try_join_all(shards.map(async |(names, files)| next_shard(names, files).await));
            let cells = async {
                match centroids {
                    Some(bytes) => cell_search(&pages, &bytes.await?).map(Some),
                    None => Ok(None),
                }
            };
            try_join3(text, shards, cells).await
        };
        let (parts, ()) = join(parts, details).await;
        let (text, shards, cells) = parts?;
        self.change(pages, text, shards, cells)
    }

    /// From here on answers come from this catalog. Without another text tower the engine goes on with its own. Returns the
    /// number of items.
    fn change(
        &self,
        pages: Rc<Pages>,
        text: Option<(ModelConfig, Box<dyn TextTower>)>,
        shards: Vec<NextShard>,
        cells: Option<CellSearch>,
    ) -> Result<usize, Failure> {
        let stand_ins = cells.as_ref().map(CellSearch::background).unwrap_or_default();
        let cells = cells.map(Rc::new);
        let misfit = |error: EngineError| unusable(&pages.manifest().model.config, &error);
        let mut opened = self.opened.borrow_mut();
        match (text, opened.as_mut()) {
            (None, Some(opened)) => {
                opened.engine.replace(shards).map_err(misfit)?;
                opened.engine.stand_for(&stand_ins).map_err(misfit)?;
                opened.duplicates = duplicates(&opened.engine);
                (opened.pages, opened.cells) = (pages, cells);
            }
            (None, None) => {
                return Err(Failure::new(FailureKind::Worker, "There is no text model to go on with."));
            }
            (Some((config, text)), _) => {
                let mut engine = Engine::new(&config, text, Vec::new()).map_err(misfit)?;
                engine.replace(shards).map_err(misfit)?;
                engine.stand_for(&stand_ins).map_err(misfit)?;
                *opened = Some(Opened { duplicates: duplicates(&engine), engine, pages, cells });
            }
        }
        Ok(opened.as_ref().map_or(0, |opened| opened.pages.manifest().count()))
    }

    async fn search(&self, call: u32, query: Query, taken: Option<Taken>) -> Result<Response, Failure> {
        let (found, pages) = loop {
            let (cells, pages) =
                self.with_opened(|opened| Ok((opened.cells.clone(), Rc::clone(&opened.pages))))?;
            let found = self.found(call, cells.as_deref(), &pages, query.clone(), taken).await;
            // What was found while another catalog took the place of this one may be of both.
            if Rc::ptr_eq(&pages, &self.pages()?) {
                break (found?, pages);
            }
        };
        let FoundHits { mut hits, likely_from, is_cut, encode_ms, search_ms, looked_at } = found;
        // The catalog may change meanwhile: the pages are those of the one that was searched.
        let missing = pages.complete(&mut hits).await;
        let hits = hits.into_iter().map(|(_, hit)| hit).collect();
        Ok(Response::Hits { hits, missing, likely_from, is_cut, encode_ms, search_ms, looked_at })
    }

    async fn found(
        &self,
        call: u32,
        cells: Option<&CellSearch>,
        pages: &Pages,
        query: Query,
        taken: Option<Taken>,
    ) -> Result<FoundHits, Failure> {
        match (cells, taken) {
            (Some(cells), _) => self.search_cells(call, cells, query, taken).await,
            (None, None) => self.with_opened(|opened| search(opened, query, None)),
            // The days are in the pages of details: all of them are needed to know which items are meant.
            (None, Some(taken)) => {
                let wanted = pages.on(taken).await?;
                self.with_opened(|opened| search(opened, query, Some(wanted)))
            }
        }
    }

    /// The same in a catalog of cells, which are fetched as they are needed. On a slow network the page hears of what is found so far.
    async fn search_cells(
        &self,
        call: u32,
        cells: &CellSearch,
        query: Query,
        taken: Option<Taken>,
    ) -> Result<FoundHits, Failure> {
        let first = query.only_item().cloned();
        let query = prepared(query)?;
        let unknown = query.items().filter(|id| !cells.remembers(id));
        self.bring(&self.holding(unknown).await?).await?;
        let (query, direction, marker, asked) = self.with_opened(|opened| {
            let query = cells.resolved(query, &opened.engine)?;
            let asked = Encoded::of(&opened.engine, &query)?;
            let marker = opened.engine.marker(&asked.direction).map_err(not_answered)?;
            Ok((query, asked.direction.clone(), marker, asked))
        })?;
        let likely_from = direction.familiarity.map(|_| Marks::LIKELY);
        let refine = |hits: Hits| {
            let hits = hits.into_iter().map(|(_, hit)| hit).collect();
            say(&Message::Found { id: call, hits, likely_from });
        };
        let (query, marker, first) = (&query, &marker, first.as_ref());
        let found =
            cells.nearest(cells::Asked { direction: &direction, query, marker, first, taken }, &refine);
        let Searched { hits, looked_at, search_ms } = found.await?;
        let Encoded { is_cut, encode_ms, .. } = asked;
        Ok(FoundHits { hits, likely_from, is_cut, encode_ms, search_ms, looked_at: Some(looked_at) })
    }

    /// The pages of the catalog that is open.
    pub(crate) fn pages(&self) -> Result<Rc<Pages>, Failure> {
        self.with_opened(|opened| Ok(Rc::clone(&opened.pages)))
    }

    pub(crate) fn with_opened<T>(
        &self,
        ask: impl FnOnce(&Opened) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let opened = self.opened.borrow();
        ask(opened.as_ref().ok_or_else(|| Failure::new(FailureKind::Request, "No catalog is open yet."))?)
    }
}

async fn next_shard(names: &ShardRef, files: NextFiles) -> Result<NextShard, Failure> {
    match files {
        NextFiles::Kept(place) => Ok(NextShard::Kept(place)),
        NextFiles::New(files) => shard(names, files.await?).map(|shard| NextShard::New(Box::new(shard))),
    }
}

/// Of items that others look the same as: how many.
pub(super) fn duplicates(engine: &Engine) -> HashMap<ItemRef, usize> {
    let mut counts = HashMap::new();
    for (shard, part) in engine.shards().iter().enumerate() {
        let earlier = (0..part.items.len()).filter_map(|ordinal| part.items.duplicate_of(ordinal));
        earlier.for_each(|ordinal| *counts.entry(ItemRef { shard, ordinal }).or_default() += 1);
    }
    counts
}

fn text_tower(names: &ModelRef, files: TextFiles) -> Result<(ModelConfig, Box<dyn TextTower>), Failure> {
    let TextFiles { config, weights, vocabulary } = files;
    let text = tower::text(&config, &names.text, weights, &vocabulary)?;
    Ok((config, text))
}

/// A shard from its checked files.
pub(crate) fn shard(names: &ShardRef, files: ShardFiles) -> Result<Shard, Failure> {
    let index = Index::from_bytes(files.index).map_err(|error| match error {
        IndexError::Header(error) => unreadable(&names.index, error),
        error => unusable(&names.index, &error),
    })?;
    let items = Items::from_bytes(&files.items).map_err(|error| unreadable(&names.items, error))?;
    Ok(Shard { index, items })
}

/// The cells of a catalog from its checked file of centroids.
fn cell_search(pages: &Pages, centroids: &[u8]) -> Result<CellSearch, Failure> {
    let manifest = pages.manifest();
    let names = manifest.cells.as_ref().ok_or_else(|| refused("The catalog has no cells."))?;
    let cells = Cells::from_bytes(centroids).map_err(|error| unreadable(&names.centroids, error))?;
    let file = manifest.file(&names.cells).map_err(|error| unreadable(&names.cells, error))?;
    let found = (cells.count(), cells.bytes());
    if found != (manifest.count(), file.bytes) {
        let other = CatalogError::content(&names.centroids, "it is about other cells than this catalog has");
        return Err(unreadable(&names.centroids, other));
    }
    Ok(CellSearch::new(cells, pages.base().into(), file.clone(), manifest))
}

pub(super) fn unreadable(file: &str, error: CatalogError) -> Failure {
    let other_version = matches!(&error, CatalogError::File { fault: Fault::Version { .. }, .. });
    let failure = unusable(file, &error.named(file));
    if other_version { Failure { kind: FailureKind::Version, ..failure } } else { failure }
}

/// Hits with the items that they are, and what [`Response::Hits`] says besides.
struct FoundHits {
    hits: Hits,
    likely_from: Option<f32>,
    is_cut: bool,
    encode_ms: f64,
    search_ms: f64,
    looked_at: Option<LookedAt>,
}

/// The query as it is answered: with no more hits than may be given, and something to search for.
fn prepared(query: Query) -> Result<Query, Failure> {
    let query = Query { limit: query.limit.min(MAX_HITS), ..query }.one_a_picture();
    if query.terms.iter().any(|term| matches!(&term.subject, Subject::Text(text) if text.trim().is_empty())) {
        return Err(refused("There is nothing to search for."));
    }
    Ok(query)
}

/// Where a query points to.
struct Encoded {
    direction: Direction,
    is_cut: bool,
    encode_ms: f64,
}

impl Encoded {
    fn of(engine: &Engine, query: &Query) -> Result<Self, Failure> {
        let start = clock::now_ms();
        let direction = engine.embed(query).map_err(not_answered)?;
        let encode_ms = clock::now_ms() - start;
        let cut =
            |term: &Term| matches!(&term.subject, Subject::Text(text) if !engine.text().reads_all(text));
        Ok(Self { direction, is_cut: query.terms.iter().any(cut), encode_ms })
    }
}

fn holds(wanted: &Wanted, item: ItemRef) -> bool {
    wanted.get(item.shard).and_then(|shard| shard.get(item.ordinal)) == Some(&true)
}

fn search(opened: &Opened, query: Query, wanted: Option<Wanted>) -> Result<FoundHits, Failure> {
    let engine = &opened.engine;
    let query = prepared(query)?;
    let Encoded { direction, is_cut, encode_ms } = Encoded::of(engine, &query)?;
    let start = clock::now_ms();
    let found = match &wanted {
        Some(wanted) => engine.nearest_where(&direction, &query, |item| holds(wanted, item)),
        None => engine.nearest(&direction, &query),
    };
    let found = found.map_err(not_answered)?;
    let search_ms = clock::now_ms() - start;
    Ok(FoundHits {
        hits: found.iter().filter_map(|found| Some((found.item, hit(opened, found)?))).collect(),
        likely_from: direction.familiarity.map(|_| Marks::LIKELY),
        is_cut,
        encode_ms,
        search_ms,
        looked_at: None,
    })
}

fn encode(engine: &Engine, texts: &[String]) -> Result<Response, Failure> {
    let start = clock::now_ms();
    let vector = |text: &String| Ok(engine.text().encode(text)?.as_slice().to_vec());
    let vectors = texts.iter().map(vector).collect::<Result<_, EngineError>>().map_err(not_answered)?;
    Ok(Response::Vectors { vectors, encode_ms: clock::now_ms() - start })
}

/// What the engine knows of a hit; the rest is in the pages of details.
pub(crate) fn hit(opened: &Opened, found: &Found) -> Option<Hit> {
    let items = &opened.engine.shards().get(found.item.shard)?.items;
    let ordinal = found.item.ordinal;
    Some(Hit {
        id: items.id(ordinal)?.to_string(),
        similarity: found.similarity,
        cosine: found.cosine,
        footprint: items.footprint(ordinal),
        place: None,
        address: None,
        address_m: None,
        captured: None,
        source: None,
        duplicate_of: items.duplicate_of(ordinal).and_then(|earlier| items.id(earlier)).map(String::from),
        duplicates: opened.duplicates.get(&found.item).copied().unwrap_or(0),
    })
}
