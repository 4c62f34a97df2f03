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
    path: String,
    listed: ListedFile,
    /// How it is encoded; none where its name does not say.
    pub kind: Option<ImageKind>,
    /// Where it lies.
    pub place: Place,
}

impl ImageFile {
    /// Path relative to `catalog.json`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its length.
    pub fn bytes(&self) -> u64 {
        self.listed.bytes()
    }

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

/// Pages of listings that were looked at; they are kept up to a number of bytes.
pub struct Listings {
    pages: Cache<Page>,
}

impl Default for Listings {
    fn default() -> Self {
        Self { pages: Cache::new(KEPT_PAGES) }
    }
}

impl Listings {
    /// The imagery of a catalog, whose folder has the absolute URL `base`.
    pub fn of<'a>(&'a self, base: &'a str, manifest: &'a Manifest) -> Imagery<'a> {
        Imagery { kept: &self.pages, base, manifest }
    }
}

/// The imagery of one catalog.
#[derive(Clone, Copy)]
pub struct Imagery<'a> {
    kept: &'a Cache<Page>,
    base: &'a str,
    manifest: &'a Manifest,
}

/// What an id names in a catalog.
enum Subject<'a> {
    Tiles(&'a TileSet, TileSquare),
    Picture(&'a PictureSet, String, Option<Crop>),
}

impl Imagery<'_> {
    /// The files that show the item called `id`, or any tile, with at least `pixels` on its edge where there are as many; none
    /// where the catalog has no picture of it.
    pub async fn files(&self, id: &str, pixels: f64) -> Result<Vec<ImageFile>, LoadError> {
        match self.subject(id) {
            Some(Subject::Tiles(tiles, square)) => self.of_square(tiles, square, pixels).await,
            Some(Subject::Picture(pictures, name, crop)) => {
                self.of_picture(pictures, &name, crop, pixels).await
            }
            None => Ok(Vec::new()),
        }
    }

    /// The file of a tile, if there is one.
    pub async fn tile(&self, tile: TileId) -> Result<Option<ImageFile>, LoadError> {
        match &self.manifest.tiles {
            Some(tiles) => self.of_tile(tiles, tile, mosaic::WHOLE).await,
            None => Ok(None),
        }
    }

    /// Path, relative to `catalog.json`, of the picture called `id` as it was given, or of the one that it is a part of; none if
    /// the catalog leaves it out.
    pub async fn original(&self, id: &str) -> Result<Option<String>, LoadError> {
        let Some(Subject::Picture(pictures, name, _)) = self.subject(id) else { return Ok(None) };
        let listed = self.listed_picture(pictures, &name).await?;
        let original = listed.and_then(|listed| listed.original);
        Ok(original.and_then(|file| pictures.original_path(&name, &file)))
    }

    /// Fetches a page of the listing; `arrived` is told the bytes so far.
    pub async fn load_page(&self, name: &str, arrived: impl Fn(u64) + 'static) -> Result<(), LoadError> {
        self.page(name, Box::new(arrived)).await.map(|_| ())
    }

    fn subject(&self, id: &str) -> Option<Subject<'_>> {
        match (id.parse().ok()?, &self.manifest.tiles, &self.manifest.pictures) {
            (ItemId::Tiles(square), Some(tiles), _) => Some(Subject::Tiles(tiles, square)),
            // A picture may be called like a tile.
            (ItemId::Tiles(_), None, Some(pictures)) => Some(Subject::Picture(pictures, id.to_owned(), None)),
            (ItemId::Picture { name, crop }, _, Some(pictures)) => {
                Some(Subject::Picture(pictures, name, crop))
            }
            _ => None,
        }
    }

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
                there.extend(self.of_tile(tiles, *tile, *place).await?);
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
        let Some(picture) = self.listed_picture(pictures, name).await? else { return Ok(Vec::new()) };
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

    async fn of_tile(
        &self,
        tiles: &TileSet,
        tile: TileId,
        place: Place,
    ) -> Result<Option<ImageFile>, LoadError> {
        let Some(page) = tiles.page_of(tile) else { return Ok(None) };
        let page = self.page(&page.file, Box::new(|_| {})).await?;
        let Page::Tiles(listing) = &*page else { return Ok(None) };
        let Some(ListedTile { kind, file, .. }) = listing.get(tile).copied() else { return Ok(None) };
        let path = tiles.path(tile, kind, &file).ok_or_else(|| nowhere(&tile.to_string()))?;
        Ok(Some(ImageFile { path, listed: file, kind: Some(kind), place }))
    }

    async fn listed_picture(
        &self,
        pictures: &PictureSet,
        name: &str,
    ) -> Result<Option<ListedPicture>, LoadError> {
        let Some(page) = pictures.page_of(name) else { return Ok(None) };
        Ok(match &*self.page(&page.file, Box::new(|_| {})).await? {
            Page::Pictures(listing) => listing.get(name).cloned(),
            Page::Tiles(_) => None,
        })
    }

    async fn page(&self, name: &str, arrived: Box<dyn Fn(u64)>) -> Result<Rc<Page>, LoadError> {
        let file = self.manifest.file(name)?.clone();
        let (base, of_tiles, bytes) = (self.base.to_owned(), self.manifest.tiles.is_some(), file.bytes);
        let fetch = async move || {
            let content = load::file(&base, &file, &*arrived).await?;
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
