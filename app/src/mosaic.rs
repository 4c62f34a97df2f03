//! What the picture of an item is put together from: parts of files, each with its place in a square.
//!
//! A square of tiles is made of tiles of the zoom that takes the fewest files and is sharp enough; a
//! square smaller than a tile is a part of that; a picture is shown by its smallest thumbnail that is sharp enough.

use std::ops::RangeInclusive;

use clip_rs_catalog::{Crop, ListedFile, ListedPicture, TileId, TileSet, TileSquare};
use serde::{Deserialize, Serialize};

/// More files than this no card is made of.
const MOST_TILES: u64 = 64;

/// Where a file lies in the square that shows an item, in percent of the square's edge. What lies outside is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Left edge of the file from the left edge of the square.
    pub left: f64,
    /// Upper edge of the file from the upper edge of the square.
    pub top: f64,
    /// Width of the file.
    pub width: f64,
    /// Height of the file.
    pub height: f64,
}

/// A whole file fills the square.
pub const WHOLE: Place = Place { left: 0.0, top: 0.0, width: 100.0, height: 100.0 };

/// The zooms whose tiles can show `square`, the best first: of those with at least `pixels` on the square's edge the one that
/// takes the fewest files, the finest of several; then finer ones, then coarser ones.
pub fn zooms(square: TileSquare, tiles: &TileSet, pixels: f64) -> Vec<u8> {
    let finest = square.tile().z().min(tiles.maxzoom);
    let sharp = |zoom: &u8| {
        let levels = i32::from(square.tile().z()) - i32::from(*zoom);
        f64::from(tiles.tile_size) * f64::from(square.span()) / f64::from(levels).exp2() >= pixels
    };
    let files = |zoom: u8| {
        let (columns, rows) = covering(square, zoom);
        size(&columns) * size(&rows)
    };
    let best = (tiles.minzoom..=finest).rev().filter(sharp).min_by_key(|zoom| files(*zoom)).unwrap_or(finest);
    let order = std::iter::once(best).chain(best + 1..=finest).chain((tiles.minzoom..best).rev());
    order.filter(|zoom| *zoom >= tiles.minzoom && files(*zoom) <= MOST_TILES).collect()
}

/// The tiles of `zoom`, not deeper than the square's, that show `square`, with their places.
pub fn tiles(square: TileSquare, zoom: u8) -> Vec<(TileId, Place)> {
    let (columns, rows) = covering(square, zoom);
    let (tile, span) = (square.tile(), f64::from(square.span()));
    let edge = f64::from(1_u32 << (tile.z() - zoom)) / span * 100.0;
    // Columns are counted on across the antimeridian; the files' numbers begin anew there.
    let offset = |index: u64, first: u32| (index as f64 * edge) - f64::from(first) / span * 100.0;
    let mut pieces = Vec::new();
    for row in rows {
        for column in columns.clone() {
            let place = Place {
                left: offset(column, tile.x()),
                top: offset(row, tile.y()),
                width: edge,
                height: edge,
            };
            let id = TileId::new(zoom, (column % (1 << zoom)) as u32, row as u32);
            pieces.extend(id.ok().map(|id| (id, place)));
        }
    }
    pieces
}

/// Columns and rows of the tiles of `zoom` that show `square`.
fn covering(square: TileSquare, zoom: u8) -> (RangeInclusive<u64>, RangeInclusive<u64>) {
    let shift = square.tile().z().saturating_sub(zoom);
    let last = u64::from(square.span()) - 1;
    let range = |first: u32| (u64::from(first) >> shift)..=((u64::from(first) + last) >> shift);
    (range(square.tile().x()), range(square.tile().y()))
}

fn size(range: &RangeInclusive<u64>) -> u64 {
    range.end() - range.start() + 1
}

/// Where the whole picture lies when the square shows its part `crop`. Sizes are in pixels.
pub fn cropped(width: u32, height: u32, crop: Crop) -> Place {
    let percent = |pixels: u32| f64::from(pixels) / f64::from(crop.side) * 100.0;
    Place { left: -percent(crop.x), top: -percent(crop.y), width: percent(width), height: percent(height) }
}

/// One of a picture's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureFile {
    /// The thumbnail of the size with this number.
    Thumbnail(usize, ListedFile),
    /// The picture as it was given.
    Original(ListedFile),
}

/// The smallest file of `picture` with at least `pixels` on each edge of what is shown: of `crop`, or of the middle of
/// the whole. Thumbnails have longer edges of `edges` pixels. The original counts where it is no larger than thumbnails
/// are, and where there is nothing else.
pub fn file_of(
    picture: &ListedPicture,
    edges: &[u32],
    crop: Option<Crop>,
    pixels: f64,
) -> Option<PictureFile> {
    let (long, short) = (picture.width.max(picture.height).max(1), picture.width.min(picture.height));
    let shown = crop.map_or(short, |crop| crop.side);
    let thumbnails = picture
        .thumbnails
        .iter()
        .zip(edges)
        .enumerate()
        .filter_map(|(size, (file, edge))| file.map(|file| (*edge, PictureFile::Thumbnail(size, file))));
    let mut files: Vec<(u32, PictureFile)> = thumbnails.collect();
    let small = edges.last().is_some_and(|largest| long <= *largest);
    if small || files.is_empty() {
        files.extend(picture.original.map(|file| (long, PictureFile::Original(file))));
    }
    let sharp = |edge: u32| f64::from(edge) * f64::from(shown) / f64::from(long) >= pixels;
    files.iter().find(|(edge, _)| sharp(*edge)).or(files.last()).map(|(_, file)| *file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clip_rs_catalog::ImageKind;

    fn square(text: &str) -> TileSquare {
        text.parse().expect("a square of tiles")
    }

    fn set(minzoom: u8, maxzoom: u8) -> TileSet {
        TileSet {
            folders: vec!["tiles-0123456789abcdef".into()],
            kinds: vec![ImageKind::Jpeg],
            minzoom,
            maxzoom,
            zoom: maxzoom,
            tile_size: 256,
            count: 1,
            listing: Vec::new(),
        }
    }

    fn pieces(text: &str, zoom: u8) -> Vec<(String, [f64; 4])> {
        let pieces = tiles(square(text), zoom).into_iter();
        pieces.map(|(tile, p)| (tile.to_string(), [p.left, p.top, p.width, p.height])).collect()
    }

    #[test]
    fn a_tile_is_shown_whole() {
        assert_eq!(tiles(square("17/37500/50140"), 17), [(square("17/37500/50140").tile(), WHOLE)]);
        assert_eq!(zooms(square("17/37500/50140"), &set(11, 17), 104.0), [17, 16, 15, 14, 13, 12, 11]);
        assert_eq!(zooms(square("17/37500/50140"), &set(11, 17), 208.0)[0], 17);
    }

    #[test]
    fn a_square_smaller_than_a_tile_is_the_part_of_the_tile_that_holds_it() {
        assert_eq!(zooms(square("18/75001/100280"), &set(11, 17), 208.0)[0], 17);
        assert_eq!(
            pieces("18/75001/100281", 17),
            [("17/37500/50140".into(), [-100.0, -100.0, 200.0, 200.0])]
        );
    }

    #[test]
    fn a_square_that_begins_in_the_middle_of_a_tile_is_put_together() {
        assert_eq!(
            pieces("18/75001/100280+2", 17),
            [
                ("17/37500/50140".into(), [-50.0, 0.0, 100.0, 100.0]),
                ("17/37501/50140".into(), [50.0, 0.0, 100.0, 100.0])
            ]
        );
    }

    #[test]
    fn a_large_square_is_shown_by_few_tiles_further_out() {
        let eight = square("17/37504/50144+8");
        assert_eq!(zooms(eight, &set(11, 17), 208.0)[0], 14, "one tile of 256 pixels shows it");
        assert_eq!(pieces("17/37504/50144+8", 14), [("14/4688/6268".into(), [0.0, 0.0, 100.0, 100.0])]);
        assert_eq!(zooms(eight, &set(11, 17), 104.0)[0], 14, "no fewer files further out");
        assert_eq!(
            zooms(square("17/37503/50143+2"), &set(11, 17), 208.0)[..2],
            [17, 16],
            "four files in either zoom"
        );
        assert_eq!(zooms(eight, &set(17, 17), 208.0), [17], "as it must where there is no other zoom");
        assert!(
            zooms(square("17/37504/50144+200"), &set(17, 17), 208.0).is_empty(),
            "40,000 files are too many"
        );
    }

    #[test]
    fn a_square_across_the_antimeridian_has_tiles_of_both_ends() {
        assert_eq!(
            pieces("3/7/2+2", 3),
            [
                ("3/7/2".into(), [0.0, 0.0, 50.0, 50.0]),
                ("3/0/2".into(), [50.0, 0.0, 50.0, 50.0]),
                ("3/7/3".into(), [0.0, 50.0, 50.0, 50.0]),
                ("3/0/3".into(), [50.0, 50.0, 50.0, 50.0])
            ]
        );
        assert_eq!(pieces("3/7/2+2", 2).len(), 2);
    }

    fn picture(width: u32, height: u32, thumbnails: [bool; 2], original: bool) -> ListedPicture {
        let file = |there: bool| there.then(|| ListedFile::of(b"content", 0)).flatten();
        let thumbnails = thumbnails.map(file).to_vec();
        ListedPicture { name: "a.jpg".into(), width, height, original: file(original), thumbnails }
    }

    fn chosen(picture: &ListedPicture, crop: Option<Crop>, pixels: f64) -> Option<&'static str> {
        file_of(picture, &[256, 1024], crop, pixels).map(|file| match file {
            PictureFile::Thumbnail(0, _) => "small",
            PictureFile::Thumbnail(..) => "large",
            PictureFile::Original(_) => "original",
        })
    }

    #[test]
    fn a_picture_is_shown_by_its_smallest_thumbnail_that_is_sharp_enough() {
        let photograph = picture(4000, 3000, [true, true], true);
        assert_eq!(chosen(&photograph, None, 104.0), Some("small"));
        assert_eq!(chosen(&photograph, None, 208.0), Some("large"), "its short edge has 192 pixels only");
        assert_eq!(chosen(&photograph, None, 5000.0), Some("large"), "never the original");
        let part = Crop { x: 0, y: 0, side: 600 };
        assert_eq!(chosen(&photograph, Some(part), 104.0), Some("large"), "a part needs more of the whole");
    }

    #[test]
    fn a_small_picture_is_its_own_thumbnail() {
        let small = picture(200, 100, [false, false], true);
        assert_eq!(chosen(&small, None, 104.0), Some("original"));
        let middling = picture(500, 500, [true, false], true);
        assert_eq!(
            (chosen(&middling, None, 104.0), chosen(&middling, None, 300.0)),
            (Some("small"), Some("original"))
        );
        assert_eq!(chosen(&picture(4000, 3000, [false, false], false), None, 104.0), None);
    }

    #[test]
    fn a_part_of_a_picture_is_the_picture_moved_and_enlarged() {
        let place = cropped(1000, 500, Crop { x: 250, y: 0, side: 500 });
        assert_eq!(place, Place { left: -50.0, top: 0.0, width: 200.0, height: 100.0 });
    }
}
