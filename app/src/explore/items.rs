//! What there is, item by item: what is known of each, and its picture as checked files.

use clip_rs_catalog::{ItemId, Manifest};
use clip_rs_search::{Hit as Found, ItemRef, Polygon};

use super::reach;
use crate::engine::{Answerer, Opened, Pages, hit, not_answered};
use crate::imagery::Listings;
use crate::protocol::explore::{Item, Piece, Response};
use crate::protocol::{Failure, Hit};

/// Most items that are given to one call, whatever it asks for.
const MOST_ITEMS: usize = 5000;

/// At most `limit` of the items in all of `areas`, without the first `offset`.
pub async fn items(
    catalog: &Answerer,
    areas: &[Polygon],
    offset: usize,
    limit: usize,
) -> Result<Response, Failure> {
    let limit = limit.min(MOST_ITEMS);
    if areas.is_empty() {
        // Which they are is known before any of them is here.
        let pages = catalog.pages()?;
        let wanted: Vec<ItemRef> = all(pages.manifest()).skip(offset).take(limit).collect();
        reach::of(catalog, wanted.iter().map(|item| item.shard)).await?;
        let known = catalog
            .with_opened(|opened| Ok(wanted.into_iter().filter_map(|item| known(opened, item)).collect()))?;
        return complete(catalog, known, pages.manifest().count()).await;
    }
    reach::within(catalog, areas).await?;
    let (known, total) = catalog.with_opened(|opened| {
        let within: Vec<ItemRef> =
            all(opened.pages.manifest()).filter(|item| opened.engine.lies_in(*item, areas)).collect();
        let wanted = within.iter().skip(offset).take(limit);
        Ok((wanted.filter_map(|item| known(opened, *item)).collect(), within.len()))
    })?;
    complete(catalog, known, total).await
}

/// All items of a catalog, in its order.
fn all(manifest: &Manifest) -> impl Iterator<Item = ItemRef> {
    let shards = manifest.shards.iter().enumerate();
    shards.flat_map(|(shard, part)| (0..part.count).map(move |ordinal| ItemRef { shard, ordinal }))
}

/// The item called `id`.
pub async fn item(catalog: &Answerer, id: ItemId) -> Result<Response, Failure> {
    reach::of_items(catalog, [&id]).await?;
    let known = catalog.with_opened(|opened| {
        let found = opened.engine.find(&id).and_then(|item| known(opened, item));
        found.ok_or_else(|| not_answered(clip_rs_search::EngineError::NoItem(id)))
    })?;
    complete(catalog, vec![known], 1).await
}

/// The files of the picture of what is called `id`, for an edge of `pixels`.
pub async fn image(
    listings: &Listings,
    pages: &Pages,
    id: &str,
    pixels: u32,
) -> Result<(Response, Vec<u8>), Failure> {
    let files = listings.of(pages.base(), pages.manifest()).files(id, pixels.into()).await?;
    let mut pieces = Vec::with_capacity(files.len());
    let mut all = Vec::new();
    for file in files {
        let bytes = file.fetch(pages.base()).await?;
        let media_type = file.kind.map_or("", clip_rs_catalog::ImageKind::media_type).to_owned();
        pieces.push(Piece { media_type, bytes: bytes.len(), place: file.place });
        all.extend_from_slice(&bytes);
    }
    Ok((Response::Image { pieces }, all))
}

/// An item as if it had been found.
fn known(opened: &Opened, item: ItemRef) -> Option<(ItemRef, Hit)> {
    Some((item, hit(opened, &Found { item, similarity: 0.0, cosine: 0.0, score: 0.0 })?))
}

async fn complete(
    catalog: &Answerer,
    mut known: Vec<(ItemRef, Hit)>,
    total: usize,
) -> Result<Response, Failure> {
    let missing = catalog.pages()?.complete(&mut known).await;
    let items = known.into_iter().map(|(_, hit)| Item::from(hit)).collect();
    Ok(Response::Items { items, total, missing })
}
