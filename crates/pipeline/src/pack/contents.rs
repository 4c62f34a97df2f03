//! What goes into a pack: the page's files, and those that the current `catalog.json` of each catalog names.

use std::path::PathBuf;

use clip_rs_catalog::{CATALOGS_NAME, MANIFEST_NAME, Manifest};
use clip_rs_page::given::Placed;
use clip_rs_stage::{StageError, files};

use super::source::{Expected, Source};
use super::{MARKER_NAME, README_NAME, Request};
use crate::catalog::Catalog;

/// Folders of a pack that are not the page's.
const OF_CATALOGS: [&str; 2] = ["catalog", "catalogs"];
/// Endings of what may lie beside a file: the same, compressed.
const PACKED: [&str; 2] = [".br", ".gz"];

/// A page and its catalogs. A page of a listing is in memory at a time.
pub struct Contents {
    /// The page's own first.
    catalogs: Vec<Packing>,
    /// Paths of the page's files below its folder, and where they lie.
    page: Vec<(String, PathBuf)>,
}

/// A catalog that is being packed.
struct Packing {
    placed: Placed,
    catalog: Catalog,
}

impl Contents {
    /// The page and the catalogs that are to be packed, without the files of the page that are `made` for this pack.
    pub fn open(request: &Request, made: &[(String, String)]) -> Result<Self, StageError> {
        let mut page = files::walk(&request.app)?;
        // What an earlier pack, of which this may be the page, had put there.
        let is_of_pack = |path: &str| [MARKER_NAME, README_NAME, CATALOGS_NAME].contains(&path);
        let is_of_catalog = |path: &str| {
            OF_CATALOGS.contains(&path.split('/').next().unwrap_or_default()) && path.contains('/')
        };
        let plain = |path: &str| {
            PACKED.iter().find_map(|ending| path.strip_suffix(*ending)).unwrap_or(path).to_owned()
        };
        let is_made = |path: &str| made.iter().any(|(name, _)| *name == plain(path));
        page.retain(|(path, _)| !is_of_pack(&plain(path)) && !is_of_catalog(path) && !is_made(path));
        let open = |placed: &Placed| {
            Ok::<_, StageError>(Packing { placed: placed.clone(), catalog: Catalog::open(&placed.folder)? })
        };
        let catalogs = request.catalogs.iter().map(open).collect::<Result<_, StageError>>()?;
        Ok(Self { catalogs, page })
    }

    /// What the catalogs say of themselves, the page's own first, each with where it is placed.
    pub fn manifests(&self) -> impl Iterator<Item = (&Placed, &Manifest)> + Clone {
        self.catalogs.iter().map(|packing| (&packing.placed, &packing.catalog.manifest))
    }

    /// Number of files.
    pub fn count(&self) -> Result<usize, StageError> {
        let mut count = self.page.len();
        for Packing { catalog, .. } in &self.catalogs {
            count += catalog.manifest.files.len() + 1;
            for page in catalog.manifest.listing() {
                count += catalog.listing_page(&page.file)?.files(&catalog.manifest).len();
            }
        }
        Ok(count)
    }

    /// Hands all files to `take`, with their paths in the pack; the `catalog.json` of each catalog comes last of it.
    pub fn each(
        &self,
        take: &mut dyn FnMut(&str, Source<'_>) -> Result<(), StageError>,
    ) -> Result<(), StageError> {
        for (path, whole) in &self.page {
            take(path, Source::open(whole.clone(), &whole.display().to_string(), Expected::Anything)?)?;
        }
        self.catalogs.iter().try_for_each(|packing| packing.each(take))
    }
}

impl Packing {
    fn each(
        &self,
        take: &mut dyn FnMut(&str, Source<'_>) -> Result<(), StageError>,
    ) -> Result<(), StageError> {
        let Self { placed: Placed { path: place, folder }, catalog } = self;
        let manifest = &catalog.manifest;
        let mut put = |path: &str, expected: Expected<'_>| {
            take(&format!("{place}/{path}"), Source::open(folder.join(path), path, expected)?)
        };
        for file in &manifest.files {
            put(&file.name, Expected::Named(file))?;
        }
        for page in manifest.listing() {
            for (path, file) in catalog.listing_page(&page.file)?.files(manifest) {
                let named = manifest.folders().get(usize::from(file.folder()));
                let unnamed =
                    || StageError::content(&page.file, format!("{path} lies in a folder that is not named"));
                put(&format!("{}/{path}", named.ok_or_else(unnamed)?), Expected::Listed(&file))?;
            }
        }
        // It holds its own digest, which was checked when it was read; if another took its place since, the pack is not whole.
        put(MANIFEST_NAME, Expected::Anything)?;
        match Catalog::open(folder)?.manifest.digest == manifest.digest {
            true => Ok(()),
            false => {
                Err(StageError::content(MANIFEST_NAME, "it was replaced while it was packed; try again"))
            }
        }
    }
}
