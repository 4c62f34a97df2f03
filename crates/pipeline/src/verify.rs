//! Is every byte of a catalog what its manifest promises, and does it hold together? Goes on after the first
//! fault, and names the file of each.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use clip_rs_catalog::{
    Bounds, CatalogError, FileRef, Items, Listing, MANIFEST_NAME, Manifest, Shard, TileId,
};
use clip_rs_imagery::decode::{DecodeError, Decoder};
use clip_rs_search::Index;
use clip_rs_search::model::{ImageEncoder, ModelConfig, TextEncoder};
use rayon::prelude::*;

use crate::catalog::Catalog;
use crate::squeeze::Squeeze;
use clip_rs_stage::StageError;
use clip_rs_stage::progress::Progress;

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Path of the file, relative to the catalog.
    pub file: String,
    /// What is wrong with it.
    pub why: String,
}

/// What was found out.
#[derive(Debug, Default)]
pub struct Verdict {
    /// All that is wrong; empty for a good catalog.
    pub faults: Vec<Fault>,
    /// Files that belong to nobody; harmless.
    pub strangers: Vec<String>,
    /// Files named by the manifest.
    pub files: usize,
    /// Pictures in the listing.
    pub pictures: usize,
    /// Items in all shards.
    pub items: usize,
}

impl Verdict {
    fn fault(&mut self, file: &str, why: impl ToString) {
        self.faults.push(Fault { file: file.to_owned(), why: why.to_string() });
    }

    /// Notes an error and gives the value where there is none. Errors that repeat the file's name lose it.
    fn take<T, E: ToString>(&mut self, file: &str, result: Result<T, E>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                let text = error.to_string();
                let why = text.strip_prefix(file).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&text);
                self.fault(file, why);
                None
            }
        }
    }
}

/// Checks everything in the folder `catalog`.
pub fn verify(catalog: &Path) -> Result<Verdict, StageError> {
    let mut verdict = Verdict::default();
    if !catalog.is_dir() {
        return Err(StageError::content(catalog, "no such folder"));
    }
    let opened = Catalog::open(catalog);
    let Some(catalog) = verdict.take(MANIFEST_NAME, opened.map_err(without_path)) else {
        return Ok(verdict);
    };
    let manifest = &catalog.manifest;
    verdict.files = manifest.files.len();
    verdict.items = manifest.count();
    for file in &manifest.files {
        check_file(&mut verdict, &catalog, file);
    }
    check_model(&mut verdict, &catalog);
    let listing = check_listing(&mut verdict, &catalog);
    let mut seen = HashSet::new();
    for shard in &manifest.shards {
        check_shard(&mut verdict, &catalog, shard, listing.as_ref(), &mut seen);
    }
    check_whole(&mut verdict, manifest, listing.as_ref(), seen.len());
    if let Some(listing) = &listing {
        check_pictures(&mut verdict, &catalog, listing);
    }
    verdict.strangers = strangers(&catalog, listing.as_ref())?;
    verdict.faults.sort();
    verdict.faults.dedup();
    Ok(verdict)
}

/// The reason alone, for errors that a file's name is put in front of anyway.
fn without_path(error: StageError) -> String {
    match error {
        StageError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            "missing".to_owned()
        }
        StageError::Io { source, .. } => source.to_string(),
        StageError::Engine { source, .. } => source.to_string(),
        StageError::Catalog(CatalogError::File { fault, .. }) => fault.to_string(),
        other => other.to_string(),
    }
}

/// Length, digest, and that compressed siblings hold the same.
fn check_file(verdict: &mut Verdict, catalog: &Catalog, file: &FileRef) {
    let read = catalog.read(&file.name).map_err(without_path);
    let content = verdict.take(&file.name, read);
    for way in Squeeze::ALL {
        let sibling = format!("{}{}", file.name, way.suffix());
        let Ok(squeezed) = catalog.raw(&sibling) else { continue };
        let checked =
            match &content {
                Some(content) => way.check(&squeezed, content),
                // The file itself is at fault; its sibling may still be what the manifest promises.
                None => way.expand(&squeezed, file.bytes).map_err(|error| error.to_string()).and_then(
                    |expanded| file.check(&expanded).map_err(|_| "does not hold what it should".to_owned()),
                ),
            };
        verdict.take(&sibling, checked);
    }
}

fn check_model(verdict: &mut Verdict, catalog: &Catalog) {
    let model = &catalog.manifest.model;
    // A file that cannot be read at all is a fault already.
    let Ok(json) = catalog.read(&model.config) else { return };
    let Some(config) = verdict.take(&model.config, ModelConfig::from_json(&json)) else { return };
    if config.embed_dim != model.embed_dim {
        let why =
            format!("{} components an embedding, {MANIFEST_NAME} says {}", config.embed_dim, model.embed_dim);
        verdict.fault(&model.config, why);
    }
    if let (Ok(text), Ok(vocabulary)) = (catalog.read(&model.text), catalog.read(&model.tokenizer)) {
        verdict.take(&model.text, TextEncoder::from_gguf(&config, &text, &vocabulary));
    }
    if let Ok(image) = catalog.read(&model.image) {
        verdict.take(&model.image, ImageEncoder::from_gguf(&config, &image));
    }
}

fn check_listing(verdict: &mut Verdict, catalog: &Catalog) -> Option<Listing> {
    let name = catalog.manifest.listing()?;
    let content = catalog.read(name).ok()?;
    let listing = verdict.take(name, Listing::from_bytes(&content).map_err(|error| error.named(name)))?;
    verdict.pictures = listing.len();
    Some(listing)
}

fn check_shard(
    verdict: &mut Verdict,
    catalog: &Catalog,
    shard: &Shard,
    listing: Option<&Listing>,
    seen: &mut HashSet<String>,
) {
    if let Ok(content) = catalog.read(&shard.index)
        && let Some(index) = verdict.take(&shard.index, Index::from_bytes(content))
    {
        let dim = catalog.manifest.model.embed_dim;
        if index.len() != shard.count {
            verdict
                .fault(&shard.index, format!("{} items, {MANIFEST_NAME} says {}", index.len(), shard.count));
        }
        if index.dim() != dim {
            verdict.fault(&shard.index, format!("{} components, the model has {dim}", index.dim()));
        }
    }
    if let Ok(content) = catalog.read(&shard.items)
        && let Some(items) =
            verdict.take(&shard.items, Items::from_bytes(&content).map_err(|error| error.named(&shard.items)))
    {
        check_items(verdict, catalog, shard, &items, listing, seen);
    }
}

fn check_items(
    verdict: &mut Verdict,
    catalog: &Catalog,
    shard: &Shard,
    items: &Items,
    listing: Option<&Listing>,
    seen: &mut HashSet<String>,
) {
    if items.len() != shard.count {
        verdict.fault(&shard.items, format!("{} items, {MANIFEST_NAME} says {}", items.len(), shard.count));
    }
    for item in items.iter() {
        let path = catalog.listed_path(&item.id);
        if listing.is_some_and(|listing| listing.get(&path).is_none()) {
            verdict.fault(&shard.items, format!("item {} is not in the listing", item.id));
        }
        if !seen.insert(path) {
            verdict.fault(&shard.items, format!("item {} is there twice", item.id));
        }
    }
    let joined = items.iter().filter_map(|item| item.footprint).reduce(|all, one| all.union(&one));
    if !alike(joined, shard.bounds) {
        verdict.fault(&shard.items, format!("its items do not fill the bounds in {MANIFEST_NAME}"));
    }
}

/// Whether two boxes are the same up to the rounding of stored positions (1e-7 degrees).
fn alike(a: Option<Bounds>, b: Option<Bounds>) -> bool {
    match (a.map(<[f64; 4]>::from), b.map(<[f64; 4]>::from)) {
        (None, None) => true,
        (Some(a), Some(b)) => a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6),
        _ => false,
    }
}

/// What concerns all shards together.
fn check_whole(verdict: &mut Verdict, manifest: &Manifest, listing: Option<&Listing>, items: usize) {
    let joined = manifest.shards.iter().filter_map(|shard| shard.bounds).reduce(|all, one| all.union(&one));
    if !alike(joined, manifest.bounds) {
        verdict.fault(MANIFEST_NAME, "its bounds are not those of its shards together");
    }
    let Some(listing) = listing else { return };
    let shown = match &manifest.tiles {
        None => listing.len(),
        Some(tiles) => {
            let zoom = |path: &str| path.rsplit_once('.')?.0.parse::<TileId>().ok().map(TileId::z);
            let zooms: Vec<Option<u8>> = listing.iter().map(|(path, _)| zoom(path)).collect();
            let inside =
                |zoom: &Option<u8>| zoom.is_some_and(|z| (tiles.minzoom..=tiles.maxzoom).contains(&z));
            if !zooms.iter().all(inside) {
                verdict
                    .fault(&tiles.listing, "it lists files that are no tiles of the zooms in catalog.json");
            }
            zooms.iter().filter(|zoom| **zoom == Some(tiles.maxzoom)).count()
        }
    };
    if shown != items && verdict.faults.is_empty() {
        let name = manifest.listing().unwrap_or_default();
        verdict.fault(name, format!("{shown} pictures that should be items, {items} items"));
    }
}

fn check_pictures(verdict: &mut Verdict, catalog: &Catalog, listing: &Listing) {
    let folder = catalog.picture_folder();
    let progress = Progress::start("Checking pictures", listing.len());
    let decoder = Decoder::for_this_machine();
    let listed: Vec<_> = listing.iter().collect();
    let faults: Vec<Fault> = listed
        .par_iter()
        .filter_map(|(path, file)| {
            progress.advance(1);
            let name = format!("{folder}/{path}");
            let why = match catalog.raw(&name) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => "missing".to_owned(),
                Err(error) => error.to_string(),
                Ok(content) => match file.check(path, &content) {
                    Err(CatalogError::File { fault, .. }) => fault.to_string(),
                    Err(error) => error.to_string(),
                    Ok(()) => match decoder.with_picture(&content, drop) {
                        // A transparent tile is a tile.
                        Ok(()) | Err(DecodeError::NoData) => return None,
                        Err(error) => error.to_string(),
                    },
                },
            };
            Some(Fault { file: name, why })
        })
        .collect();
    verdict.faults.extend(faults);
    progress.finish();
}

/// Files that neither the manifest nor the listing knows; compressed siblings are known by their file.
fn strangers(catalog: &Catalog, listing: Option<&Listing>) -> Result<Vec<String>, StageError> {
    let named: BTreeSet<&str> = catalog.manifest.files.iter().map(|file| file.name.as_str()).collect();
    let folder = format!("{}/", catalog.picture_folder());
    let is_known = |path: &String| {
        let plain = Squeeze::ALL.iter().find_map(|way| path.strip_suffix(way.suffix())).unwrap_or(path);
        path == MANIFEST_NAME
            || named.contains(plain)
            || path.strip_prefix(&folder).is_some_and(|path| listing.is_none_or(|l| l.get(path).is_some()))
    };
    Ok(catalog.files_there()?.into_iter().filter(|path| !is_known(path)).collect())
}
