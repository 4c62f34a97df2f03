//! Which shards of a catalog lie where, and what they weigh: of a catalog that is too large to be loaded as a whole, those are loaded
//! that are looked at.

use clip_rs_catalog::{Bounds, ItemId, Manifest, Shard};

/// Bytes of shards that are fetched to know every item in view, instead of estimating: where four meet, of rs-small.
const OF_A_VIEW: u64 = 10 << 20;

/// The files of a shard that are loaded: its index and its items.
pub fn files(shard: &Shard) -> [&str; 2] {
    [&shard.index, &shard.items]
}

/// Bytes of these shards, by their places in the manifest.
pub fn bytes(manifest: &Manifest, places: &[usize]) -> u64 {
    let shards = places.iter().filter_map(|place| manifest.shards.get(*place));
    let names = shards.flat_map(files);
    names.filter_map(|name| manifest.file(name).ok()).fold(0, |sum, file| sum.saturating_add(file.bytes))
}

/// The places of the shards that have a part in every one of `areas`; all of them where there are no areas.
pub fn within(manifest: &Manifest, areas: &[Bounds]) -> Vec<usize> {
    let has_part =
        |shard: &Shard| areas.iter().all(|area| shard.bounds.is_some_and(|bounds| bounds.intersects(area)));
    let shards = manifest.shards.iter().enumerate();
    shards.filter(|(_, shard)| has_part(shard)).map(|(place, _)| place).collect()
}

/// The places of the shards that the item called `id` may be in; none where its name does not say where it lies.
pub fn of_item(manifest: &Manifest, id: &ItemId) -> Option<Vec<usize>> {
    let ItemId::Tiles(square) = id else { return None };
    let middle = square.bounds().centre();
    let middle = Bounds::new(middle.lng(), middle.lat(), middle.lng(), middle.lat()).ok()?;
    Some(within(manifest, &[middle]))
}

/// The places of the shards of which something lies in `view`, if the catalog is searched by its cells and they are few enough to be
/// fetched for a look.
pub fn in_view(manifest: &Manifest, view: Bounds) -> Option<Vec<usize>> {
    manifest.cells.as_ref()?;
    let places = within(manifest, &[view]);
    // Asked at each move of a map: of hundreds of shards only the first few are weighed.
    let weighed = |sum: u64, place: &usize| {
        Some(sum.saturating_add(bytes(manifest, &[*place]))).filter(|sum| *sum <= OF_A_VIEW)
    };
    places.iter().try_fold(0, weighed).is_some().then_some(places)
}
