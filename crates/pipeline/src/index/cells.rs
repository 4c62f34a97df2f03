//! The items of a large catalog by what they look like, so that a browser need not load all shards to search them.

use clip_rs_catalog::{Bounds, CellsRef, Date, Items, Overview};
use clip_rs_search::Embedding;
use clip_rs_search::cells::{CellsBuilder, Means, Partition, Sums, bits_of};
use clip_rs_stage::StageError;
use rayon::prelude::*;

use crate::publish::Edition;
use crate::squeeze::Effort;

/// Bytes of indexes and items from which on a catalog has cells, unless it is said otherwise: more than a first search can wait
/// for.
const FROM_BYTES: usize = 8 << 20;
/// Bytes that graph and name of an item take beside its code, about.
const BESIDE_CODE: usize = 200;
/// Rows of a page of details or of the listing, of which a catalog that is loaded as a whole has few.
const PAGE_ROWS: usize = 4096;
/// Least rows of a page where hits may lie on as many pages as there are hits, and most pages.
const SMALL_PAGES: (usize, usize) = (512, 2048);
/// Items that are assigned to cells at a time.
const PIECE: usize = 4096;

/// Whether a catalog has cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HasCells {
    /// Where its indexes and items are more than 8 MiB, about.
    #[default]
    IfLarge,
    /// In any case.
    Always,
    /// In no case: for hosts that hand out no ranges of files.
    Never,
}

impl HasCells {
    /// The same for so many items, whose embeddings have so many components.
    pub fn decide(self, items: usize, dim: usize) -> bool {
        match self {
            Self::IfLarge => items.saturating_mul(dim + BESIDE_CODE) >= FROM_BYTES,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Rows of a page of details or of the listing, of so many rows in all.
pub fn page_rows(rows: usize, has_cells: bool) -> usize {
    let (least, pages) = SMALL_PAGES;
    if has_cells { rows.div_ceil(pages).clamp(least, PAGE_ROWS) } else { PAGE_ROWS }
}

/// Who divides items into cells. All that there are give the same cells.
pub trait Divider: std::fmt::Debug + Send + Sync {
    /// Centroids for these items, and the number of each item's nearest.
    fn divide(&self, items: &CellsBuilder) -> Result<(Partition, Vec<u32>), StageError>;
}

/// This process, on all its threads.
#[derive(Debug, Clone, Copy, Default)]
pub struct Here;

impl Divider for Here {
    fn divide(&self, items: &CellsBuilder) -> Result<(Partition, Vec<u32>), StageError> {
        let mut means = items.means();
        for _ in 0..Means::ROUNDS {
            let partition = means.partition();
            let pieces = means.sample().par_chunks(PIECE * items.dim().max(1));
            let nothing = || Sums::new(partition.len(), partition.dim());
            let sums =
                pieces.map(|piece| Sums::of(piece, partition)).reduce(nothing, |sums, part| sums.with(&part));
            means.round(&sums);
        }
        let partition = means.finish();
        let pieces: Vec<&[f32]> = items.pieces(PIECE).collect();
        let labels: Vec<Vec<u32>> = pieces.into_par_iter().map(|piece| partition.nearest(piece)).collect();
        Ok((partition, labels.concat()))
    }
}

/// What has to be known of all shards.
#[derive(Default)]
pub struct Gathered {
    builder: Option<CellsBuilder>,
    shards: Vec<Items>,
    captured: Vec<Option<Date>>,
}

impl Gathered {
    /// Adds the embeddings of the next shard.
    pub fn vectors(&mut self, vectors: &[Embedding]) {
        let Some(first) = vectors.first() else { return };
        let builder = self.builder.get_or_insert_with(|| CellsBuilder::new(first.dim()));
        vectors.iter().for_each(|vector| builder.push(vector));
    }

    /// Adds the items of the same shard.
    pub fn items(&mut self, items: Items) {
        self.shards.push(items);
    }

    /// Adds the days on which the next items were captured.
    pub fn captured(&mut self, days: impl Iterator<Item = Option<Date>>) {
        self.captured.extend(days);
    }

    /// Writes the cells; none without items.
    pub fn write(self, edition: &mut Edition, divider: &dyn Divider) -> Result<Option<CellsRef>, StageError> {
        let Some(builder) = self.builder else { return Ok(None) };
        let (partition, labels) = divider.divide(&builder)?;
        let bits = bits_of(builder.dim());
        let written = builder.write(&partition, &labels, &self.shards, &self.captured, bits)?;
        let footprints = self.shards.iter().flat_map(|items| (0..items.len()).map(|at| items.footprint(at)));
        let overview = overview(footprints.zip(written.cell_of));
        let overview = overview
            .map(|overview| edition.add_with(&overview.to_bytes()?, "overview", "bin", Effort::Brisk))
            .transpose()?;
        Ok(Some(CellsRef {
            centroids: edition.add(&written.centroids, "centroids", "bin")?,
            cells: edition.add_for_ranges(&written.cells, "cells", "bin")?,
            overview,
        }))
    }
}

/// Where the items of each cell lie, from what footprints they have and the numbers of their cells; none where none has a place.
pub fn overview(items: impl Iterator<Item = (Option<Bounds>, u32)>) -> Option<Overview> {
    let placed: Vec<(Bounds, u32)> = items.filter_map(|(footprint, cell)| Some((footprint?, cell))).collect();
    Overview::of(&placed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalog_has_cells_where_it_is_large_or_as_it_is_said() {
        let large = |items, dim| HasCells::IfLarge.decide(items, dim);
        assert!(!large(9_216, 64) && !large(30_000, 64) && large(32_000, 64) && large(12_000, 512));
        assert!(HasCells::Always.decide(1, 64) && !HasCells::Never.decide(usize::MAX, 64));
    }

    #[test]
    fn pages_are_small_where_each_hit_may_need_another_and_not_very_many() {
        assert_eq!(page_rows(2304, false), 4096);
        assert_eq!([100, 100_000, 1_000_000].map(|rows| page_rows(rows, true)), [512; 3]);
        assert_eq!(page_rows(5_000_000, true), 2442);
        assert_eq!(page_rows(usize::MAX, true), 4096);
    }
}
