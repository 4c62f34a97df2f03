//! From the address of a catalog to the checked bytes of every file that the engine needs, each as it comes.
//!
//! The image tower stays where it is: words need the text tower only, and pictures are in the index already.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use clip_rs_catalog::{CellsRef, FileRef, MANIFEST_NAME, Manifest, Shard};
use clip_rs_search::model::ModelConfig;
use futures::future::{FutureExt as _, LocalBoxFuture, TryFutureExt as _, try_join, try_join3};

use super::details::{Pages, single};
use super::faults::unusable;
use super::tower;

use crate::browser::clock;
use crate::load::{self, LoadError};
use crate::protocol::{Failure, Message, Progress};

/// Between two progress messages, milliseconds: as often as people can read.
const TELL_EVERY_MS: f64 = 60.0;

/// The checked bytes of a file on their way.
pub type Coming = LocalBoxFuture<'static, Result<Vec<u8>, LoadError>>;

/// A catalog's files on their way: all are fetched at once, whichever is waited for first.
pub struct Files {
    /// The manifest, and what else it leads to.
    pub pages: Rc<Pages>,
    /// The text tower's files; none if the catalog before has the same.
    pub text: Option<LocalBoxFuture<'static, Result<TextFiles, Failure>>>,
    /// Each shard, in the manifest's order; none where there are cells to be searched.
    pub shards: Vec<NextFiles>,
    /// What the cells are about, where they are to be searched.
    pub centroids: Option<Coming>,
    /// The only page of details of each shard that has no more.
    pub details: LocalBoxFuture<'static, ()>,
}

/// Where a shard comes from.
pub enum NextFiles {
    /// It is the one at this place of the catalog before.
    Kept(usize),
    /// From its files.
    New(LocalBoxFuture<'static, Result<ShardFiles, LoadError>>),
}

/// What a text tower is made of, checked against the manifest.
pub struct TextFiles {
    /// What the model's `model.json` says.
    pub config: ModelConfig,
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
/// text, if it is known; `before` the catalog that the engine has now; `by_cells` whether cells are searched where there are some.
/// `tell` hears of progress.
pub async fn open(
    url: &str,
    manifest: Option<String>,
    before: Option<&Manifest>,
    by_cells: bool,
    tell: impl Fn(Message) + 'static,
) -> Result<Files, LoadError> {
    let manifest = match manifest {
        Some(text) => Manifest::from_json(text.as_bytes())?,
        None => load::manifest(url).await?.1,
    };
    let base = url.split(['?', '#']).next().unwrap_or(url);
    let base: Rc<str> = base.strip_suffix(MANIFEST_NAME).unwrap_or(base).into();
    // With another model everything is another.
    let before = before.filter(|before| before.model == manifest.model);
    let cells = manifest.cells.as_ref().filter(|_| by_cells);
    let shards = if cells.is_some() { &[][..] } else { &manifest.shards };
    let kept = kept_shards(before, shards);
    let files = needed(&manifest, before.is_none(), shards, &kept, cells)?;
    let reporter = Rc::new(Reporter::new(&files, tell));
    let fetch = |name: &str| -> Result<_, LoadError> {
        let (base, file, reporter) = (Rc::clone(&base), manifest.file(name)?.clone(), Rc::clone(&reporter));
        Ok(async move { load::file(&base, &file, &|done| reporter.arrived(&file.name, done)).await })
    };
    let text = match before {
        Some(_) => None,
        None => {
            let model = &manifest.model;
            let (name, described) = (model.config.clone(), fetch(&model.config)?);
            // Where another worker is needed, nothing else is waited for.
            let config = async move {
                let config =
                    ModelConfig::from_json(&described.await?).map_err(|error| unusable(&name, &error))?;
                tower::check(&config).map(|()| config)
            };
            let (weights, vocabulary) = (fetch(&model.text)?, fetch(&model.tokenizer)?);
            let files = try_join3(config, weights.err_into(), vocabulary.err_into());
            let named = |(config, weights, vocabulary)| TextFiles { config, weights, vocabulary };
            Some(files.map_ok(named).boxed_local())
        }
    };
    let shard = |(shard, kept): (&Shard, &Option<usize>)| -> Result<_, LoadError> {
        if let Some(place) = kept {
            return Ok(NextFiles::Kept(*place));
        }
        let files = try_join(fetch(&shard.index)?, fetch(&shard.items)?);
        Ok(NextFiles::New(files.map_ok(|(index, items)| ShardFiles { index, items }).boxed_local()))
    };
    let shards = shards.iter().zip(&kept).map(shard).collect::<Result<_, _>>()?;
    let centroids =
        cells.map(|cells| Ok::<_, LoadError>(fetch(&cells.centroids)?.boxed_local())).transpose()?;
    let is_whole = cells.is_none();
    let pages = Rc::new(Pages::new(base, manifest));
    let details = {
        let pages = Rc::clone(&pages);
        async move {
            if is_whole {
                pages.fetch_single(Rc::new(move |name, done| reporter.arrived(name, done))).await;
            }
        }
        .boxed_local()
    };
    Ok(Files { pages, text, shards, centroids, details })
}

/// Fetches files that the manifest of an open catalog names, each with what it is for. `tell` hears of progress.
pub fn files(
    pages: &Rc<Pages>,
    names: &[(&'static str, &str)],
    tell: impl Fn(Message) + 'static,
) -> Result<Vec<Coming>, LoadError> {
    let known = |(role, name): &(&'static str, &str)| Ok((*role, pages.manifest().file(name)?.clone()));
    let files = names.iter().map(known).collect::<Result<Vec<_>, LoadError>>()?;
    let reporter = Rc::new(Reporter::new(&files, tell));
    let fetch = |(_, file): (&'static str, FileRef)| {
        let (pages, reporter) = (Rc::clone(pages), Rc::clone(&reporter));
        async move { pages.file(&file.name, &|done| reporter.arrived(&file.name, done)).await }.boxed_local()
    };
    Ok(files.into_iter().map(fetch).collect())
}

/// For each of `shards` the place where the catalog before has the same, if it has; each place once.
fn kept_shards(before: Option<&Manifest>, shards: &[Shard]) -> Vec<Option<usize>> {
    let former = before.map_or(&[][..], |before| &before.shards);
    let mut taken = vec![false; former.len()];
    let place = |shard: &Shard| {
        let same = |old: &Shard| (&old.index, &old.items) == (&shard.index, &shard.items);
        let at = former.iter().zip(&taken).position(|(old, taken)| !taken && same(old))?;
        taken[at] = true;
        Some(at)
    };
    shards.iter().map(place).collect()
}

/// The files to load with what they are for: the model's three if it is `with_model`, then index, items and the only page of
/// details of each shard that is not kept; or the centroids of `cells`.
fn needed(
    manifest: &Manifest,
    with_model: bool,
    shards: &[Shard],
    kept: &[Option<usize>],
    cells: Option<&CellsRef>,
) -> Result<Vec<(&'static str, FileRef)>, LoadError> {
    let model = &manifest.model;
    let mut names = Vec::new();
    if with_model {
        names.push(("Model settings", model.config.as_str()));
        names.push(("Text model", &model.text));
        names.push(("Vocabulary", &model.tokenizer));
    }
    for (shard, _) in shards.iter().zip(kept).filter(|(_, kept)| kept.is_none()) {
        names.push(("Search index", &shard.index));
        names.push(("Names and footprints", &shard.items));
    }
    match cells {
        Some(cells) => names.push(("Search index", &cells.centroids)),
        None => names.extend(single(manifest).map(|name| ("Places and addresses", name))),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(index: &str) -> Shard {
        Shard {
            count: 1,
            bounds: None,
            centroid: Vec::new(),
            index: index.into(),
            items: format!("items of {index}"),
            details: Vec::new(),
            page_rows: 1,
        }
    }

    fn manifest(shards: Vec<Shard>) -> Manifest {
        let model = clip_rs_catalog::ModelRef {
            name: "m".into(),
            embed_dim: 1,
            config: "config".into(),
            text: "text".into(),
            image: "image".into(),
            tokenizer: "tokenizer".into(),
        };
        Manifest {
            format: 2,
            id: "a".into(),
            title: String::new(),
            attribution: String::new(),
            licence: String::new(),
            synthetic: false,
            bounds: None,
            captured: None,
            tiles: None,
            pictures: None,
            model,
            shards,
            cells: None,
            files: Vec::new().into(),
            examples: Vec::new(),
            digest: String::new(),
        }
    }

    #[test]
    fn shards_that_did_not_change_are_kept_wherever_they_were_and_each_once() {
        let before = manifest(vec![shard("a"), shard("b"), shard("c")]);
        let next = [shard("c"), shard("new"), shard("a"), shard("a")];
        assert_eq!(kept_shards(Some(&before), &next), [Some(2), None, Some(0), None]);
        assert_eq!(kept_shards(None, &next), [None; 4]);
        let mut renamed = shard("a");
        renamed.items = "other".into();
        assert_eq!(kept_shards(Some(&before), &[renamed]), [None], "both files must be the same");
    }
}
