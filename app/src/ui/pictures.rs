//! The catalog's imagery as the page shows it: found in the listing, fetched, checked, kept as blob URLs.
//!
//! Pages of the listing are fetched for what is shown only; they and the pictures are kept up to a number of bytes.

use std::rc::Rc;
use std::sync::Arc;

use clip_rs_catalog::{
    CatalogError, Crop, FileRef, ImageKind, ItemId, ListedFile, ListedPicture, ListedTile, Manifest,
    PictureListing, PictureSet, TileId, TileListing, TileSet, TileSquare,
};
use futures::future::join_all;

use crate::browser::blob;
use crate::cache::Cache;
use crate::load::{self, LoadError};
use crate::mosaic::{self, PictureFile, Place};
use crate::paths::url_path;
use crate::trouble::{Part, Trouble};

/// Pages of the listing that are kept, bytes of their files.
const KEPT_PAGES: u64 = 16 << 20;
/// Pictures that are kept, bytes of their files: more than a large screen shows of tiles at once, several times over.
const KEPT_PICTURES: u64 = 48 << 20;
/// Zooms further out in which a map tile that is not there is sought.
const LEVELS_OUT: usize = 6;

/// A blob URL that is revoked when nobody holds it any more.
#[derive(Debug)]
pub struct BlobUrl(String);

impl BlobUrl {
    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Drop for BlobUrl {
    fn drop(&mut self) {
        blob::revoke(&self.0);
    }
}

/// A file and its place in the square that shows an item.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The file.
    pub url: Rc<BlobUrl>,
    /// Where it lies.
    pub place: Place,
}

/// What shows an item: nothing if the catalog has no picture of it.
#[derive(Debug, Default)]
pub struct Mosaic {
    /// Its pieces that are here.
    pub pieces: Vec<Piece>,
    /// Why others are not.
    pub troubles: Vec<Trouble>,
}

/// A page of the listing.
enum Page {
    Tiles(TileListing),
    Pictures(PictureListing),
}

/// The imagery of one state of a catalog.
pub struct Pictures {
    base: String,
    manifest: Arc<Manifest>,
    pages: Cache<Page>,
    files: Cache<BlobUrl>,
}

impl Pictures {
    /// The imagery of `manifest`, whose folder has the absolute URL `base`.
    pub fn new(base: String, manifest: Arc<Manifest>) -> Self {
        Self { base, manifest, pages: Cache::new(KEPT_PAGES), files: Cache::new(KEPT_PICTURES) }
    }

    /// The listing's file, if it has only one.
    pub fn only_page(&self) -> Option<&FileRef> {
        match self.manifest.listing() {
            [page] => self.manifest.file(&page.file).ok(),
            _ => None,
        }
    }

    /// Fetches a page of the listing; `arrived` is told the bytes so far.
    pub async fn load_page(&self, name: &str, arrived: impl Fn(u64) + 'static) -> Result<(), Trouble> {
        self.page(name, arrived).await.map(|_| ())
    }

    /// What shows the item called `id` on a square of `pixels`.
    pub async fn mosaic(&self, id: &str, pixels: f64) -> Mosaic {
        let made = match (self.subject(id), &self.manifest.tiles, &self.manifest.pictures) {
            (Some(Subject::Tiles(square)), Some(tiles), _) => self.of_square(tiles, square, pixels).await,
            (Some(Subject::Picture(name, crop)), _, Some(pictures)) => {
                self.of_picture(pictures, &name, crop, pixels).await
            }
            _ => Ok(Mosaic::default()),
        };
        made.unwrap_or_else(|trouble| Mosaic { pieces: Vec::new(), troubles: vec![trouble] })
    }

    /// The tile, or the nearest one further out that holds it; none if there is none.
    pub async fn map_tile(&self, tile: TileId) -> Result<Option<(TileId, Rc<BlobUrl>)>, Trouble> {
        let Some(tiles) = &self.manifest.tiles else { return Ok(None) };
        let further_out = std::iter::successors(Some(tile), |tile| tile.parent());
        for tile in further_out.take(1 + LEVELS_OUT).take_while(|tile| tile.z() >= tiles.minzoom) {
            if let Some(listed) = self.listed_tile(tiles, tile).await? {
                return self.tile(tiles, listed).await.map(|url| Some((tile, url)));
            }
        }
        Ok(None)
    }

    /// Address of the picture called `id`, or of the one that it is a part of, as it was given; none if the catalog leaves
    /// it out.
    pub async fn original(&self, id: &str) -> Option<String> {
        let (Subject::Picture(name, _), Some(pictures)) = (self.subject(id)?, &self.manifest.pictures) else {
            return None;
        };
        // Who cannot have the listing is told so by the picture itself.
        let listed = self.listed_picture(pictures, &name).await.ok()??;
        let path = pictures.original_path(&name, &listed.original?)?;
        Some(format!("{}{}", self.base, url_path(&path)))
    }

    fn subject(&self, id: &str) -> Option<Subject> {
        match (id.parse().ok()?, &self.manifest.tiles) {
            (ItemId::Tiles(square), Some(_)) => Some(Subject::Tiles(square)),
            // A picture may be called like a tile.
            (ItemId::Tiles(_), None) => Some(Subject::Picture(id.to_owned(), None)),
            (ItemId::Picture { name, crop }, _) => Some(Subject::Picture(name, crop)),
        }
    }

    async fn of_square(&self, tiles: &TileSet, square: TileSquare, pixels: f64) -> Result<Mosaic, Trouble> {
        let mut best: Vec<(ListedTile, Place)> = Vec::new();
        let mut best_share = 0.0;
        for zoom in mosaic::zooms(square, tiles, pixels) {
            let wanted = mosaic::tiles(square, zoom);
            let mut there = Vec::new();
            for (tile, place) in &wanted {
                there.extend(self.listed_tile(tiles, *tile).await?.map(|listed| (listed, *place)));
            }
            let share = there.len() as f64 / wanted.len() as f64;
            if share > best_share {
                (best, best_share) = (there, share);
            }
            if best_share == 1.0 {
                break;
            }
        }
        let got = best
            .into_iter()
            .map(async |(listed, place)| self.tile(tiles, listed).await.map(|url| Piece { url, place }));
        let mut mosaic = Mosaic::default();
        for piece in join_all(got).await {
            match piece {
                Ok(piece) => mosaic.pieces.push(piece),
                Err(trouble) => mosaic.troubles.push(trouble),
            }
        }
        Ok(mosaic)
    }

    async fn of_picture(
        &self,
        pictures: &PictureSet,
        name: &str,
        crop: Option<Crop>,
        pixels: f64,
    ) -> Result<Mosaic, Trouble> {
        let Some(listed) = self.listed_picture(pictures, name).await? else { return Ok(Mosaic::default()) };
        let (path, kind, file) = match mosaic::file_of(&listed, &pictures.thumbnails, crop, pixels) {
            Some(PictureFile::Thumbnail(size, file)) => {
                (pictures.thumbnail_path(name, size, &file), Some(ImageKind::Jpeg), file)
            }
            Some(PictureFile::Original(file)) => {
                let ending = name.rsplit('.').next().unwrap_or_default();
                (pictures.original_path(name, &file), ending.parse().ok(), file)
            }
            None => return Ok(Mosaic::default()),
        };
        let url = self.fetched(path.ok_or_else(|| nowhere(name))?, kind, file).await?;
        let place = crop.map_or(mosaic::WHOLE, |crop| mosaic::cropped(listed.width, listed.height, crop));
        Ok(Mosaic { pieces: vec![Piece { url, place }], troubles: Vec::new() })
    }

    async fn tile(
        &self,
        tiles: &TileSet,
        ListedTile { tile, kind, file }: ListedTile,
    ) -> Result<Rc<BlobUrl>, Trouble> {
        let path = tiles.path(tile, kind, &file).ok_or_else(|| nowhere(&tile.to_string()))?;
        self.fetched(path, Some(kind), file).await
    }

    /// The file at `path`, checked. Without a kind the browser finds it out.
    async fn fetched(
        &self,
        path: String,
        kind: Option<ImageKind>,
        listed: ListedFile,
    ) -> Result<Rc<BlobUrl>, Trouble> {
        let (url, name) = (format!("{}{}", self.base, url_path(&path)), path.clone());
        let fetch = async move || {
            let bytes = load::picture(&url, &path, &listed).await?;
            let media_type = kind.map_or("", ImageKind::media_type);
            let url =
                blob::url(&bytes, media_type).map_err(|reason| LoadError::Network { name: path, reason })?;
            Ok(BlobUrl(url))
        };
        let file = self.files.get(&name, listed.bytes(), fetch).await;
        file.map_err(|error| Trouble::new(Part::Picture, &error))
    }

    async fn listed_tile(&self, tiles: &TileSet, tile: TileId) -> Result<Option<ListedTile>, Trouble> {
        let Some(page) = tiles.page_of(tile) else { return Ok(None) };
        Ok(match &*self.page(&page.file, |_| {}).await? {
            Page::Tiles(listing) => listing.get(tile).copied(),
            Page::Pictures(_) => None,
        })
    }

    async fn listed_picture(
        &self,
        pictures: &PictureSet,
        name: &str,
    ) -> Result<Option<ListedPicture>, Trouble> {
        let Some(page) = pictures.page_of(name) else { return Ok(None) };
        Ok(match &*self.page(&page.file, |_| {}).await? {
            Page::Pictures(listing) => listing.get(name).cloned(),
            Page::Tiles(_) => None,
        })
    }

    async fn page(&self, name: &str, arrived: impl Fn(u64) + 'static) -> Result<Rc<Page>, Trouble> {
        let trouble = |error: LoadError| Trouble::new(Part::Listing, &error);
        let file = self.manifest.file(name).map_err(|error| trouble(error.into()))?.clone();
        let (base, of_tiles, bytes) = (self.base.clone(), self.manifest.tiles.is_some(), file.bytes);
        let fetch = async move || {
            let content = load::file(&base, &file, arrived).await?;
            let page = if of_tiles {
                TileListing::from_bytes(&content).map(Page::Tiles)
            } else {
                PictureListing::from_bytes(&content).map(Page::Pictures)
            };
            Ok(page.map_err(|error| error.named(&file.name))?)
        };
        self.pages.get(name, bytes, fetch).await.map_err(trouble)
    }
}

/// What an id names in this catalog.
enum Subject {
    Tiles(TileSquare),
    Picture(String, Option<Crop>),
}

fn nowhere(name: &str) -> Trouble {
    let error =
        CatalogError::content(name, "the listing puts it into a folder that catalog.json does not name");
    Trouble::new(Part::Listing, &error.into())
}
