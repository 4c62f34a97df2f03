//! The items of a catalog as rows, in an order in which neighbours on the ground are neighbours in the table.

use clip_rs_catalog::{Bounds, Detail, Items, TileId};
use clip_rs_search::Index;
use clip_rs_stage::StageError;
use pmtiles::{TileCoord, TileId as Hilbert};

use crate::catalog::Catalog;

/// Zoom whose tiles are put along Hilbert's curve: some forty metres, less than a place of its own.
const ZOOM: u8 = 20;

/// All items with their embeddings; as much memory as the catalog's index.
pub(super) struct Rows {
    shards: Vec<ShardRows>,
}

struct ShardRows {
    index: Index,
    items: Items,
    details: Vec<Detail>,
}

/// Where a row is: shard and ordinal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    pub shard: usize,
    pub ordinal: usize,
}

/// An item.
pub(super) struct Row<'a> {
    /// Tile, square of tiles, picture or part of one.
    pub id: String,
    /// What it covers.
    pub footprint: Option<Bounds>,
    /// What else is known.
    pub detail: &'a Detail,
    /// How close it is to any text, where the model knows.
    pub offset: Option<f32>,
}

impl Rows {
    /// Reads all that there is of items.
    pub fn read(catalog: &Catalog) -> Result<Self, StageError> {
        let shard = |shard: &clip_rs_catalog::Shard| {
            let (index, items) = (catalog.index(shard)?, catalog.items(shard)?);
            let mut details = Vec::with_capacity(items.len());
            for page in &shard.details {
                let page = catalog.details(page)?;
                details.extend((0..page.len()).filter_map(|at| page.get(at)));
            }
            details.resize(items.len(), Detail::default());
            if index.len() != items.len() {
                let why = format!("{} items have {} embeddings", items.len(), index.len());
                return Err(StageError::content(&shard.items, why));
            }
            Ok(ShardRows { index, items, details })
        };
        Ok(Self { shards: catalog.manifest.shards.iter().map(shard).collect::<Result<_, _>>()? })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.items.len()).sum()
    }

    /// How many of them have no position.
    pub fn without_place(&self) -> usize {
        self.all().filter(|at| self.footprint(*at).is_none()).count()
    }

    /// All of them, in the catalog's order.
    pub fn all(&self) -> impl Iterator<Item = At> + '_ {
        let shards = self.shards.iter().enumerate();
        shards.flat_map(|(shard, rows)| (0..rows.items.len()).map(move |ordinal| At { shard, ordinal }))
    }

    /// All of them along Hilbert's curve, those without a position last.
    pub fn along_hilbert(&self) -> Vec<At> {
        let mut all: Vec<At> = self.all().collect();
        self.sort(&mut all);
        all
    }

    /// Those of a shard along Hilbert's curve.
    pub fn of_shard(&self, shard: usize) -> Vec<At> {
        let count = self.shards.get(shard).map_or(0, |rows| rows.items.len());
        let mut all: Vec<At> = (0..count).map(|ordinal| At { shard, ordinal }).collect();
        self.sort(&mut all);
        all
    }

    fn sort(&self, all: &mut [At]) {
        let place = |at: &At| {
            let centre = self.footprint(*at)?.centre();
            let tile = TileId::from_lng_lat(centre, ZOOM).ok()?;
            Some(Hilbert::from(TileCoord::new(tile.z(), tile.x(), tile.y()).ok()?).value())
        };
        all.sort_by_cached_key(|at| place(at).unwrap_or(u64::MAX));
    }

    fn footprint(&self, at: At) -> Option<Bounds> {
        self.shards.get(at.shard)?.items.footprint(at.ordinal)
    }

    /// What is known of an item.
    pub fn get(&self, at: At) -> Option<Row<'_>> {
        let shard = self.shards.get(at.shard)?;
        Some(Row {
            id: shard.items.id(at.ordinal)?.to_string(),
            footprint: shard.items.footprint(at.ordinal),
            detail: shard.details.get(at.ordinal)?,
            offset: shard.items.has_offsets().then(|| shard.items.offset(at.ordinal)),
        })
    }

    /// Its embedding as searches compare it: the unit vector of its code.
    pub fn embedding(&self, at: At) -> Result<Vec<f32>, StageError> {
        let none =
            || StageError::Request(format!("item {} of shard {} has no embedding", at.ordinal, at.shard));
        let shard = self.shards.get(at.shard).ok_or_else(none)?;
        let embedding = shard.index.embedding(at.ordinal).ok_or_else(none)?;
        Ok(embedding.map_err(StageError::engine("an embedding"))?.as_slice().to_vec())
    }
}
