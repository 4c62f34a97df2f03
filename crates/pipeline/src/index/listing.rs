//! The listing of all tiles or pictures, written in pages.

use clip_rs_catalog::{
    ImageKind, ListedFile, ListedPicture, ListedTile, Page, PictureListing, PictureSet, TileListing, TileSet,
};

use super::survey::Survey;
use crate::embed::Kept;
use crate::publish::{Edition, Stem};
use clip_rs_stage::StageError;

/// Tiles or pictures of a page of the listing.
const PAGE_ROWS: usize = 4096;
/// Edge of tiles whose source does not say it, pixels.
const USUAL_EDGE: u32 = 256;

/// What the manifest says of the imagery.
pub enum Imagery {
    /// Map tiles.
    Tiles(TileSet),
    /// Pictures that are no tiles.
    Pictures(PictureSet),
}

/// Gives the files that were put into `edition` their final places, and writes the pages that list them.
pub fn write(edition: &mut Edition, survey: &Survey, kept: &mut [Kept<'_>]) -> Result<Imagery, StageError> {
    match survey.stem {
        Stem::Tiles => tiles(edition, survey, kept).map(Imagery::Tiles),
        Stem::Pictures => pictures(edition, kept).map(Imagery::Pictures),
    }
}

fn tiles(edition: &mut Edition, survey: &Survey, kept: &[Kept<'_>]) -> Result<TileSet, StageError> {
    let row = |kept: &Kept<'_>| {
        let tile = kept.wanted.entry.id.tile()?;
        Some(ListedTile { tile, kind: kept.kind, file: kept.file })
    };
    let mut rows: Vec<ListedTile> = kept.iter().filter_map(row).collect();
    rows.sort_unstable_by_key(|row| row.tile.order());
    let paths = rows.iter_mut().map(|row| (row.path(), &mut row.file)).collect();
    let folders = edition.settle(paths)?;
    let mut listing = Vec::new();
    for page in rows.chunks(PAGE_ROWS) {
        let first = page.first().map(|row| row.tile.to_string()).unwrap_or_default();
        let content = TileListing::new(page.to_vec())?.to_bytes()?;
        listing.push(Page { first, file: edition.add(&content, "listing", "bin")? });
    }
    let zooms = || rows.iter().map(|row| row.tile.z());
    let searched = kept.iter().filter(|kept| kept.wanted.searched);
    let zoom = searched.filter_map(|kept| kept.wanted.entry.id.tile()).map(|tile| tile.z()).max();
    Ok(TileSet {
        folders,
        kinds: kinds(&rows),
        minzoom: zooms().min().unwrap_or(0),
        maxzoom: zooms().max().unwrap_or(0),
        zoom: zoom.unwrap_or(0),
        tile_size: survey.inventory().tile_size.unwrap_or(USUAL_EDGE),
        count: rows.len(),
        listing,
    })
}

/// The kinds of tiles, the most frequent first.
fn kinds(rows: &[ListedTile]) -> Vec<ImageKind> {
    let count = |kind: ImageKind| rows.iter().filter(|row| row.kind == kind).count();
    let mut kinds: Vec<(usize, ImageKind)> =
        ImageKind::ALL.iter().map(|kind| (count(*kind), *kind)).collect();
    kinds.retain(|(count, _)| *count > 0);
    kinds.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    kinds.into_iter().map(|(_, kind)| kind).collect()
}

fn pictures(edition: &mut Edition, kept: &mut [Kept<'_>]) -> Result<PictureSet, StageError> {
    let named = |kept: &Kept<'_>| kept.wanted.name.clone().unwrap_or_default();
    let mut order: Vec<&mut Kept<'_>> = kept.iter_mut().collect();
    order.sort_by_cached_key(|kept| named(kept));
    let paths: Vec<(String, &mut ListedFile)> =
        order.iter_mut().map(|kept| (format!("original/{}", named(kept)), &mut kept.file)).collect();
    let folders = edition.settle(paths)?;
    let mut listing = Vec::new();
    for page in order.chunks(PAGE_ROWS) {
        let first = page.first().map(|kept| named(kept)).unwrap_or_default();
        let row = |kept: &&mut Kept<'_>| ListedPicture {
            name: named(kept),
            width: kept.size.0,
            height: kept.size.1,
            original: Some(kept.file),
            thumbnails: Vec::new(),
        };
        let content = PictureListing::new(page.iter().map(row).collect())?.to_bytes()?;
        listing.push(Page { first, file: edition.add(&content, "listing", "bin")? });
    }
    Ok(PictureSet { folders, thumbnails: Vec::new(), count: order.len(), listing })
}
