//! Clouds of vectors and catalogs of them, for the tests of this folder.

use clip_rs_catalog::index::{IndexHeader, put_list};
use clip_rs_catalog::{ItemsBuilder, TileId};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::code::CodeRef;
use crate::{Code, Embedding, Index, Shard};

/// Vectors that depend on a seed.
pub(super) struct Cloud {
    rng: StdRng,
    dim: usize,
}

impl Cloud {
    pub(super) fn new(seed: u64, dim: usize) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), dim }
    }

    /// Any direction.
    pub(super) fn direction(&mut self) -> Embedding {
        let numbers = (0..self.dim).map(|_| (0..4).map(|_| self.rng.random_range(-1.0..1.0)).sum());
        Embedding::new(numbers.collect()).expect("a direction")
    }

    /// Vectors around a centre, at about `spread` from it; without a centre in all directions.
    pub(super) fn around(&mut self, centre: Option<&Embedding>, spread: f32, count: usize) -> Vec<Embedding> {
        let mut vectors = Vec::with_capacity(count);
        for _ in 0..count {
            let noise = self.direction();
            vectors.push(centre.map_or_else(|| noise.clone(), |centre| mixed(centre, 1.0, &noise, spread)));
        }
        vectors
    }
}

/// The direction of `a` times `x` plus `b` times `y`.
pub(super) fn mixed(x: &Embedding, a: f32, y: &Embedding, b: f32) -> Embedding {
    let sum = x.as_slice().iter().zip(y.as_slice()).map(|(x, y)| a * x + b * y);
    Embedding::new(sum.collect()).expect("a direction")
}

/// A shard of these vectors with these offsets. Its graph has no edges, so it takes no time to build.
pub(super) fn shard(vectors: &[Embedding], offset: impl Fn(usize) -> f32) -> Shard {
    let mut items = ItemsBuilder::default();
    for at in 0..vectors.len() {
        let tile = TileId::new(17, at as u32 % 1000, at as u32 / 1000).expect("a tile");
        items.push(&tile.into(), None).expect("an item");
        items.set_offset(at, offset(at)).expect("an offset");
    }
    Shard { index: index(vectors), items: items.build() }
}

pub(super) fn index(vectors: &[Embedding]) -> Index {
    let dim = vectors.first().map_or(0, Embedding::dim) as u32;
    let header = IndexHeader { dim, count: vectors.len() as u32, ef_search: 1, neighbours: 0 };
    let mut bytes = header.to_bytes();
    for vector in vectors {
        let code = Code::new(vector).expect("a code");
        bytes.extend(CodeRef::from(&code).as_slice().iter().map(|number| *number as u8));
    }
    let entrances: &[u32] = if vectors.is_empty() { &[] } else { &[0] };
    put_list(entrances, &mut bytes);
    vectors.iter().for_each(|_| put_list(&[], &mut bytes));
    Index::from_bytes(bytes).expect("an index")
}
