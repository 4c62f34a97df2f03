//! Searches in a catalog that is too large to be loaded: of the file of its cells the stretches are fetched that a query is near.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use clip_rs_catalog::{FileRef, ItemId, Manifest};
use clip_rs_search::cells::{Budget, Cell, Cells, Found, Stretch};
use clip_rs_search::engine::{HITS_A_PICTURE, Marker};
use clip_rs_search::{Direction, Embedding, ItemRef, Query, Subject};
use futures::future::{FutureExt as _, LocalBoxFuture, try_join_all};

use super::faults::{not_answered, refused};
use crate::browser::clock;
use crate::load::{self, LoadError};
use crate::protocol::{Failure, Hit, LookedAt};

/// Bytes of the cells that are kept, as they are in the file; in memory they take about twice that.
const KEPT: u64 = 24 << 20;
/// Items whose directions are kept for "more like this".
const REMEMBERED: usize = 4096;
/// How much more is fetched for the items of an area, most of what is near lying elsewhere.
const IN_AN_AREA: u64 = 4;

/// The cells of a catalog, those that were fetched among them.
pub struct CellSearch {
    cells: Rc<Cells>,
    base: Rc<str>,
    file: FileRef,
    /// By number.
    kept: RefCell<HashMap<usize, Rc<Cell>>>,
    /// Where the items of each shard begin, counted through all of them.
    starts: Vec<usize>,
    /// Where items point to that were hits, by name.
    remembered: RefCell<HashMap<String, Embedding>>,
}

/// What was found, and what it took.
pub struct Searched {
    pub hits: Vec<(ItemRef, Hit)>,
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

    /// The query with the directions of items in the place of their names: those that were hits are known.
    pub fn resolved(&self, mut query: Query) -> Result<Query, Failure> {
        for term in &mut query.terms {
            if let Subject::Item(id) = &term.subject {
                let known = self.remembered.borrow().get(&id.to_string()).cloned();
                let unknown = || {
                    refused(&format!(
                        "This catalog is too large to find {id} by its name. Search for it in words first, then ask for more like it."
                    ))
                };
                term.subject = Subject::Vector(known.ok_or_else(unknown)?);
            }
        }
        Ok(query)
    }

    /// The best items in a direction, among those that are wanted; `first`, if it is among them, before all others.
    pub async fn nearest(
        &self,
        direction: &Direction,
        query: &Query,
        marker: &Marker,
        first: Option<&ItemId>,
        wanted: Option<&dyn Fn(ItemRef) -> bool>,
    ) -> Result<Searched, Failure> {
        let start = clock::now_ms();
        let mut budget = Budget::default();
        if !query.areas.is_empty() || wanted.is_some() {
            budget.bytes *= IN_AN_AREA;
        }
        let stretches = self.cells.plan(direction, budget).map_err(not_answered)?;
        let (cells, bytes, requests) = self.read(&stretches).await?;
        let here = || cells.iter().map(|(number, cell)| (*number, &**cell));
        let by_number: HashMap<usize, &Cell> = here().collect();
        let item = |found: &Found| {
            let ordinal = by_number.get(&found.cell)?.ordinals.get(found.row)?;
            Some(self.item(*ordinal as usize))
        };
        let is_wanted = |cell: usize, row: usize| {
            let Some(items) = by_number.get(&cell) else { return false };
            let item = || items.ordinals.get(row).map(|ordinal| self.item(*ordinal as usize));
            items.lies_in(row, &query.areas) && wanted.is_none_or(|wanted| item().is_some_and(wanted))
        };
        let limit =
            if query.one_a_picture { query.limit.saturating_mul(HITS_A_PICTURE) } else { query.limit };
        let found = self.cells.nearest(here(), direction, limit, is_wanted).map_err(not_answered)?;
        let mut hits = Vec::with_capacity(query.limit);
        let mut pictures = Vec::new();
        for found in &found {
            let Some((item, cell)) = item(found).zip(by_number.get(&found.cell)) else { continue };
            let Some(id) = cell.items.id(found.row) else { continue };
            if let ItemId::Picture { name, .. } = &id
                && query.one_a_picture
            {
                if pictures.contains(name) {
                    continue;
                }
                pictures.push(name.clone());
            }
            let is_first = first == Some(&id);
            let hit = self.hit(found, cell, id, marker);
            hits.insert(if is_first { 0 } else { hits.len() }, (item, hit));
        }
        hits.truncate(query.limit);
        let items = cells.iter().map(|(_, cell)| cell.ordinals.len()).sum();
        let looked_at = LookedAt { items, of: self.cells.count(), bytes, requests };
        Ok(Searched { hits, looked_at, search_ms: clock::now_ms() - start })
    }

    fn hit(&self, found: &Found, cell: &Cell, id: ItemId, marker: &Marker) -> Hit {
        let id = id.to_string();
        if let Some(Ok(direction)) = self.cells.embedding(found.cell, cell, found.row) {
            let mut remembered = self.remembered.borrow_mut();
            if remembered.len() >= REMEMBERED {
                remembered.clear();
            }
            remembered.insert(id.clone(), direction);
        }
        let row = |earlier: usize| cell.items.id(earlier).map(String::from);
        let duplicates = (0..cell.items.len()).filter(|at| cell.items.duplicate_of(*at) == Some(found.row));
        Hit {
            id,
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

    /// The cells of these stretches, with the bytes that had to be fetched and in how many requests.
    async fn read(&self, stretches: &[Stretch]) -> Result<(Vec<(usize, Rc<Cell>)>, u64, usize), LoadError> {
        let wanted: Vec<usize> = stretches.iter().flat_map(|stretch| stretch.cells.clone()).collect();
        // Held from here on, as another query may let go of them meanwhile.
        let mut here: HashMap<usize, Rc<Cell>> = {
            let kept = self.kept.borrow();
            wanted.iter().filter_map(|number| Some((*number, Rc::clone(kept.get(number)?)))).collect()
        };
        let missing: Vec<usize> =
            wanted.iter().copied().filter(|number| !here.contains_key(number)).collect();
        let runs: Vec<Range<usize>> = missing
            .chunk_by(|a, b| a + 1 == *b)
            .filter_map(|run| Some(*run.first()?..run.last()? + 1))
            .collect();
        let bytes = missing.iter().map(|number| self.length(*number)).sum();
        let fetched = try_join_all(runs.iter().map(|run| self.fetch(run.clone()))).await?;
        for (run, cells) in runs.iter().zip(fetched) {
            here.extend(run.clone().zip(cells.into_iter().map(Rc::new)));
        }
        let mut kept = self.kept.borrow_mut();
        if kept.keys().map(|number| self.length(*number)).sum::<u64>() > KEPT {
            // All at once: what is asked for next need not be like what was asked for before.
            kept.clear();
        }
        kept.extend(here.iter().map(|(number, cell)| (*number, Rc::clone(cell))));
        let cells = wanted.into_iter().filter_map(|number| Some((number, here.remove(&number)?)));
        Ok((cells.collect(), bytes, runs.len()))
    }

    fn length(&self, number: usize) -> u64 {
        self.cells.place(number).map_or(0, |place| place.end - place.start)
    }

    /// Fetches cells that follow one another, when it is waited for.
    fn fetch(&self, numbers: Range<usize>) -> LocalBoxFuture<'static, Result<Vec<Cell>, LoadError>> {
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
                    cells.read(number, bytes).map_err(|error| error.named(&file.name))
                };
                numbers.clone().map(cell).collect::<Result<Vec<_>, _>>()
            };
            load::range(&url, &file, range, &read).await
        }
        .boxed_local()
    }
}
