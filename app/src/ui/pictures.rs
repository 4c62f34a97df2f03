//! The catalog's pictures as the page shows them: fetched, checked against the listing, kept as blob URLs.
//!
//! A bounded number is kept; the one that was not asked for longest goes first, and its URL is revoked.
//! Who asks for a picture that is already on its way waits for that one.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use clip_rs_catalog::{Listing, Manifest};
use futures::FutureExt as _;
use futures::future::{LocalBoxFuture, Shared};

use crate::browser::blob;
use crate::load::{self, LoadError};
use crate::paths::PicturePaths;

/// More than a large screen shows of tiles at once, twice over; about 10 MB of pictures.
const KEPT: usize = 600;

type Coming = Shared<LocalBoxFuture<'static, Result<Rc<BlobUrl>, LoadError>>>;

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

/// The pictures of one catalog.
pub struct Pictures {
    base: String,
    paths: PicturePaths,
    listing: Listing,
    kept: RefCell<Kept>,
}

#[derive(Default)]
struct Kept {
    pictures: HashMap<String, (u64, Coming)>,
    clock: u64,
}

impl Pictures {
    /// The pictures of `manifest`, whose folder has the absolute URL `base`. None if it has none.
    pub fn new(base: String, manifest: &Manifest, listing: Listing) -> Option<Self> {
        Some(Self { base, paths: PicturePaths::of(manifest)?, listing, kept: RefCell::default() })
    }

    /// How this catalog's pictures are named.
    pub fn paths(&self) -> &PicturePaths {
        &self.paths
    }

    /// The picture with this key of the listing. None if the catalog has no such picture. A failure is not
    /// kept: asking again tries again.
    pub async fn get(&self, key: &str) -> Option<Result<Rc<BlobUrl>, LoadError>> {
        let listed = *self.listing.get(key)?;
        let coming = self.kept.borrow_mut().touch(key, || {
            let (path, url) = (self.paths.path(key), format!("{}{}", self.base, self.paths.url_path(key)));
            async move {
                let bytes = load::picture(&url, &path, &listed).await?;
                let url = blob::url(&bytes, media_type(&path))
                    .map_err(|reason| LoadError::Network { name: path, reason })?;
                Ok(Rc::new(BlobUrl(url)))
            }
            .boxed_local()
            .shared()
        });
        let result = coming.await;
        if result.is_err() {
            self.kept.borrow_mut().pictures.remove(key);
        }
        Some(result)
    }
}

impl Kept {
    fn touch(&mut self, key: &str, fetch: impl FnOnce() -> Coming) -> Coming {
        self.clock += 1;
        let clock = self.clock;
        if let Some((used, coming)) = self.pictures.get_mut(key) {
            *used = clock;
            return coming.clone();
        }
        if self.pictures.len() >= KEPT {
            let oldest = self.pictures.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| key.clone());
            oldest.and_then(|key| self.pictures.remove(&key));
        }
        let coming = fetch();
        self.pictures.insert(key.to_owned(), (clock, coming.clone()));
        coming
    }
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().map(str::to_ascii_lowercase).as_deref() {
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        _ => "image/jpeg",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn never() -> Coming {
        futures::future::pending().boxed_local().shared()
    }

    #[test]
    fn the_picture_unused_longest_is_let_go_first() {
        let mut kept = Kept::default();
        for number in 0..KEPT {
            let _coming = kept.touch(&number.to_string(), never);
        }
        let _coming = kept.touch("0", || unreachable!("it is kept"));
        let _coming = kept.touch("new", never);
        assert_eq!(kept.pictures.len(), KEPT);
        assert!(kept.pictures.contains_key("0") && !kept.pictures.contains_key("1"));
    }

    #[test]
    fn media_types_follow_the_name() {
        assert_eq!(media_type("tiles-0/1/2/3.PNG"), "image/png");
        assert_eq!(media_type("tiles-0/1/2/3.webp"), "image/webp");
        assert_eq!(media_type("a"), "image/jpeg");
    }
}
