//! What goes into a pack: the page's files, and those that the current `catalog.json` names.

use std::path::{Path, PathBuf};

use clip_rs_catalog::{MANIFEST_NAME, Manifest};
use clip_rs_stage::{StageError, files};

use super::source::{Expected, Source};
use super::{CATALOG, MARKER_NAME, README_NAME};
use crate::catalog::Catalog;

/// A page and a catalog. A page of the listing is in memory at a time.
pub struct Contents {
    /// The catalog's folder.
    folder: PathBuf,
    catalog: Catalog,
    /// Paths of the page's files below its folder, and where they lie.
    page: Vec<(String, PathBuf)>,
}

impl Contents {
    /// The page in the folder `app`, with the catalog in the folder `catalog`.
    pub fn open(catalog: &Path, app: &Path) -> Result<Self, StageError> {
        let mut page = files::walk(app)?;
        // What an earlier pack, of which this may be the page, had put there.
        let is_of_pack = |path: &str| path == MARKER_NAME || path == README_NAME;
        page.retain(|(path, _)| !is_of_pack(path) && path.split('/').next() != Some(CATALOG));
        Ok(Self { folder: catalog.to_owned(), catalog: Catalog::open(catalog)?, page })
    }

    /// What the catalog says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.catalog.manifest
    }

    /// Number of files.
    pub fn count(&self) -> Result<usize, StageError> {
        let mut count = self.page.len() + self.manifest().files.len() + 1;
        for page in self.manifest().listing() {
            count += self.catalog.listing_page(&page.file)?.files(self.manifest()).len();
        }
        Ok(count)
    }

    /// Hands all files to `take`, with their paths in the pack; `catalog.json` comes last.
    pub fn each(
        &self,
        take: &mut dyn FnMut(&str, Source<'_>) -> Result<(), StageError>,
    ) -> Result<(), StageError> {
        for (path, whole) in &self.page {
            take(path, Source::open(whole.clone(), &whole.display().to_string(), Expected::Anything)?)?;
        }
        let mut of_catalog = |path: &str, expected: Expected<'_>| {
            take(&format!("{CATALOG}/{path}"), Source::open(self.folder.join(path), path, expected)?)
        };
        for file in &self.manifest().files {
            of_catalog(&file.name, Expected::Named(file))?;
        }
        for page in self.manifest().listing() {
            for (path, file) in self.catalog.listing_page(&page.file)?.files(self.manifest()) {
                let folder = self.manifest().folders().get(usize::from(file.folder()));
                let unnamed =
                    || StageError::content(&page.file, format!("{path} lies in a folder that is not named"));
                of_catalog(&format!("{}/{path}", folder.ok_or_else(unnamed)?), Expected::Listed(&file))?;
            }
        }
        // It holds its own digest, which was checked when it was read; if another took its place since, the pack is not whole.
        of_catalog(MANIFEST_NAME, Expected::Anything)?;
        match Catalog::open(&self.folder)?.manifest.digest == self.manifest().digest {
            true => Ok(()),
            false => {
                Err(StageError::content(MANIFEST_NAME, "it was replaced while it was packed; try again"))
            }
        }
    }
}
