//! From the address of a catalog to the checked bytes of every file that the engine needs.
//!
//! The image tower stays where it is: words need the text tower only, and pictures are in the index already.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use clip_rs_catalog::{FileRef, MANIFEST_NAME, Manifest};
use futures::future::try_join_all;

use crate::browser::clock;
use crate::load::{self, LoadError};
use crate::protocol::{Message, Progress};

/// Between two progress messages, milliseconds: as often as people can read.
const TELL_EVERY_MS: f64 = 60.0;

/// A catalog's files, all checked against its manifest.
pub struct Files {
    /// The manifest.
    pub manifest: Manifest,
    /// The model's `model.json`.
    pub config: Vec<u8>,
    /// The text tower (GGUF).
    pub text: Vec<u8>,
    /// The tokenizer's vocabulary.
    pub vocabulary: Vec<u8>,
    /// Index and items of each shard, in the manifest's order.
    pub shards: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Loads the catalog at `url`, the address of its `catalog.json`. `tell` hears of the manifest and of progress.
pub async fn load(url: &str, tell: impl Fn(Message) + 'static) -> Result<Files, LoadError> {
    let (text, manifest) = load::manifest(url).await?;
    tell(Message::Catalog { manifest: text });
    let base = url.split(['?', '#']).next().unwrap_or(url);
    let base = base.strip_suffix(MANIFEST_NAME).unwrap_or(base).to_owned();
    let needed = needed(&manifest)?;
    let reporter = Rc::new(Reporter::new(&needed, tell));
    let bytes = try_join_all(needed.iter().map(|(_, file)| fetch(&base, file, Rc::clone(&reporter)))).await?;
    reporter.preparing();
    let mut bytes = bytes.into_iter();
    let mut next = || bytes.next().unwrap_or_default();
    let (config, text, vocabulary) = (next(), next(), next());
    let shards = manifest.shards.iter().map(|_| (next(), next())).collect();
    Ok(Files { config, text, vocabulary, shards, manifest })
}

/// The files to load with what they are for: the model's three, then index and items of each shard.
fn needed(manifest: &Manifest) -> Result<Vec<(&'static str, FileRef)>, LoadError> {
    let model = &manifest.model;
    let mut names = vec![
        ("Model settings", &model.config),
        ("Text model", &model.text),
        ("Vocabulary", &model.tokenizer),
    ];
    for shard in &manifest.shards {
        names.push(("Search index", &shard.index));
        names.push(("Places and addresses", &shard.items));
    }
    names.into_iter().map(|(role, name)| Ok((role, manifest.file(name)?.clone()))).collect()
}

async fn fetch<T: Fn(Message)>(
    base: &str,
    file: &FileRef,
    reporter: Rc<Reporter<T>>,
) -> Result<Vec<u8>, LoadError> {
    load::file(base, file, |done| reporter.arrived(&file.name, done)).await
}

/// Adds up what arrives and tells it, not too often.
struct Reporter<T> {
    progress: RefCell<Progress>,
    told_at_ms: Cell<f64>,
    tell: T,
}

impl<T: Fn(Message)> Reporter<T> {
    fn new(files: &[(&'static str, FileRef)], tell: T) -> Self {
        let progress = Progress::starting(files.iter().map(|(role, file)| (*role, file)));
        tell(Message::Progress(progress.clone()));
        Self { progress: RefCell::new(progress), told_at_ms: Cell::new(clock::now_ms()), tell }
    }

    fn arrived(&self, name: &str, done: u64) {
        self.progress.borrow_mut().arrived(name, done);
        let now = clock::now_ms();
        if now - self.told_at_ms.get() >= TELL_EVERY_MS {
            self.told_at_ms.set(now);
            (self.tell)(Message::Progress(self.progress.borrow().clone()));
        }
    }

    fn preparing(&self) {
        self.progress.borrow_mut().preparing = true;
        (self.tell)(Message::Progress(self.progress.borrow().clone()));
    }
}
