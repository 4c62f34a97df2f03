//! A large catalog, searched by what is near the query instead of by everything.
//!
//! The items lie in cells, groups of like embeddings ([`clip_rs_catalog::cells`] is their format). A query is compared with the
//! centroids; the [`plan`](Cells::plan) says which stretches of the file to fetch; what arrives is [read](Cells::read) and
//! [searched](Cells::nearest). Nothing here fetches anything, so the same code answers in a browser and on a disk.
//!
//! An inverted file (Jégou, Douze and Schmid 2011, <https://doi.org/10.1109/TPAMI.2010.57>) with the codes of extended RaBitQ (Gao et
//! al. 2024, <https://arxiv.org/abs/2409.09913>). They are precise enough that nothing is read a second time to be ranked again.

mod means;
mod partition;
mod plan;
mod residual;
mod rotation;
mod write;

use clip_rs_catalog::cells::{CellBlock, Centroids};
use clip_rs_catalog::{CatalogError, Date, Items};

use crate::code::CodeRef;
use crate::index::Rank;
use crate::kernels::{ROWS_TOGETHER, RowDots};
use crate::{Code, Direction, Embedding, EmbeddingError, EngineError, Polygon};

pub use means::{Means, Sums};
pub use partition::Partition;
pub use plan::{Budget, Stretch};
pub use rotation::Rotation;
pub use write::{CellsBuilder, WrittenCells, bits_of};

use residual::{HALF, unpack};

/// Units of relevance offsets in a file of centroids.
const OFFSET_UNITS: f32 = 32_768.0;

/// The cells of a catalog, without their items.
#[derive(Debug, Clone)]
pub struct Cells {
    centroids: Centroids,
    rotation: Rotation,
}

/// The items of one cell, ready to be searched.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    /// Where each item is, counted through all shards of the catalog.
    pub ordinals: Vec<u32>,
    /// Names, footprints and relevance offsets of the same items.
    pub items: Items,
    /// The days on which they were captured; empty where none is known.
    captured: Vec<Option<Date>>,
    /// The levels of the codes from the middle, shape `(items, dim)`: each stands for a component of [`HALF`] more.
    rows: Vec<i8>,
    /// What brings each row to length.
    scales: Vec<f32>,
}

/// An item of a cell that answers a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Number of the cell.
    pub cell: usize,
    /// Place of the item in the cell.
    pub row: usize,
    /// Estimated cosine to the query, -1..=1.
    pub cosine: f32,
    /// The cosine less the item's relevance offset, as often as that counts.
    pub score: f32,
}

/// A direction in the space of the cells.
struct Turned {
    /// Shape `(dim,)`, of length 1.
    embedding: Embedding,
    code: Code,
}

impl Cells {
    /// Reads a file of centroids.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CatalogError> {
        let centroids = Centroids::from_bytes(bytes)?;
        let rotation = Rotation::from_signs(centroids.dim, &centroids.signs);
        Ok(Self { centroids, rotation })
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.centroids.cells.len()
    }

    /// Whether there are no cells.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of items in all cells.
    pub fn count(&self) -> usize {
        self.centroids.count()
    }

    /// Components of an embedding.
    pub fn dim(&self) -> usize {
        self.centroids.dim
    }

    /// Bytes of all cells together.
    pub fn bytes(&self) -> u64 {
        self.centroids.length()
    }

    /// Which parts of the file of cells to read for a query.
    pub fn plan(&self, direction: &Direction, budget: Budget) -> Result<Vec<Stretch>, EngineError> {
        let promise = self.promise(direction)?;
        Ok(plan::plan(&self.centroids.cells, &promise, budget))
    }

    /// The bytes in the file of cells of the cell with this number, from the first to before the last; none beyond the cells.
    pub fn place(&self, cell: usize) -> Option<std::ops::Range<u64>> {
        let cell = self.centroids.cells.get(cell)?;
        Some(cell.start..cell.start + u64::from(cell.length))
    }

    /// Reads the cell with this number from its bytes, which are checked.
    pub fn read(&self, cell: usize, bytes: &[u8]) -> Result<Cell, CatalogError> {
        let known = self.centroids.cells.get(cell);
        let known = known.ok_or_else(|| CatalogError::content("cell", "there is no such cell"))?;
        known.check(bytes)?;
        let (dim, bits) = (self.centroids.dim, self.centroids.bits);
        let CellBlock { ordinals, codes, scales, unit, captured, items } =
            CellBlock::from_bytes(bytes, known.count as usize, dim, bits)?;
        let rows = unpack(&codes, ordinals.len(), dim, bits);
        let scales = scales.into_iter().map(|scale| residual::scale(scale, unit)).collect();
        Ok(Cell { ordinals, items, captured, rows, scales })
    }

    /// The best `limit` items of these cells, each given with its number, in falling order of their scores, among those that are
    /// `wanted` by cell and row. Of equal ones the earlier is first.
    pub fn nearest<'a>(
        &self,
        cells: impl IntoIterator<Item = (usize, &'a Cell)>,
        direction: &Direction,
        limit: usize,
        wanted: impl Fn(usize, usize) -> bool,
    ) -> Result<Vec<Found>, EngineError> {
        let turned = self.turned(direction)?;
        let code = CodeRef::from(&turned.code);
        let (dots, scale) = (RowDots::new(code.as_slice()), code.scale());
        let half = HALF * code.as_slice().iter().map(|x| f32::from(*x)).sum::<f32>();
        let cells: Vec<(usize, &Cell)> = cells.into_iter().collect();
        let (mut cosines, mut ranks) = (Vec::new(), Vec::new());
        for (cell, items) in &cells {
            let base = self.product(*cell, &turned);
            items.each_dot(self.dim(), &dots, |row, dot| {
                let difference = items.scales.get(row).copied().unwrap_or(0.0);
                let cosine = (base + (dot as f32 + half) * (scale * difference)).clamp(-1.0, 1.0);
                let score = cosine - items.items.offset(row) * direction.text_share;
                ranks.push(Rank::new(cosines.len() as u32, score));
                cosines.push(cosine);
            });
        }
        ranks.sort_unstable();
        let mut found = Vec::with_capacity(limit.min(ranks.len()));
        for rank in ranks {
            if found.len() >= limit {
                break;
            }
            let (at, score) = (rank.ordinal() as usize, rank.neighbour().cosine);
            let mut before = 0;
            let is_of = |(_, items): &&(usize, &Cell)| {
                let is_it = at - before < items.ordinals.len();
                before += if is_it { 0 } else { items.ordinals.len() };
                is_it
            };
            let Some((cell, _)) = cells.iter().find(is_of) else { continue };
            let row = at - before;
            if wanted(*cell, row) {
                found.push(Found { cell: *cell, row, cosine: cosines[at], score });
            }
        }
        Ok(found)
    }

    /// The direction of an item, as its code remembers it.
    pub fn embedding(
        &self,
        cell: usize,
        items: &Cell,
        row: usize,
    ) -> Option<Result<Embedding, EmbeddingError>> {
        let known = self.centroids.cells.get(cell)?;
        let centroid = self.centroids.code(cell)?;
        let scale = *items.scales.get(row)?;
        let numbers = items.rows.chunks_exact(self.dim().max(1)).nth(row)?;
        let sum = centroid.iter().zip(numbers);
        let turned: Vec<f32> =
            sum.map(|(c, x)| f32::from(*c) * known.scale + (f32::from(*x) + HALF) * scale).collect();
        Some(Embedding::new(self.rotation.back(turned)))
    }

    /// Directions that stand for all items, with the number of items for each and their mean relevance offset: the centroids.
    pub fn background(&self) -> impl Iterator<Item = (Embedding, f32)> {
        let cells = self.centroids.cells.iter().enumerate();
        cells.filter_map(|(at, cell)| {
            let numbers = self.centroids.code(at)?.iter().map(|code| f32::from(*code)).collect();
            let direction = Embedding::new(self.rotation.back(numbers)).ok()?;
            Some((direction, f32::from(cell.offset) / OFFSET_UNITS))
        })
    }

    /// What an item of each cell can be expected to score, by the number of the cell: what its centroid does.
    pub fn promise(&self, direction: &Direction) -> Result<Vec<f32>, EngineError> {
        let turned = self.turned(direction)?;
        let cells = self.centroids.cells.iter().enumerate();
        let promise = cells.map(|(at, cell)| {
            self.product(at, &turned) - f32::from(cell.offset) / OFFSET_UNITS * direction.text_share
        });
        Ok(promise.collect())
    }

    /// The product of a direction and a centroid.
    fn product(&self, cell: usize, turned: &Turned) -> f32 {
        let known = self.centroids.cells.get(cell).zip(self.centroids.code(cell));
        let Some((known, centroid)) = known else { return 0.0 };
        let products = turned.embedding.as_slice().iter().zip(centroid);
        products.map(|(x, c)| x * f32::from(*c)).sum::<f32>() * known.scale
    }

    fn turned(&self, direction: &Direction) -> Result<Turned, EngineError> {
        let (expected, found) = (self.dim(), direction.embedding.dim());
        if found != expected {
            return Err(EngineError::Dimension { what: "the query".into(), expected, found });
        }
        let embedding = Embedding::new(self.rotation.turn(direction.embedding.as_slice().to_vec()))?;
        let code = Code::new(&embedding)?;
        Ok(Turned { embedding, code })
    }
}

impl Cell {
    /// The day on which an item was captured, if it is known.
    pub fn captured(&self, row: usize) -> Option<Date> {
        self.captured.get(row).copied().flatten()
    }

    /// Whether the middle of an item lies in every one of `areas`.
    pub fn lies_in(&self, row: usize, areas: &[Polygon]) -> bool {
        let middle = || self.items.centre(row);
        areas.is_empty() || middle().is_some_and(|middle| areas.iter().all(|area| area.contains(middle)))
    }

    /// Tells `found` each row and its product with the query.
    fn each_dot(&self, dim: usize, query: &RowDots, mut found: impl FnMut(usize, i32)) {
        let rows: Vec<&[i8]> = self.rows.chunks_exact(dim.max(1)).collect();
        let (groups, rest) = rows.as_chunks::<ROWS_TOGETHER>();
        let mut at = 0;
        let mut tell = |dot| {
            found(at, dot);
            at += 1;
        };
        groups.iter().for_each(|group| query.of(*group).into_iter().for_each(&mut tell));
        rest.iter().for_each(|row| query.of([*row]).into_iter().for_each(&mut tell));
    }
}

#[cfg(test)]
mod tests;
