//! What is known of the hits beyond name and footprint: pages of details, fetched for the hits alone.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use clip_rs_catalog::{Date, Details, Manifest};
use clip_rs_search::ItemRef;
use futures::future::join_all;

use crate::cache::Cache;
use crate::load::{self, LoadError};
use crate::protocol::{Failure, Hit, Taken};

/// Pages that are kept, bytes.
const KEPT: u64 = 16 << 20;

/// Whether an item is wanted, by shard and ordinal.
pub type Wanted = Vec<Vec<bool>>;

/// The day of every item, by shard and ordinal; none where it is not known.
pub type Days = Vec<Vec<Option<Date>>>;

/// Is told a file's name and how many of its bytes are here. One code for whoever listens keeps the worker small.
type Arrived = dyn Fn(&str, u64);

/// The pages of details of one state of a catalog.
pub struct Pages {
    base: Rc<str>,
    manifest: Manifest,
    kept: Cache<Details>,
}

impl Pages {
    /// The pages of `manifest`, whose folder has the absolute URL `base`.
    pub fn new(base: Rc<str>, manifest: Manifest) -> Self {
        Self { base, manifest, kept: Cache::new(KEPT) }
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Absolute URL of the catalog's folder, with its slash.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The bytes of a file that the manifest names, checked; `arrived` is told how many there are so far.
    pub async fn file(&self, name: &str, arrived: &dyn Fn(u64)) -> Result<Vec<u8>, LoadError> {
        load::file(&self.base, self.manifest.file(name)?, arrived).await
    }

    /// Fetches the page of each shard that has only one, so that the first search finds it here. `arrived` is told the
    /// file's name and the bytes so far.
    pub async fn fetch_single(&self, arrived: Rc<Arrived>) {
        let single = single(&self.manifest).map(|name| self.page(name, Rc::clone(&arrived)));
        // What cannot be had now is asked for again, and reported, when a hit is on it.
        let _asked_for_again = join_all(single).await;
    }

    /// Of every item whether it was taken on one of these days.
    pub async fn on(&self, taken: Taken) -> Result<Wanted, LoadError> {
        let all: Vec<usize> = (0..self.manifest.shards.len()).collect();
        let days = self.days(&all).await?;
        Ok(days.into_iter().map(|shard| shard.into_iter().map(|day| taken.holds(day)).collect()).collect())
    }

    /// When every item of the shards at these places was taken; of others nothing is known.
    pub async fn days(&self, places: &[usize]) -> Result<Days, LoadError> {
        let mut days = vec![Vec::new(); self.manifest.shards.len()];
        for (place, shard) in self.manifest.shards.iter().enumerate().filter(|(at, _)| places.contains(at)) {
            let pages =
                join_all(shard.details.iter().map(|name| self.page(name, Rc::new(|_: &str, _| {})))).await;
            let mut of_shard = Vec::with_capacity(shard.count);
            for page in pages {
                let page = page?;
                of_shard.extend((0..page.len()).map(|at| page.get(at).and_then(|detail| detail.captured)));
            }
            days[place] = of_shard;
        }
        Ok(days)
    }

    /// Adds to `hits`, each with the item that it is, what is known of them. Returns why pages could not be had.
    pub async fn complete(&self, hits: &mut [(ItemRef, Hit)]) -> Vec<Failure> {
        let places: Vec<_> = hits.iter().map(|(item, _)| page_of(&self.manifest, *item)).collect();
        let names: BTreeSet<&str> = places.iter().flatten().map(|(name, _)| *name).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let pages = join_all(names.iter().map(|name| self.page(name, Rc::new(|_: &str, _| {})))).await;
        let mut missing = Vec::new();
        let mut here = HashMap::new();
        for (name, page) in names.into_iter().zip(pages) {
            match page {
                Ok(page) => drop(here.insert(name, page)),
                Err(error) => missing.push(error.into()),
            }
        }
        for ((_, hit), place) in hits.iter_mut().zip(places) {
            let known = place.and_then(|(name, at)| here.get(name)?.get(at));
            if let Some(known) = known {
                hit.place = known.place;
                hit.address = known.address;
                hit.address_m = known.address_m;
                hit.captured = known.captured.map(|date| date.to_string());
                hit.source = known.source;
            }
        }
        missing
    }

    async fn page(&self, name: &str, arrived: Rc<Arrived>) -> Result<Rc<Details>, LoadError> {
        let (file, base) = (self.manifest.file(name)?.clone(), Rc::clone(&self.base));
        let fetch = async move || {
            let bytes = load::file(&base, &file, &|done| arrived(&file.name, done)).await?;
            Ok(Details::from_bytes(&bytes).map_err(|error| error.named(&file.name))?)
        };
        self.kept.get(name, self.manifest.file(name)?.bytes, fetch).await
    }
}

/// The pages of shards that have only one.
pub fn single(manifest: &Manifest) -> impl Iterator<Item = &str> {
    manifest.shards.iter().filter_map(|shard| match shard.details.as_slice() {
        [only] => Some(only.as_str()),
        _ => None,
    })
}

/// Name of the page of details that `item` is on, and its place there.
fn page_of(manifest: &Manifest, item: ItemRef) -> Option<(&str, usize)> {
    manifest.shards.get(item.shard)?.page_of(item.ordinal)
}
