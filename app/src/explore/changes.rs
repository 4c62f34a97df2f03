//! What has changed since another date: that of another catalog of the same ground, or an earlier day of this one.

use std::cell::RefCell;
use std::rc::Rc;

use clip_rs_catalog::{Date, MANIFEST_NAME, Manifest, Shard as ShardRef};
use clip_rs_search::explore::{Changes, Pair, changes};
use clip_rs_search::{Hit as Found, ItemRef, Polygon, Shard};
use futures::future::{try_join, try_join_all};

use super::layer::painted;
use super::reach;
use crate::browser::clock;
use crate::engine::{Answerer, Days, Opened, ShardFiles, hit, not_answered, refused, shard};
use crate::load::{self, LoadError};
use crate::protocol::explore::{Compared, Response, Since};
use crate::protocol::{Failure, Hit, Message, Progress, Taken};
use crate::serve::say;

/// Most items that are given to one call, whatever it asks for.
const MOST_ITEMS: usize = 5000;
/// Items with less than this mark are not told: they are as they were.
const LEAST_MARK: f32 = 0.005;

/// The catalog that was compared with last, by the digest of its manifest.
#[derive(Default)]
pub struct Before(RefCell<Option<Loaded>>);

/// What was loaded of it.
struct Loaded {
    digest: String,
    /// The places of its shards that were needed.
    places: Vec<usize>,
    shards: Rc<[Shard]>,
}

/// What is to be compared, and what of it is to be told.
pub struct Question {
    /// With what.
    pub since: Since,
    /// Only items whose middle lies in every one of these are told.
    pub areas: Vec<Polygon>,
    /// Only items that were taken on these days are.
    pub taken: Option<Taken>,
    /// So many at most.
    pub limit: usize,
}

/// How much every place has changed, and the most changed items.
pub async fn compare(
    catalog: &Answerer,
    before: &Before,
    question: Question,
) -> Result<(Response, Vec<u8>), Failure> {
    let pages = catalog.pages()?;
    let places = reach::places(pages.manifest(), &question.areas)?;
    let other = match &question.since {
        Since::Catalog { url } => Some(before.of(url, pages.manifest(), &question.areas).await?),
        Since::Day { .. } => None,
    };
    let days = match (&question.since, question.taken) {
        (Since::Catalog { .. }, None) => Days::default(),
        _ => pages.days(&places).await?,
    };
    reach::of(catalog, places).await?;
    let (mut compared, cells, mut known) =
        catalog.with_opened(|opened| answer(opened, other.as_deref(), &days, &question))?;
    compared.missing = pages.complete(&mut known).await;
    compared.hits = known.into_iter().map(|(_, hit)| hit).collect();
    Ok((Response::Changes(compared), cells))
}

/// The answer, its cells, and the items whose details are still to be added.
type Answer = (Compared, Vec<u8>, Vec<(ItemRef, Hit)>);

fn answer(
    opened: &Opened,
    other: Option<&[Shard]>,
    days: &Days,
    question: &Question,
) -> Result<Answer, Failure> {
    let start = clock::now_ms();
    let shards = opened.engine.shards();
    let day = |item: ItemRef| days.get(item.shard)?.get(item.ordinal).copied().flatten();
    let (found, undated) = match &question.since {
        Since::Catalog { .. } => (changes(shards, other.unwrap_or_default(), |_| true, |_| true), 0),
        Since::Day { day: last } => {
            let is = |item| day(item).is_some_and(|day: Date| day > *last);
            let was = |item| day(item).is_some_and(|day: Date| day <= *last);
            (changes(shards, shards, is, was), days.iter().flatten().filter(|day| day.is_none()).count())
        }
    };
    let found = found.map_err(not_answered)?;
    if found.pairs.is_empty() {
        return Err(refused("Nothing of this catalog lies on ground that was seen on the other date."));
    }
    let footprint = |item: ItemRef| shards.get(item.shard)?.items.footprint(item.ordinal);
    let mark = |pair: &Pair| found.mark(pair.change);
    let placed = found.pairs.iter().filter_map(|pair| Some((footprint(pair.now)?, mark(pair))));
    let (layer, cells) = painted(opened, placed, false, None, found.pairs.len(), start)?;
    let is_told = |pair: &&Pair| {
        opened.engine.lies_in(pair.now, &question.areas)
            && question.taken.is_none_or(|taken| taken.holds(day(pair.now)))
            && mark(pair) >= LEAST_MARK
    };
    let mut most: Vec<&Pair> = found.pairs.iter().filter(is_told).collect();
    most.sort_by(|a, b| b.change.total_cmp(&a.change));
    most.truncate(question.limit.min(MOST_ITEMS));
    let before = other.unwrap_or(shards);
    let told = most.iter().filter_map(|pair| {
        let (item, cosine) = (pair.now, 1.0 - pair.change);
        let hit = hit(opened, &Found { item, similarity: mark(pair), cosine, score: cosine })?;
        let before = before.get(pair.before.shard)?.items.id(pair.before.ordinal)?;
        Some(((item, hit), before.to_string()))
    });
    let (known, before) = told.unzip();
    let compared = Compared {
        layer,
        unpaired: found.unpaired + undated,
        stand_out: found.pairs.iter().filter(|pair| mark(pair) >= Changes::STANDS_OUT).count(),
        hits: Vec::new(),
        before,
        missing: Vec::new(),
    };
    Ok((compared, cells, known))
}

impl Before {
    /// The shards of the catalog whose `catalog.json` has the absolute URL `url`, if its vectors are of the model that `own` is of; of
    /// one that is searched by its cells those that have a part in `areas`.
    async fn of(&self, url: &str, own: &Manifest, areas: &[Polygon]) -> Result<Rc<[Shard]>, Failure> {
        let (_, manifest) = load::manifest(url).await?;
        let places = reach::places(&manifest, areas)?;
        if let Some(loaded) = &*self.0.borrow()
            && loaded.digest == manifest.digest
            && loaded.places == places
        {
            return Ok(Rc::clone(&loaded.shards));
        }
        let tower = |manifest: &Manifest| -> Result<_, LoadError> {
            Ok(manifest.file(&manifest.model.image)?.sha256)
        };
        if tower(&manifest)? != tower(own)? {
            return Err(refused(&format!(
                "{} was made with another model ({}, here it is {}): what the two say cannot be compared. Index one of them again.",
                manifest.title, manifest.model.name, own.model.name
            )));
        }
        let files =
            |part: &ShardRef| Ok([manifest.file(&part.index)?.clone(), manifest.file(&part.items)?.clone()]);
        let parts = || places.iter().filter_map(|place| manifest.shards.get(*place));
        let files = parts().map(files).collect::<Result<Vec<_>, LoadError>>()?;
        // The former one makes room first.
        self.0.replace(None);
        let progress =
            RefCell::new(Progress::starting(files.iter().flatten().map(|file| ("The other date", file))));
        let base = url.strip_suffix(MANIFEST_NAME).unwrap_or(url);
        let fetch = async |file| {
            load::file(base, file, &|done| {
                progress.borrow_mut().arrived(&file.name, done);
                say(&Message::Progress(progress.borrow().clone()));
            })
            .await
        };
        let parts = parts().zip(&files).map(async |(part, [index, items])| {
            let (index, items) = try_join(fetch(index), fetch(items)).await?;
            shard(part, ShardFiles { index, items })
        });
        let shards: Rc<[Shard]> = try_join_all(parts).await?.into();
        *self.0.borrow_mut() =
            Some(Loaded { digest: manifest.digest.clone(), places, shards: Rc::clone(&shards) });
        Ok(shards)
    }
}
