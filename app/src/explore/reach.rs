//! How much of a catalog an ability looks at: of one that is searched by its cells the shards are brought that it needs, and what
//! would need more than a browser has room for is refused with what to do.

use std::collections::BTreeSet;

use clip_rs_catalog::{Bounds, ItemId, Manifest};
use clip_rs_search::Polygon;

use crate::engine::{Answerer, refused};
use crate::format::{self, counted};
use crate::protocol::Failure;
use crate::shards;

/// Most bytes of shards that are looked at together: about 1.3 million items of rs-small. With what page and workers hold besides, it
/// stays below 400 MB.
const MOST_BYTES: u64 = 192 << 20;

/// The places of the shards that can be looked at for what lies in every one of `areas`: those that have a part there, and all of a
/// catalog that is loaded as a whole. An error where they would be too many.
pub fn places(manifest: &Manifest, areas: &[Polygon]) -> Result<Vec<usize>, Failure> {
    if manifest.cells.is_none() {
        return Ok((0..manifest.shards.len()).collect());
    }
    let boxes: Vec<Bounds> = areas.iter().filter_map(Polygon::bounds).collect();
    let places = shards::within(manifest, &boxes);
    fits(manifest, &places)?;
    Ok(places)
}

/// Brings what lies in every one of `areas`; all there is where there are none.
pub async fn within(catalog: &Answerer, areas: &[Polygon]) -> Result<(), Failure> {
    let places = places(catalog.pages()?.manifest(), areas)?;
    of(catalog, places).await
}

/// Brings what the items with these names are in.
pub async fn of_items(catalog: &Answerer, ids: impl IntoIterator<Item = &ItemId>) -> Result<(), Failure> {
    of(catalog, catalog.holding(ids).await?).await
}

/// Brings the shards at these places. What is asked of them is asked at once: what else is waited for meanwhile may bring others, and
/// let go of these.
pub async fn of(catalog: &Answerer, places: impl IntoIterator<Item = usize>) -> Result<(), Failure> {
    let pages = catalog.pages()?;
    let manifest = pages.manifest();
    if manifest.cells.is_none() {
        return Ok(());
    }
    let places: Vec<usize> = places.into_iter().collect::<BTreeSet<usize>>().into_iter().collect();
    fits(manifest, &places)?;
    catalog.bring(&places).await
}

/// Refuses shards that are too many to be looked at together.
pub fn fits(manifest: &Manifest, places: &[usize]) -> Result<(), Failure> {
    let bytes = shards::bytes(manifest, places);
    if bytes <= MOST_BYTES {
        return Ok(());
    }
    let items = places.iter().filter_map(|place| manifest.shards.get(*place)).map(|shard| shard.count).sum();
    Err(refused(&format!(
        "Each of {} would have to be looked at, which takes {}: more than a browser has room for. Search within a smaller area.",
        counted(items, "place"),
        format::bytes(bytes)
    )))
}
