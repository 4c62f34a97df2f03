//! The catalog's imagery as the page shows it: found in the listing (`imagery.rs`), fetched, checked, kept as blob URLs.
//!
//! Pages of the listing are fetched for what is shown only; they and the pictures are kept up to a number of bytes.

use std::rc::Rc;
use std::sync::Arc;

use clip_rs_catalog::{FileRef, ImageKind, Manifest, TileId};
use futures::future::join_all;

use crate::browser::blob;
use crate::cache::Cache;
use crate::imagery::{ImageFile, Imagery, Listings};
use crate::load::LoadError;
use crate::mosaic::Place;
use crate::paths::url_path;
use crate::trouble::{Part, Trouble};

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

/// The imagery of one state of a catalog.
pub struct Pictures {
    base: String,
    manifest: Arc<Manifest>,
    listings: Listings,
    files: Cache<BlobUrl>,
}

impl Pictures {
    /// The imagery of `manifest`, whose folder has the absolute URL `base`.
    pub fn new(base: String, manifest: Arc<Manifest>) -> Self {
        Self { base, manifest, listings: Listings::default(), files: Cache::new(KEPT_PICTURES) }
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
        self.imagery().load_page(name, arrived).await.map_err(|error| unlisted(&error))
    }

    /// What shows the item called `id` on a square of `pixels`.
    pub async fn mosaic(&self, id: &str, pixels: f64) -> Mosaic {
        let files = match self.imagery().files(id, pixels).await {
            Ok(files) => files,
            Err(error) => return Mosaic { pieces: Vec::new(), troubles: vec![unlisted(&error)] },
        };
        let got = files.into_iter().map(async |file| {
            let place = file.place;
            self.fetched(file).await.map(|url| Piece { url, place })
        });
        let mut mosaic = Mosaic::default();
        for piece in join_all(got).await {
            match piece {
                Ok(piece) => mosaic.pieces.push(piece),
                Err(trouble) => mosaic.troubles.push(trouble),
            }
        }
        mosaic
    }

    /// The tile, or the nearest one further out that holds it; none if there is none.
    pub async fn map_tile(&self, tile: TileId) -> Result<Option<(TileId, Rc<BlobUrl>)>, Trouble> {
        let Some(tiles) = &self.manifest.tiles else { return Ok(None) };
        let further_out = std::iter::successors(Some(tile), |tile| tile.parent());
        for tile in further_out.take(1 + LEVELS_OUT).take_while(|tile| tile.z() >= tiles.minzoom) {
            if let Some(file) = self.imagery().tile(tile).await.map_err(|error| unlisted(&error))? {
                return self.fetched(file).await.map(|url| Some((tile, url)));
            }
        }
        Ok(None)
    }

    /// Address of the picture called `id`, or of the one that it is a part of, as it was given; none if the catalog leaves
    /// it out.
    pub async fn original(&self, id: &str) -> Option<String> {
        // Who cannot have the listing is told so by the picture itself.
        let path = self.imagery().original(id).await.ok()??;
        Some(format!("{}{}", self.base, url_path(&path)))
    }

    fn imagery(&self) -> Imagery<'_> {
        self.listings.of(&self.base, &self.manifest)
    }

    /// The file, checked. Without a kind the browser finds it out.
    async fn fetched(&self, file: ImageFile) -> Result<Rc<BlobUrl>, Trouble> {
        let (name, bytes, base) = (file.path().to_owned(), file.bytes(), self.base.clone());
        let fetch = async move || {
            let content = file.fetch(&base).await?;
            let media_type = file.kind.map_or("", ImageKind::media_type);
            let url = blob::url(&content, media_type)
                .map_err(|reason| LoadError::Network { name: file.path().to_owned(), reason })?;
            Ok(BlobUrl(url))
        };
        let url = self.files.get(&name, bytes, fetch).await;
        url.map_err(|error| Trouble::new(Part::Picture, &error))
    }
}

fn unlisted(error: &LoadError) -> Trouble {
    Trouble::new(Part::Listing, error)
}
