//! How much of a catalog an ability looks at: of one that is searched by its cells the shards are brought that it needs, and what
//! would need more than a browser has room for is refused with what to do.

use std::collections::BTreeSet;

use clip_rs_catalog::{Bounds, ItemId};
use clip_rs_search::Polygon;

use crate::engine::{Answerer, refused};
use crate::format::{self, counted};
use crate::protocol::Failure;
use crate::shards;

/// Most bytes of shards that are looked at together: about two million items of rs-small.
const MOST_BYTES: u64 = 384 << 20;

/// Brings what lies in every one of `areas`; all there is where there are none.
pub async fn within(catalog: &Answerer, areas: &[Polygon]) -> Result<(), Failure> {
    let edges: Vec<Bounds> = areas.iter().filter_map(Polygon::edges).collect();
    of(catalog, shards::within(catalog.pages()?.manifest(), &edges)).await
}

/// Brings what the items with these names are in.
pub async fn of_items(catalog: &Answerer, ids: impl IntoIterator<Item = &ItemId>) -> Result<(), Failure> {
    of(catalog, catalog.holding(ids).await?).await
}

/// Brings the shards at these places.
pub async fn of(catalog: &Answerer, places: impl IntoIterator<Item = usize>) -> Result<(), Failure> {
    let pages = catalog.pages()?;
    let manifest = pages.manifest();
    if manifest.cells.is_none() {
        return Ok(());
    }
    let places: Vec<usize> = places.into_iter().collect::<BTreeSet<usize>>().into_iter().collect();
    let bytes = shards::bytes(manifest, &places);
    if bytes > MOST_BYTES {
        let items =
            places.iter().filter_map(|place| manifest.shards.get(*place)).map(|shard| shard.count).sum();
        return Err(refused(&format!(
            "Each of {} would have to be looked at, which takes {}: more than a browser has room for. Search within a smaller area.",
            counted(items, "place"),
            format::bytes(bytes)
        )));
    }
    catalog.bring(&places).await
}
