//! The map's shallower tiles, made where the source has none: from the searched zoom up to the one at which the whole
//! area fits one or two tiles.

use std::io::Cursor;
use std::sync::{Mutex, PoisonError};

use clip_rs_catalog::{Digest, Digester, ImageKind, ListedFile, ListedTile, TileId};
use clip_rs_imagery::decode::{Picture, thumbnail};
use clip_rs_imagery::sniff;
use clip_rs_stage::StageError;
use clip_rs_stage::progress::Progress;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, GrayImage, ImageEncoder, Luma, Rgb, RgbImage, imageops};
use rayon::prelude::*;

use super::made::Made;
use super::tiles::Tiles;
use crate::publish::Edition;

/// Tiles that the whole area is shown by at the shallowest zoom, at most.
const TOP: usize = 2;

/// Makes overviews.
pub struct Overviews<'a> {
    /// The source's tiles.
    pub tiles: &'a Tiles<'a>,
    /// Those of its entries that can be shown, by their numbers.
    pub files: &'a [Option<(ListedFile, ImageKind)>],
    /// Edge of a tile, pixels.
    pub edge: u32,
    /// What was made before.
    pub made: &'a Made,
    /// Where overviews are written to.
    pub edition: &'a Edition,
}

/// A tile that its parent can be made of.
#[derive(Clone, Copy)]
struct Part {
    file: ListedFile,
    origin: Origin,
}

#[derive(Clone, Copy)]
enum Origin {
    /// The source's entry with this number.
    Source(usize),
    /// Made and kept under this key.
    Made(Digest),
}

/// What all threads share.
struct Work {
    progress: Progress,
    listed: Mutex<Vec<ListedTile>>,
}

impl Overviews<'_> {
    /// Makes every overview that is missing. None of the source's tiles is replaced.
    pub fn make(&self) -> Result<Vec<ListedTile>, StageError> {
        let pyramid = self.tiles.pyramid();
        let mut row: Vec<TileId> =
            pyramid.of_zoom(pyramid.zoom()).iter().filter_map(|entry| entry.id.tile()).collect();
        let mut missing = 0;
        while row.len() > TOP {
            // In quadkey order the children of a tile are beside each other.
            row = row.into_iter().filter_map(TileId::parent).collect();
            row.dedup();
            missing += row.iter().filter(|tile| self.there(**tile).is_none()).count();
        }
        if missing == 0 {
            return Ok(Vec::new());
        }
        let work = Work { progress: Progress::start("Making overviews", missing), listed: Mutex::default() };
        row.into_iter().try_for_each(|top| self.ensure(top, &work).map(drop))?;
        work.progress.finish();
        let mut listed = work.listed.into_inner().unwrap_or_else(PoisonError::into_inner);
        listed.sort_unstable_by_key(|tile| tile.tile.order());
        Ok(listed)
    }

    /// The source's own tile.
    fn there(&self, tile: TileId) -> Option<Part> {
        let at = self.tiles.pyramid().find(tile)?;
        let (file, _) = self.files[at]?;
        Some(Part { file, origin: Origin::Source(at) })
    }

    /// Makes a tile and all below it, as far as they are missing; none where nothing is to be shown.
    fn ensure(&self, tile: TileId, work: &Work) -> Result<Option<Part>, StageError> {
        let pyramid = self.tiles.pyramid();
        let there = self.there(tile);
        let below = tile.children().filter(|_| tile.z() < pyramid.zoom());
        let Some(children) = below.filter(|_| pyramid.has_below(tile, pyramid.zoom())) else {
            return Ok(there);
        };
        let parts = children.par_iter().map(|child| self.ensure(*child, work));
        let parts = parts.collect::<Result<Vec<_>, StageError>>()?;
        if there.is_some() || parts.iter().all(Option::is_none) {
            return Ok(there);
        }
        let key = self.key(&parts);
        let content = self.made.get_or_make(key, || self.compose(tile, &parts))?;
        let kind = sniff(&content).and_then(|ending| ending.parse().ok()).unwrap_or(ImageKind::Jpeg);
        let file = self.edition.put(&format!("{tile}.{kind}"), &content)?;
        let file = file.ok_or_else(|| StageError::Request(format!("the overview {tile} has no bytes")))?;
        work.progress.advance(1);
        let mut listed = work.listed.lock().unwrap_or_else(PoisonError::into_inner);
        listed.push(ListedTile { tile, kind, file });
        Ok(Some(Part { file, origin: Origin::Made(key) }))
    }

    /// What an overview is kept under: what it is made of.
    fn key(&self, parts: &[Option<Part>]) -> Digest {
        let mut key = Digester::default();
        key.update(b"overview 1");
        key.update(&self.edge.to_le_bytes());
        for part in parts {
            let (digest, bytes) = part.map_or(([0; 16], 0), |part| (*part.file.digest(), part.file.bytes()));
            key.update(&digest);
            key.update(&bytes.to_le_bytes());
        }
        key.finish()
    }

    /// The pixels of a tile; none if they cannot be read (any more) or show nothing.
    fn picture(&self, part: Part) -> Result<Option<Picture>, StageError> {
        let decoder = self.tiles.decoder;
        let content = match part.origin {
            Origin::Source(at) => match self.tiles.bytes(at) {
                Ok(content) => content,
                Err(_) => return Ok(None),
            },
            Origin::Made(key) => self.made.get(&key)?.unwrap_or_default(),
        };
        Ok(decoder.decode(&content).ok())
    }

    /// The file of a tile from its four children, row by row.
    fn compose(&self, tile: TileId, parts: &[Option<Part>]) -> Result<Vec<u8>, StageError> {
        let half = (self.edge / 2).max(1);
        let mut rgb = RgbImage::new(2 * half, 2 * half);
        let mut shown = GrayImage::new(2 * half, 2 * half);
        for (at, part) in (0..).zip(parts) {
            let picture = part.map(|part| self.picture(part)).transpose()?.flatten();
            let Some(picture) = picture else { continue };
            // The mean of the pixels that become one, which loses nothing at exactly half the size.
            let small = imageops::thumbnail(&picture.rgb, half, half);
            let (x, y) = (i64::from(at % 2 * half), i64::from(at / 2 * half));
            imageops::replace(&mut rgb, &small, x, y);
            let mask = match &picture.shown {
                None => GrayImage::from_pixel(half, half, Luma([255])),
                Some(shown) => imageops::thumbnail(shown, half, half),
            };
            imageops::replace(&mut shown, &mask, x, y);
        }
        encode(rgb, &shown).map_err(|why| StageError::Request(format!("the overview {tile}: {why}")))
    }
}

/// A JPEG, or a WebP without loss where something is not shown.
fn encode(rgb: RgbImage, shown: &GrayImage) -> Result<Vec<u8>, String> {
    let (width, height) = rgb.dimensions();
    if shown.iter().all(|shown| *shown >= 128) {
        let edge = u16::try_from(width.max(height)).map_err(|_| format!("{width} pixels are too many"))?;
        let picture = Picture { rgb, shown: None, reduced_by: 1, notes: Vec::new() };
        return thumbnail(&picture, edge).map_err(|error| error.to_string());
    }
    let pixel = |(Rgb([red, green, blue]), shown): (&Rgb<u8>, &u8)| {
        if *shown >= 128 { [*red, *green, *blue, 255] } else { [0; 4] }
    };
    let pixels: Vec<u8> = rgb.pixels().zip(shown.iter()).flat_map(pixel).collect();
    let mut file = Cursor::new(Vec::new());
    WebPEncoder::new_lossless(&mut file)
        .write_image(&pixels, width, height, ExtendedColorType::Rgba8)
        .map_err(|error| error.to_string())?;
    Ok(file.into_inner())
}
