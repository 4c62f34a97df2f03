//! From the address of a catalog to the checked bytes of every file that the engine needs, each as it comes.
//!
//! The image tower stays where it is: words need the text tower only, and pictures are in the index already.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use clip_rs_catalog::{FileRef, MANIFEST_NAME, Manifest, Shard};
use futures::future::{FutureExt as _, LocalBoxFuture, TryFutureExt as _, try_join, try_join3};

use crate::browser::clock;
use crate::load::{self, LoadError};
use crate::protocol::{Message, Progress};

/// Between two progress messages, milliseconds: as often as people can read.
const TELL_EVERY_MS: f64 = 60.0;

/// A catalog's files on their way: all are fetched at once, whichever is waited for first.
pub struct Files {
    /// The manifest.
    pub manifest: Manifest,
    /// The text tower's files.
    pub text: LocalBoxFuture<'static, Result<TextFiles, LoadError>>,
    /// The files of each shard, in the manifest's order.
    pub shards: Vec<LocalBoxFuture<'static, Result<ShardFiles, LoadError>>>,
}

/// What a text tower is made of, checked against the manifest.
pub struct TextFiles {
    /// The model's `model.json`.
    pub config: Vec<u8>,
    /// The tower's weights (GGUF).
    pub weights: Vec<u8>,
    /// The tokenizer's vocabulary.
    pub vocabulary: Vec<u8>,
}

/// What a shard is made of, checked against the manifest.
pub struct ShardFiles {
    /// Its search index.
    pub index: Vec<u8>,
    /// Its items.
    pub items: Vec<u8>,
}

/// Finds out what the catalog at `url`, the address of its `catalog.json`, is made of. `manifest` is that file's
/// text, if it is known. `tell` hears of progress.
pub async fn open(
    url: &str,
    manifest: Option<String>,
    tell: impl Fn(Message) + 'static,
) -> Result<Files, LoadError> {
    let manifest = match manifest {
        Some(text) => Manifest::from_json(text.as_bytes())?,
        None => load::manifest(url).await?.1,
    };
    let base = url.split(['?', '#']).next().unwrap_or(url);
    let base: Rc<str> = base.strip_suffix(MANIFEST_NAME).unwrap_or(base).into();
    let reporter = Rc::new(Reporter::new(&needed(&manifest)?, tell));
    let fetch = |name: &str| -> Result<_, LoadError> {
        let (base, file, reporter) = (Rc::clone(&base), manifest.file(name)?.clone(), Rc::clone(&reporter));
        Ok(async move { load::file(&base, &file, |done| reporter.arrived(&file.name, done)).await })
    };
    let model = &manifest.model;
    let text = try_join3(fetch(&model.config)?, fetch(&model.text)?, fetch(&model.tokenizer)?)
        .map_ok(|(config, weights, vocabulary)| TextFiles { config, weights, vocabulary })
        .boxed_local();
    let shard = |shard: &Shard| -> Result<_, LoadError> {
        let files = try_join(fetch(&shard.index)?, fetch(&shard.items)?);
        Ok(files.map_ok(|(index, items)| ShardFiles { index, items }).boxed_local())
    };
    let shards = manifest.shards.iter().map(shard).collect::<Result<_, _>>()?;
    Ok(Files { text, shards, manifest })
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
        let mut progress = self.progress.borrow_mut();
        progress.arrived(name, done);
        let now = clock::now_ms();
        if progress.preparing || now - self.told_at_ms.get() >= TELL_EVERY_MS {
            self.told_at_ms.set(now);
            (self.tell)(Message::Progress(progress.clone()));
        }
    }
}
