//! Is every byte of a catalog what its manifest promises, and does it hold together? Goes on after the first
//! fault, and names the file of each. A file, a shard's items and a page of the listing are in memory at a time, and eight
//! bytes for each item, tile and picture.

mod cells;
mod imagery;
mod shards;

use std::path::Path;

use clip_rs_catalog::{Bounds, CatalogError, FileRef, MANIFEST_NAME};
use clip_rs_package::{Processor, image_tower, text_tower};
use clip_rs_search::model::ModelConfig;

use crate::catalog::Catalog;
use crate::publish::{Named, is_superseded};
use crate::squeeze::Squeeze;
use clip_rs_stage::{StageError, files};

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
    /// Tiles or pictures in the listing.
    pub pictures: usize,
    /// Items in all shards.
    pub items: usize,
}

impl Verdict {
    fn fault(&mut self, file: &str, why: impl ToString) {
        self.faults.push(Fault { file: file.to_owned(), why: why.to_string() });
    }

    /// Faults found elsewhere.
    fn extend(&mut self, faults: Vec<Fault>) {
        self.faults.extend(faults);
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

/// Checks every file of the catalog in `folder`.
pub fn verify(folder: &Path) -> Result<Verdict, StageError> {
    let mut verdict = Verdict::default();
    if !folder.is_dir() {
        return Err(StageError::content(folder, "no such folder"));
    }
    let opened = Catalog::open(folder);
    let Some(catalog) = verdict.take(MANIFEST_NAME, opened.map_err(without_path)) else {
        return Ok(verdict);
    };
    verdict.files = catalog.manifest.files.len();
    verdict.items = catalog.manifest.count();
    for file in &catalog.manifest.files {
        check_file(&mut verdict, &catalog, file);
    }
    check_model(&mut verdict, &catalog);
    let listed = imagery::check(&mut verdict, &catalog);
    shards::check(&mut verdict, &catalog, &listed);
    cells::check(&mut verdict, &catalog);
    verdict.strangers = strangers(&catalog, folder)?;
    verdict.faults.sort();
    verdict.faults.dedup();
    Ok(verdict)
}

/// Files that neither this catalog nor one that it replaced names.
fn strangers(catalog: &Catalog, folder: &Path) -> Result<Vec<String>, StageError> {
    let mut named = Named::default();
    named.add_catalog(catalog);
    for (_, path) in files::entries(folder)?.into_iter().filter(|(name, _)| is_superseded(name)) {
        named.add(folder, &files::read(&path)?);
    }
    let is_known = |path: &String| match path.contains('/') {
        true => named.has_path(path),
        false => path == MANIFEST_NAME || is_superseded(path) || named.has_entry(path),
    };
    let mut strangers = Vec::new();
    files::visit(folder, &mut |path, _| strangers.extend(Some(path).filter(|path| !is_known(path))))?;
    strangers.sort();
    Ok(strangers)
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
        verdict.take(&model.text, text_tower(&config, text, &vocabulary));
    }
    if let Ok(image) = catalog.read(&model.image) {
        verdict.take(&model.image, image_tower(&config, image, Processor::Cpu));
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
