//! The picture of an item: which of a catalog's files show it, found in the listing, and fetched with their digests checked.

use std::rc::Rc;

use clip_rs_catalog::{
    CatalogError, Crop, ImageKind, ItemId, ListedFile, ListedPicture, ListedTile, Manifest, PictureListing,
    PictureSet, TileId, TileListing, TileSet, TileSquare,
};

use crate::cache::Cache;
use crate::load::{self, LoadError};
use crate::mosaic::{self, PictureFile, Place};
use crate::paths::url_path;

/// Pages of the listing that are kept, bytes of their files.
const KEPT_PAGES: u64 = 16 << 20;

/// A file and its place in the square that shows an item.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageFile {
    /// Path relative to `catalog.json`.
    path: String,
    listed: ListedFile,
    /// How it is encoded; none where its name does not say.
    pub kind: Option<ImageKind>,
    /// Where it lies.
    pub place: Place,
}

impl ImageFile {
    /// Its bytes, checked. The catalog's folder has the absolute URL `base`.
    pub async fn fetch(&self, base: &str) -> Result<Vec<u8>, LoadError> {
        load::picture(&format!("{base}{}", url_path(&self.path)), &self.path, &self.listed).await
    }
}

/// A page of the listing.
enum Page {
    Tiles(TileListing),
    Pictures(PictureListing),
}

/// Pages of listings that were looked at.
pub struct Imagery {
    pages: Cache<Page>,
}

impl Default for Imagery {
    fn default() -> Self {
        Self { pages: Cache::new(KEPT_PAGES) }
    }
}

impl Imagery {
    /// The files that show the item called `id`, or any tile, with at least `pixels` on its edge where there are as many; none
    /// where the catalog has no picture of it. The folder of `manifest` has the absolute URL `base`.
    pub async fn files(
        &self,
        base: &str,
        manifest: &Manifest,
        id: &str,
        pixels: f64,
    ) -> Result<Vec<ImageFile>, LoadError> {
        let listing = Listing { kept: &self.pages, base, manifest };
        match (id.parse()?, &manifest.tiles, &manifest.pictures) {
            (ItemId::Tiles(square), Some(tiles), _) => listing.of_square(tiles, square, pixels).await,
            // A picture may be called like a tile.
            (ItemId::Tiles(_), None, Some(pictures)) => listing.of_picture(pictures, id, None, pixels).await,
            (ItemId::Picture { name, crop }, _, Some(pictures)) => {
                listing.of_picture(pictures, &name, crop, pixels).await
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// The listing of one catalog.
struct Listing<'a> {
    kept: &'a Cache<Page>,
    base: &'a str,
    manifest: &'a Manifest,
}

impl Listing<'_> {
    /// The zoom of which most tiles are there, the best one first.
    async fn of_square(
        &self,
        tiles: &TileSet,
        square: TileSquare,
        pixels: f64,
    ) -> Result<Vec<ImageFile>, LoadError> {
        let (mut best, mut best_share) = (Vec::new(), 0.0);
        for zoom in mosaic::zooms(square, tiles, pixels) {
            let wanted = mosaic::tiles(square, zoom);
            let mut there = Vec::new();
            for (tile, place) in &wanted {
                if let Some(ListedTile { kind, file, .. }) = self.tile(tiles, *tile).await? {
                    let path = tiles.path(*tile, kind, &file).ok_or_else(|| nowhere(&tile.to_string()))?;
                    there.push(ImageFile { path, listed: file, kind: Some(kind), place: *place });
                }
            }
            let share = there.len() as f64 / wanted.len() as f64;
            if share > best_share {
                (best, best_share) = (there, share);
            }
            if best_share == 1.0 {
                break;
            }
        }
        Ok(best)
    }

    async fn of_picture(
        &self,
        pictures: &PictureSet,
        name: &str,
        crop: Option<Crop>,
        pixels: f64,
    ) -> Result<Vec<ImageFile>, LoadError> {
        let Some(picture) = self.picture(pictures, name).await? else { return Ok(Vec::new()) };
        let (path, kind, listed) = match mosaic::file_of(&picture, &pictures.thumbnails, crop, pixels) {
            Some(PictureFile::Thumbnail(size, file)) => {
                (pictures.thumbnail_path(name, size, &file), Some(ImageKind::Jpeg), file)
            }
            Some(PictureFile::Original(file)) => {
                let ending = name.rsplit('.').next().unwrap_or_default();
                (pictures.original_path(name, &file), ending.parse().ok(), file)
            }
            None => return Ok(Vec::new()),
        };
        let path = path.ok_or_else(|| nowhere(name))?;
        let place = crop.map_or(mosaic::WHOLE, |crop| mosaic::cropped(picture.width, picture.height, crop));
        Ok(vec![ImageFile { path, listed, kind, place }])
    }

    async fn tile(&self, tiles: &TileSet, tile: TileId) -> Result<Option<ListedTile>, LoadError> {
        let Some(page) = tiles.page_of(tile) else { return Ok(None) };
        Ok(match &*self.page(&page.file).await? {
            Page::Tiles(listing) => listing.get(tile).copied(),
            Page::Pictures(_) => None,
        })
    }

    async fn picture(&self, pictures: &PictureSet, name: &str) -> Result<Option<ListedPicture>, LoadError> {
        let Some(page) = pictures.page_of(name) else { return Ok(None) };
        Ok(match &*self.page(&page.file).await? {
            Page::Pictures(listing) => listing.get(name).cloned(),
            Page::Tiles(_) => None,
        })
    }

    async fn page(&self, name: &str) -> Result<Rc<Page>, LoadError> {
        let file = self.manifest.file(name)?.clone();
        let (base, of_tiles, bytes) = (self.base.to_owned(), self.manifest.tiles.is_some(), file.bytes);
        let fetch = async move || {
            let content = load::file(&base, &file, |_| {}).await?;
            let page = if of_tiles {
                TileListing::from_bytes(&content).map(Page::Tiles)
            } else {
                PictureListing::from_bytes(&content).map(Page::Pictures)
            };
            Ok(page.map_err(|error| error.named(&file.name))?)
        };
        self.kept.get(name, bytes, fetch).await
    }
}

fn nowhere(name: &str) -> LoadError {
    let why = "the listing puts it into a folder that catalog.json does not name";
    CatalogError::content(name, why).into()
}
