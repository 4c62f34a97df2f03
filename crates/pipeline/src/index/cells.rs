//! The items of a large catalog by what they look like, so that a browser need not load all shards to search them.

use clip_rs_catalog::{CellsRef, Items};
use clip_rs_search::Embedding;
use clip_rs_search::cells::{CellsBuilder, bits_of};
use clip_rs_stage::StageError;
use rayon::prelude::*;

use crate::publish::Edition;

/// Bytes of indexes and items from which on a catalog has cells, unless it is said otherwise: more than a first search can wait
/// for.
const FROM_BYTES: u64 = 8 << 20;
/// Items that are assigned to cells at a time.
const PIECE: usize = 4096;

/// Whether a catalog has cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HasCells {
    /// Where its indexes and items are more than 8 MiB.
    #[default]
    IfLarge,
    /// In any case.
    Always,
    /// In no case: for hosts that hand out no ranges of files.
    Never,
}

impl HasCells {
    /// The same for a catalog whose indexes and items have so many bytes.
    pub fn decide(self, bytes: u64) -> bool {
        match self {
            Self::IfLarge => bytes >= FROM_BYTES,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// What has to be known of all shards.
#[derive(Default)]
pub struct Gathered {
    builder: Option<CellsBuilder>,
    shards: Vec<Items>,
    /// Bytes of the indexes and items so far.
    pub bytes: u64,
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

    /// Writes the cells; none without items.
    pub fn write(self, edition: &mut Edition) -> Result<Option<CellsRef>, StageError> {
        let Some(builder) = self.builder else { return Ok(None) };
        let partition = builder.partition();
        let pieces: Vec<&[f32]> = builder.pieces(PIECE).collect();
        let labels: Vec<Vec<u32>> = pieces.into_par_iter().map(|piece| partition.nearest(piece)).collect();
        let written = builder.write(&partition, &labels.concat(), &self.shards, bits_of(builder.dim()))?;
        Ok(Some(CellsRef {
            centroids: edition.add(&written.centroids, "centroids", "bin")?,
            cells: edition.add(&written.cells, "cells", "bin")?,
        }))
    }
}
