//! From the embeddings of a catalog to its cells.

use clip_rs_catalog::cells::{CellBlock, CellRef, Centroids};
use clip_rs_catalog::{CatalogError, Date, Items, ItemsBuilder};

use super::OFFSET_UNITS;
use super::means::Means;
use super::partition::Partition;
use super::residual::{Rounded, pack, round, scales};
use super::rotation::Rotation;
use crate::Embedding;

/// Bits of a component for embeddings of so many components. At equal bytes these find more than fewer bits in more cells do, or more
/// bits in fewer (`docs/SCALE.md`); the more components, the less an error of each counts.
pub fn bits_of(dim: usize) -> usize {
    if dim <= 192 { 8 } else { 6 }
}

/// Items of a cell, about: fewer make more centroids, more make cells of which less is near.
const CELL_ITEMS: usize = 512;
/// Most items of a cell: where very many are alike, there are several cells of them.
const MOST_ITEMS: usize = 2048;
/// Most cells: every query is compared with all of their centroids.
const MOST_CELLS: usize = 8192;
/// What signs and centroids are drawn by.
const SEED: u64 = 17;

/// Collects a catalog's embeddings.
#[derive(Debug, Clone)]
pub struct CellsBuilder {
    dim: usize,
    rotation: Rotation,
    /// Rotated, shape `(items, dim)`.
    vectors: Vec<f32>,
}

/// The two files.
#[derive(Debug, Clone)]
pub struct WrittenCells {
    /// The content of `centroids.<hash>.bin`.
    pub centroids: Vec<u8>,
    /// The content of `cells.<hash>.bin`.
    pub cells: Vec<u8>,
    /// The number of each item's cell, by its ordinal.
    pub cell_of: Vec<u32>,
}

impl CellsBuilder {
    /// For embeddings of so many components.
    pub fn new(dim: usize) -> Self {
        Self { dim, rotation: Rotation::random(dim, SEED), vectors: Vec::new() }
    }

    /// Adds the embedding of the next item.
    ///
    /// # Panics
    /// It has not as many components as the others.
    pub fn push(&mut self, embedding: &Embedding) {
        assert_eq!(embedding.dim(), self.dim, "embeddings of different dimensions have no cells together");
        self.vectors.extend(self.rotation.turn(embedding.as_slice().to_vec()));
    }

    /// Components of an embedding.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.vectors.len() / self.dim.max(1)
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.vectors.is_empty()
    }

    /// The centroids for these items, before the first round.
    pub fn means(&self) -> Means {
        let cells = self.len().div_ceil(CELL_ITEMS).clamp(1, MOST_CELLS);
        Means::begin(&self.vectors, self.dim, cells, SEED)
    }

    /// The items' embeddings as they are searched, in pieces of so many items.
    pub fn pieces(&self, items: usize) -> impl Iterator<Item = &[f32]> {
        self.vectors.chunks(items.max(1) * self.dim.max(1))
    }

    /// The cells of items with these labels, which `partition` gave for them; `shards` are the items in the same order, and
    /// `captured` the days that are known of them, by their ordinals.
    pub fn write(
        &self,
        partition: &Partition,
        labels: &[u32],
        shards: &[Items],
        captured: &[Option<Date>],
        bits: usize,
    ) -> Result<WrittenCells, CatalogError> {
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); partition.len()];
        for (ordinal, label) in labels.iter().enumerate() {
            if let Some(members) = members.get_mut(*label as usize) {
                members.push(ordinal as u32);
            }
        }
        let mut centroids =
            Centroids { dim: self.dim, bits, signs: self.rotation.to_signs(), ..Centroids::default() };
        let mut cells = Vec::new();
        let mut cell_of = vec![0; labels.len()];
        for (label, members) in members.iter().enumerate() {
            let (centroid, scale) = partition.centroid(label);
            for part in members.chunks(MOST_ITEMS) {
                let items = items_of(shards, part)?;
                let offset = (0..items.len()).map(|row| items.offset(row)).sum::<f32>() / items.len() as f32;
                let day = |ordinal: &u32| captured.get(*ordinal as usize).copied().flatten();
                let captured = part.iter().map(day).collect();
                let block =
                    CellBlock { captured, ..self.block(centroid, scale, part, items, bits) }.to_bytes()?;
                let (start, offset) = (cells.len() as u64, (offset * OFFSET_UNITS).round() as i16);
                let number = centroids.cells.len() as u32;
                for ordinal in part {
                    cell_of[*ordinal as usize] = number;
                }
                centroids.cells.push(CellRef::of(&block, start, part.len(), scale, offset)?);
                centroids.codes.extend_from_slice(centroid);
                cells.extend(block);
            }
        }
        Ok(WrittenCells { centroids: centroids.to_bytes()?, cells, cell_of })
    }

    fn block(&self, centroid: &[i8], scale: f32, members: &[u32], items: Items, bits: usize) -> CellBlock {
        let (mut codes, mut lengths) = (Vec::new(), Vec::with_capacity(members.len()));
        for ordinal in members {
            let vector = &self.vectors[*ordinal as usize * self.dim..][..self.dim];
            let difference: Vec<f32> =
                vector.iter().zip(centroid).map(|(x, c)| x - f32::from(*c) * scale).collect();
            let Rounded { numbers, scale } = round(&difference, bits);
            pack(&numbers, bits, &mut codes);
            lengths.push(scale);
        }
        let (scales, unit) = scales(&lengths);
        CellBlock { ordinals: members.to_vec(), codes, scales, unit, captured: Vec::new(), items }
    }
}

/// The items with these ordinals, which ascend and are counted through all shards.
fn items_of(shards: &[Items], ordinals: &[u32]) -> Result<Items, CatalogError> {
    let mut builder = ItemsBuilder::default();
    let mut shards = shards.iter();
    let mut shard = shards.next();
    let mut before = 0;
    // The rows of those so far, by their place in the shard.
    let mut rows = std::collections::HashMap::new();
    for ordinal in ordinals {
        let ordinal = *ordinal as usize;
        while let Some(items) = shard.filter(|items| ordinal - before >= items.len()) {
            before += items.len();
            shard = shards.next();
            rows.clear();
        }
        let of_none = || CatalogError::content("cell", "an item that is in no shard");
        let items = shard.ok_or_else(of_none)?;
        let at = ordinal - before;
        let row = builder.push(&items.id(at).ok_or_else(of_none)?, items.footprint(at))?;
        if let Some(earlier) = items.duplicate_of(at).and_then(|earlier| rows.get(&earlier)) {
            builder.mark_duplicate(row, *earlier)?;
        }
        builder.set_offset(row, items.offset(at))?;
        rows.insert(at, row);
    }
    Ok(builder.build())
}
