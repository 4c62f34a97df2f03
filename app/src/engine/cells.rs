//! Searches in a catalog that is too large to be loaded: of the file of its cells the stretches are fetched that a query is near.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::pin::pin;
use std::rc::Rc;

use clip_rs_catalog::{CatalogError, FileRef, ItemId, Manifest};
use clip_rs_search::cells::{self, Budget, Cells, Found, Stretch};
use clip_rs_search::engine::{HITS_A_PICTURE, Marker};
use clip_rs_search::{Direction, Embedding, Engine, EngineError, ItemRef, Query, Subject};
use futures::future::{Either, FutureExt as _, LocalBoxFuture, select};
use futures::stream::{FuturesUnordered, StreamExt as _};

use super::faults::not_answered;
use crate::browser::clock;
use crate::load::{self, LoadError};
use crate::protocol::{Failure, Hit, LookedAt, Taken};

/// Bytes of the cells that are kept, as they are in the file; in memory they take about twice that.
const KEPT: u64 = 24 << 20;
/// Items whose directions are kept for "more like this", beside those of the last answer.
const REMEMBERED: usize = 4096;
/// Between two answers to one query while cells arrive, milliseconds: no more often than a person can follow.
const REFINE_EVERY_MS: u32 = 400;

/// The cells of a catalog, those that were fetched among them.
pub struct CellSearch {
    cells: Rc<Cells>,
    base: Rc<str>,
    file: FileRef,
    /// By number.
    kept: RefCell<HashMap<usize, Rc<cells::Cell>>>,
    /// Where the items of each shard begin, counted through all of them.
    starts: Vec<usize>,
    /// Where items point to that were hits, by name.
    remembered: RefCell<HashMap<String, Embedding>>,
}

/// Hits with the items that they are, best first.
pub type Hits = Vec<(ItemRef, Hit)>;

/// Cells by their numbers, in their order: of equal items the one in the earlier cell is found first.
type Here = BTreeMap<usize, Rc<cells::Cell>>;

/// Cells that came together, with their numbers.
type Numbered = Vec<(usize, Rc<cells::Cell>)>;

/// What is to be found.
pub struct Asked<'a> {
    pub direction: &'a Direction,
    pub query: &'a Query,
    pub marker: &'a Marker,
    /// Goes before all others, if it is found.
    pub first: Option<&'a ItemId>,
    /// The days on which what is found was taken, if not any.
    pub taken: Option<Taken>,
}

/// Cells that were read, and what had to be fetched for it.
struct Read {
    here: Here,
    bytes: u64,
    requests: usize,
}

/// What was found, and what it took.
pub struct Searched {
    pub hits: Hits,
    pub looked_at: LookedAt,
    /// Milliseconds that passed while cells were fetched and searched.
    pub search_ms: f64,
}

impl CellSearch {
    /// Cells whose file is called as `manifest` says, in the folder with the absolute URL `base`.
    pub fn new(cells: Cells, base: Rc<str>, file: FileRef, manifest: &Manifest) -> Self {
        let mut before = 0;
        let start = |count: usize| {
            before += count;
            before - count
        };
        let starts = manifest.shards.iter().map(|shard| shard.count).map(start).collect();
        let remembered = RefCell::default();
        Self { cells: Rc::new(cells), base, file, kept: RefCell::default(), starts, remembered }
    }

    /// Directions that stand for all items.
    pub fn background(&self) -> Vec<(Embedding, f32)> {
        self.cells.background().collect()
    }

    /// What an item of each cell can be expected to score.
    pub fn promise(&self, direction: &Direction) -> Result<Vec<f32>, Failure> {
        self.cells.promise(direction).map_err(not_answered)
    }

    /// Whether the item called `id` was a hit, so that it is known where it points to.
    pub fn remembers(&self, id: &ItemId) -> bool {
        self.remembered.borrow().contains_key(&id.to_string())
    }

    /// The query with the directions of items in the place of their names: those that were hits are known, others are in a shard that
    /// `engine` has.
    pub fn resolved(&self, mut query: Query, engine: &Engine) -> Result<Query, Failure> {
        let in_shard = |id: &ItemId| {
            let item = engine.find(id)?;
            engine.shards().get(item.shard)?.index.embedding(item.ordinal)?.ok()
        };
        for term in &mut query.terms {
            if let Subject::Item(id) = &term.subject {
                let known = self.remembered.borrow().get(&id.to_string()).cloned();
                let unknown = || not_answered(EngineError::NoItem(id.clone()));
                term.subject = Subject::Vector(known.or_else(|| in_shard(id)).ok_or_else(unknown)?);
            }
        }
        Ok(query)
    }

    /// The best items by what is asked. While cells are on their way for long, `refine` hears what was found in those that are here.
    pub async fn nearest(&self, asked: Asked<'_>, refine: &dyn Fn(Hits)) -> Result<Searched, Failure> {
        let start = clock::now_ms();
        let is_of_all = asked.query.areas.is_empty() && asked.taken.is_none();
        let budget = if is_of_all { Budget::of } else { Budget::of_some }(self.cells.bytes());
        let stretches = self.cells.plan(asked.direction, budget).map_err(not_answered)?;
        let some = |here: &Here| self.best(here, &asked).map(refine);
        let Read { here, bytes, requests } = self.read(&stretches, &some).await?;
        let hits = self.best(&here, &asked)?;
        let items = here.values().map(|cell| cell.ordinals.len()).sum();
        let looked_at = LookedAt { items, of: self.cells.count(), bytes, requests };
        Ok(Searched { hits, looked_at, search_ms: clock::now_ms() - start })
    }

    /// The best items in these cells.
    fn best(&self, here: &Here, asked: &Asked<'_>) -> Result<Hits, Failure> {
        let Asked { direction, query, marker, first, taken } = asked;
        let item = |cell: usize, row: usize| {
            let ordinal = here.get(&cell)?.ordinals.get(row)?;
            Some(self.item(*ordinal as usize))
        };
        let is_wanted = |cell: usize, row: usize| {
            here.get(&cell).is_some_and(|items| {
                items.lies_in(row, &query.areas) && taken.is_none_or(|taken| taken.holds(items.captured(row)))
            })
        };
        let is_grouped = query.one_a_picture && here.values().any(|cell| cell.items.has_crops());
        let limit = if is_grouped { query.limit.saturating_mul(HITS_A_PICTURE) } else { query.limit };
        let cells = || here.iter().map(|(number, cell)| (*number, &**cell));
        let nearest = |limit, wanted: &dyn Fn(usize, usize) -> bool| {
            self.cells.nearest(cells(), direction, limit, wanted).map_err(not_answered)
        };
        let mut found = nearest(limit, &is_wanted)?;
        // It need not be among the nearest where very many are the same.
        let place = first
            .and_then(|id| here.iter().find_map(|(number, cell)| Some((*number, cell.items.position(id)?))));
        if let Some(place) = place.filter(|(cell, row)| is_wanted(*cell, *row)) {
            let one = match found.iter().position(|found| (found.cell, found.row) == place) {
                Some(at) => vec![found.remove(at)],
                None => nearest(1, &|cell, row| (cell, row) == place)?,
            };
            found.splice(0..0, one);
        }
        let mut pictures = HashSet::new();
        let mut chosen = Vec::with_capacity(query.limit);
        for found in &found {
            let Some((item, cell)) = item(found.cell, found.row).zip(here.get(&found.cell)) else { continue };
            let Some(id) = cell.items.id(found.row) else { continue };
            let is_new = match &id {
                ItemId::Picture { name, .. } if is_grouped => pictures.insert(name.clone()),
                _ => true,
            };
            if is_new && chosen.len() < query.limit {
                chosen.push((item, found, cell, id));
            }
        }
        let mut remembered = self.remembered.borrow_mut();
        if remembered.len() + chosen.len() > REMEMBERED {
            remembered.clear();
        }
        for (_, found, cell, id) in &chosen {
            if let Some(Ok(direction)) = self.cells.embedding(found.cell, cell, found.row) {
                remembered.insert(id.to_string(), direction);
            }
        }
        let hits = chosen.iter().map(|(item, found, cell, id)| (*item, self.hit(found, cell, id, marker)));
        Ok(hits.collect())
    }

    fn hit(&self, found: &Found, cell: &cells::Cell, id: &ItemId, marker: &Marker) -> Hit {
        let row = |earlier: usize| cell.items.id(earlier).map(String::from);
        let duplicates = (0..cell.items.len()).filter(|at| cell.items.duplicate_of(*at) == Some(found.row));
        Hit {
            id: id.to_string(),
            similarity: marker.mark(found.score),
            cosine: found.cosine,
            footprint: cell.items.footprint(found.row),
            place: None,
            address: None,
            address_m: None,
            captured: None,
            source: None,
            duplicate_of: cell.items.duplicate_of(found.row).and_then(row),
            duplicates: duplicates.count(),
        }
    }

    fn item(&self, ordinal: usize) -> ItemRef {
        let shard = self.starts.partition_point(|start| *start <= ordinal).saturating_sub(1);
        ItemRef { shard, ordinal: ordinal - self.starts.get(shard).copied().unwrap_or(0) }
    }

    /// The cells of these stretches. While it takes long, `some` hears from time to time which are here.
    async fn read(
        &self,
        stretches: &[Stretch],
        some: &dyn Fn(&Here) -> Result<(), Failure>,
    ) -> Result<Read, Failure> {
        let wanted: Vec<usize> = stretches.iter().flat_map(|stretch| stretch.cells.clone()).collect();
        // Held from here on, as another query may let go of them meanwhile.
        let mut here: Here = {
            let kept = self.kept.borrow();
            wanted.iter().filter_map(|number| Some((*number, Rc::clone(kept.get(number)?)))).collect()
        };
        // One request a stretch, as it was planned: cells that are kept come along again where they lie between missing ones.
        let run = |stretch: &Stretch| {
            let mut missing = stretch.cells.clone().filter(|number| !here.contains_key(number));
            let first = missing.next()?;
            Some(first..missing.next_back().unwrap_or(first) + 1)
        };
        let runs: Vec<Range<usize>> = stretches.iter().filter_map(run).collect();
        let bytes = runs.iter().flat_map(Clone::clone).map(|number| self.length(number)).sum();
        let requests = runs.len();
        let mut coming: FuturesUnordered<_> = runs.into_iter().map(|run| self.fetch(run)).collect();
        let mut told = here.len();
        let mut pause = pin!(clock::pause(REFINE_EVERY_MS));
        loop {
            match select(coming.next(), pause.as_mut()).await {
                Either::Left((Some(cells), _)) => here.extend(cells?),
                Either::Left((None, _)) => break,
                Either::Right(((), _)) => {
                    if here.len() > told {
                        some(&here)?;
                        told = here.len();
                    }
                    pause.set(clock::pause(REFINE_EVERY_MS));
                }
            }
        }
        let mut kept = self.kept.borrow_mut();
        if kept.keys().map(|number| self.length(*number)).sum::<u64>() > KEPT {
            // All at once: what is asked for next need not be like what was asked for before.
            kept.clear();
        }
        kept.extend(here.iter().map(|(number, cell)| (*number, Rc::clone(cell))));
        Ok(Read { here, bytes, requests })
    }

    fn length(&self, number: usize) -> u64 {
        self.cells.place(number).map_or(0, |place| place.end - place.start)
    }

    /// Fetches cells that follow one another, when it is waited for.
    fn fetch(&self, numbers: Range<usize>) -> LocalBoxFuture<'static, Result<Numbered, LoadError>> {
        let (cells, file) = (Rc::clone(&self.cells), self.file.clone());
        let url = format!("{}{}", self.base, file.name);
        async move {
            let place = |number| cells.place(number).unwrap_or_default();
            let range = place(numbers.start).start..place(numbers.end.saturating_sub(1)).end;
            let read = |bytes: &[u8]| {
                let mut rest = bytes;
                let cell = |number: usize| {
                    let length = place(number).end - place(number).start;
                    let bytes = rest.split_off(..length as usize).unwrap_or_default();
                    let cell = cells.read(number, bytes).map_err(|error| error.named(&file.name))?;
                    Ok((number, Rc::new(cell)))
                };
                numbers.clone().map(cell).collect::<Result<Vec<_>, CatalogError>>()
            };
            load::range(&url, &file, range, &read).await
        }
        .boxed_local()
    }
}
