//! Brings shards of a catalog that is searched by its cells, as somebody looks at them, and lets go of others.

use std::collections::HashMap;
use std::rc::Rc;

use clip_rs_catalog::{ItemId, Items, Shard as ShardRef};
use clip_rs_search::engine::NextShard;
use clip_rs_search::{EngineError, Shard};
use futures::future::try_join_all;

use super::answer::{Answerer, duplicates, shard, unreadable};
use super::details::Pages;
use super::faults::{refused, unusable};
use super::loader::{self, ShardFiles};
use crate::protocol::Failure;
use crate::serve::say;
use crate::shards;

/// Bytes of shards that are kept for who looks at the whole of a part, beside those that are wanted now.
const KEPT: u64 = 64 << 20;
/// Bytes of names that are looked through for a picture: of some two million.
const MOST_NAMES: u64 = 32 << 20;
/// Files of names that are fetched at once.
const AT_ONCE: usize = 8;

impl Answerer {
    /// Of a catalog that is searched by its cells brings these shards into the engine, by their places, and lets go of others where
    /// all together are too many. The shards of any other are there.
    pub(crate) async fn bring(&self, places: &[usize]) -> Result<(), Failure> {
        if places.is_empty() {
            // Nothing is waited for, as by most searches while another catalog is opened.
            return Ok(());
        }
        let _one_after_the_other = self.opening.lock().await;
        let (pages, here) = self.with_opened(|opened| {
            let here = opened.engine.shards().iter().map(|shard| !shard.items.is_empty());
            Ok((Rc::clone(&opened.pages), opened.cells.is_some().then(|| here.collect::<Vec<bool>>())))
        })?;
        let Some(here) = here else { return Ok(()) };
        let is_here = |place: usize| here.get(place) == Some(&true);
        let manifest = pages.manifest();
        let missing: Vec<usize> = places.iter().copied().filter(|place| !is_here(*place)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let mut new = self.fetched(&pages, &missing).await?;
        let former: Vec<usize> = (0..here.len()).filter(|place| is_here(*place)).collect();
        let has_room = shards::bytes(manifest, &former) + shards::bytes(manifest, &missing) <= KEPT;
        let next = (0..manifest.shards.len()).map(|place| match new.remove(&place) {
            Some(shard) => NextShard::New(Box::new(shard)),
            None if is_here(place) && (has_room || places.contains(&place)) => NextShard::Kept(place),
            None => NextShard::Absent,
        });
        let next = next.collect();
        if let Some(opened) = self.opened.borrow_mut().as_mut() {
            let misfit = |error: EngineError| unusable(&manifest.model.config, &error);
            opened.engine.replace(next).map_err(misfit)?;
            opened.duplicates = duplicates(&opened.engine);
        }
        Ok(())
    }

    /// The places of the shards of a catalog that is searched by its cells in which the items with these names are; of any other none.
    /// A tile's name says where it lies. That of a picture is looked for in the names of shard after shard; one that no shard
    /// has is not among them.
    pub(crate) async fn holding(
        &self,
        ids: impl IntoIterator<Item = &ItemId>,
    ) -> Result<Vec<usize>, Failure> {
        let pages = self.pages()?;
        let manifest = pages.manifest();
        if manifest.cells.is_none() {
            return Ok(Vec::new());
        }
        let (mut places, mut wanted) = (Vec::new(), Vec::new());
        for id in ids {
            match shards::of_item(manifest, id) {
                Some(known) => places.extend(known),
                None => wanted.push(id),
            }
        }
        let names: Vec<(usize, &str)> = self.with_opened(|opened| {
            // Those that are here may have them.
            wanted.retain(|id| opened.engine.find(id).map(|item| places.push(item.shard)).is_none());
            let here = opened.engine.shards();
            let is_here = |place: &usize| here.get(*place).is_some_and(|shard| !shard.items.is_empty());
            let shards = manifest.shards.iter().enumerate().filter(|(place, _)| !is_here(place));
            Ok(shards.map(|(place, shard)| (place, shard.items.as_str())).collect())
        })?;
        let Some(first) = wanted.first() else { return Ok(places) };
        let bytes = |(_, name): &(usize, &str)| manifest.file(name).map_or(0, |file| file.bytes);
        if names.iter().map(bytes).fold(0, u64::saturating_add) > MOST_NAMES {
            return Err(refused(&format!(
                "This catalog is too large to find {first} by its name. Search for it in words first, then ask for more like it."
            )));
        }
        for some in names.chunks(AT_ONCE) {
            let asked: Vec<_> = some.iter().map(|(_, name)| ("Names and footprints", *name)).collect();
            let files = try_join_all(loader::files(&pages, &asked, |message| say(&message))?).await?;
            for ((place, name), bytes) in some.iter().zip(files) {
                let items = Items::from_bytes(&bytes).map_err(|error| unreadable(name, error))?;
                wanted.retain(|id| items.position(id).map(|_| places.push(*place)).is_none());
            }
            if wanted.is_empty() {
                break;
            }
        }
        Ok(places)
    }

    /// Shards of the catalog that is open, by their places.
    async fn fetched(&self, pages: &Rc<Pages>, places: &[usize]) -> Result<HashMap<usize, Shard>, Failure> {
        let manifest = pages.manifest();
        let shards = || places.iter().filter_map(|place| Some((*place, manifest.shards.get(*place)?)));
        let names: Vec<_> = shards()
            .flat_map(|(_, names)| {
                ["Search index", "Names and footprints"].into_iter().zip(shards::files(names))
            })
            .collect();
        let mut files =
            try_join_all(loader::files(pages, &names, |message| say(&message))?).await?.into_iter();
        let mut read = |(place, names): (usize, &ShardRef)| {
            let mut next = || files.next().unwrap_or_default();
            Ok((place, shard(names, ShardFiles { index: next(), items: next() })?))
        };
        shards().map(&mut read).collect()
    }
}
