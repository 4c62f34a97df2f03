//! Brings shards of a catalog that is searched by its cells, as somebody looks at them, and lets go of others.

use std::collections::HashMap;
use std::rc::Rc;

use clip_rs_catalog::Shard as ShardRef;
use clip_rs_search::engine::NextShard;
use clip_rs_search::{EngineError, Shard};
use futures::future::try_join_all;

use super::answer::{Answerer, duplicates, shard};
use super::details::Pages;
use super::faults::unusable;
use super::loader::{self, ShardFiles};
use crate::protocol::Failure;
use crate::serve::say;
use crate::shards;

/// Bytes of shards that are kept for who looks at the whole of a part, beside those that are wanted now.
const KEPT: u64 = 64 << 20;

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
