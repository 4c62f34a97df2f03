//! The listing of all tiles or pictures, written in pages.

use clip_rs_catalog::{
    ImageKind, ListedFile, ListedPicture, ListedTile, Page, PictureListing, PictureSet, TileListing, TileSet,
};

use super::cells::page_rows;
use crate::embed::pictures::THUMBNAILS;
use crate::embed::{Shown, ShownPicture};
use crate::publish::Edition;
use clip_rs_stage::StageError;

/// What the manifest says of the imagery.
pub enum Imagery {
    /// Map tiles.
    Tiles(TileSet),
    /// Pictures that are no tiles.
    Pictures(PictureSet),
}

/// Gives the files that were put into `edition` their final places, and writes the pages that list them.
pub fn write(edition: &mut Edition, shown: &mut Shown<'_>, has_cells: bool) -> Result<Imagery, StageError> {
    match shown {
        Shown::Tiles { listed, zoom, edge } => {
            tiles(edition, listed, (*zoom, *edge), has_cells).map(Imagery::Tiles)
        }
        Shown::Pictures(shown) => pictures(edition, shown, has_cells).map(Imagery::Pictures),
    }
}

fn tiles(
    edition: &mut Edition,
    rows: &mut [ListedTile],
    (zoom, tile_size): (u8, u32),
    has_cells: bool,
) -> Result<TileSet, StageError> {
    rows.sort_unstable_by_key(|row| row.tile.order());
    let paths = rows.iter_mut().map(|row| (row.path(), &mut row.file)).collect();
    let folders = edition.settle(paths)?;
    let mut listing = Vec::new();
    for page in rows.chunks(page_rows(rows.len(), has_cells)) {
        let first = page.first().map(|row| row.tile.to_string()).unwrap_or_default();
        let content = TileListing::new(page.to_vec())?.to_bytes()?;
        listing.push(Page { first, file: edition.add(&content, "listing", "bin")? });
    }
    let zooms = || rows.iter().map(|row| row.tile.z());
    let (minzoom, maxzoom) = (zooms().min().unwrap_or(0), zooms().max().unwrap_or(0));
    let (kinds, count) = (kinds(rows), rows.len());
    Ok(TileSet { folders, kinds, minzoom, maxzoom, zoom, tile_size, count, listing })
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

fn pictures(
    edition: &mut Edition,
    shown: &mut [ShownPicture<'_>],
    has_cells: bool,
) -> Result<PictureSet, StageError> {
    let mut order: Vec<&mut ShownPicture<'_>> = shown.iter_mut().collect();
    order.sort_by(|a, b| a.name.cmp(&b.name));
    let mut paths: Vec<(String, &mut ListedFile)> = Vec::new();
    for ShownPicture { name, original, thumbnails, .. } in order.iter_mut().map(|shown| &mut **shown) {
        paths.extend(original.as_mut().map(|file| (format!("original/{name}"), file)));
        let thumbnails = THUMBNAILS.iter().zip(thumbnails);
        paths.extend(
            thumbnails.filter_map(|(edge, file)| Some((format!("{edge}/{name}.jpg"), file.as_mut()?))),
        );
    }
    let folders = edition.settle(paths)?;
    let mut listing = Vec::new();
    for page in order.chunks(page_rows(order.len(), has_cells)) {
        let first = page.first().map(|shown| shown.name.clone()).unwrap_or_default();
        let row = |shown: &&mut ShownPicture<'_>| ListedPicture {
            name: shown.name.clone(),
            width: shown.size.0,
            height: shown.size.1,
            original: shown.original,
            thumbnails: shown.thumbnails.clone(),
        };
        let content = PictureListing::new(page.iter().map(row).collect())?.to_bytes()?;
        listing.push(Page { first, file: edition.add(&content, "listing", "bin")? });
    }
    let thumbnails = THUMBNAILS.map(u32::from).to_vec();
    Ok(PictureSet { folders, thumbnails, count: order.len(), listing })
}
