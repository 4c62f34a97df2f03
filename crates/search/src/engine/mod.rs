//! Answers queries over the shards of a catalog.

mod direction;
mod shard;

use std::collections::HashSet;

use clip_rs_catalog::ItemId;

use crate::calibrate::{self, Calibration};
use crate::code::{CodeError, CodeRef};
use crate::model::{Marks, ModelConfig, ModelError, TextTower};
use crate::query::{ItemRef, Query};
use crate::{Code, Embedding, EmbeddingError, Polygon};

pub use direction::Direction;
pub use shard::Shard;

use shard::Best;

/// Hits that are looked at for each that is wanted where several may be of one picture.
pub const HITS_A_PICTURE: usize = 12;
/// A query that cannot be answered, or parts that do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// An index and its metadata are not about the same items.
    #[error("shard {shard}: {index} items in the index, {items} in the metadata")]
    Count {
        /// Place of the shard.
        shard: usize,
        /// Items in the index.
        index: usize,
        /// Items in the metadata.
        items: usize,
    },
    /// A shard that is to be kept, but is not there or was kept already.
    #[error("no shard {0} is left to be kept")]
    NotKept(usize),
    /// Vectors of another model.
    #[error("{what} has vectors of {found} components, the model has {expected}")]
    Dimension {
        /// What holds the vectors.
        what: String,
        /// Components of the model's vectors.
        expected: usize,
        /// Components of these.
        found: usize,
    },
    /// A query without terms, with too many, or with a weight that is no weight.
    #[error("the query {0}")]
    Query(String),
    /// An item that is not in the catalog.
    #[error("there is no picture called {0}")]
    NoItem(ItemId),
    /// The terms cancel each other out.
    #[error("the parts of the query cancel each other out: {0}")]
    NoDirection(#[from] EmbeddingError),
    /// The query's vector cannot be coded.
    #[error("the query cannot be coded: {0}")]
    Code(#[from] CodeError),
    /// The text tower failed.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// A shard of the catalog that an engine is to answer from next.
pub enum NextShard {
    /// Its items are not here: the shards behind it are counted as if it were.
    Absent,
    /// The one that is at this place now.
    Kept(usize),
    /// Another one.
    New(Box<Shard>),
}

/// An item that answers a query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The item.
    pub item: ItemRef,
    /// For texts, with a model that knows concepts: the chance that the item is what they mean. Else the chance that this,
    /// and not a random item of the catalog, is what the query means. 0..=1, larger for a larger score.
    pub similarity: f32,
    /// Cosine of the angle between query and item, -1..=1.
    pub cosine: f32,
    /// What hits are ordered by: the cosine, less how close the item is to any text.
    pub score: f32,
}

/// A text encoder and the shards it searches.
pub struct Engine {
    text: Box<dyn TextTower>,
    embed_dim: usize,
    logit_scale: f32,
    shards: Vec<Shard>,
    /// Codes and relevance offsets that stand for items that are not here.
    stand_ins: Vec<(Code, f32)>,
}

impl Engine {
    /// Puts the parts together, checking that they fit.
    pub fn new(
        config: &ModelConfig,
        text: impl Into<Box<dyn TextTower>>,
        shards: Vec<Shard>,
    ) -> Result<Self, EngineError> {
        let mut engine = Self {
            text: text.into(),
            embed_dim: config.embed_dim,
            logit_scale: config.logit_scale,
            shards: Vec::new(),
            stand_ins: Vec::new(),
        };
        engine.expect_dim(engine.text.dim(), || "the text tower".into())?;
        shards.into_iter().try_for_each(|shard| engine.push(shard))?;
        Ok(engine)
    }

    /// Adds a shard behind the others.
    pub fn push(&mut self, shard: Shard) -> Result<(), EngineError> {
        self.check(self.shards.len(), &shard)?;
        self.shards.push(shard);
        Ok(())
    }

    /// Directions with relevance offsets that stand for all items, where the items are in no shard but in [cells](crate::cells): what
    /// scores are compared with.
    pub fn stand_for(&mut self, items: &[(Embedding, f32)]) -> Result<(), EngineError> {
        let code = |(direction, offset): &(Embedding, f32)| {
            self.expect_dim(direction.dim(), || "a cell".into())?;
            Ok::<_, EngineError>((Code::new(direction)?, *offset))
        };
        self.stand_ins = items.iter().map(code).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Takes these shards in the place of those that are there. All are checked first: where one does not fit, or is to be
    /// kept twice, or is not there, nothing changes.
    pub fn replace(&mut self, next: Vec<NextShard>) -> Result<(), EngineError> {
        let mut kept = vec![false; self.shards.len()];
        for (place, shard) in next.iter().enumerate() {
            match shard {
                NextShard::Absent => {}
                NextShard::New(shard) => self.check(place, shard)?,
                NextShard::Kept(at) => match kept.get_mut(*at) {
                    Some(kept) if !*kept => *kept = true,
                    _ => return Err(EngineError::NotKept(*at)),
                },
            }
        }
        let mut former: Vec<Option<Shard>> = self.shards.drain(..).map(Some).collect();
        let take = |shard| match shard {
            NextShard::Absent => Some(Shard::empty()),
            NextShard::New(shard) => Some(*shard),
            NextShard::Kept(at) => former.get_mut(at).and_then(Option::take),
        };
        self.shards = next.into_iter().filter_map(take).collect();
        Ok(())
    }

    /// Whether a shard is of this model, and its parts are about the same items; `shard` is its place.
    fn check(&self, shard: usize, Shard { index, items }: &Shard) -> Result<(), EngineError> {
        if index.len() != items.len() {
            return Err(EngineError::Count { shard, index: index.len(), items: items.len() });
        }
        if index.is_empty() {
            return Ok(());
        }
        self.expect_dim(index.dim(), || format!("the index of shard {shard}"))
    }

    /// The shards, in the order in which [`ItemRef::shard`] counts them.
    pub fn shards(&self) -> &[Shard] {
        &self.shards
    }

    /// Where the item called `id` is.
    pub fn find(&self, id: &ItemId) -> Option<ItemRef> {
        let mut shards = self.shards.iter().enumerate();
        shards.find_map(|(shard, part)| Some(ItemRef { shard, ordinal: part.items.position(id)? }))
    }

    /// The text tower.
    pub fn text(&self) -> &dyn TextTower {
        &*self.text
    }

    /// Answers a query: hits with the largest similarity first. For "more like this" the item itself is first.
    pub fn search(&self, query: &Query) -> Result<Vec<Hit>, EngineError> {
        self.nearest(&self.embed(query)?, query)
    }

    /// The hits in a direction, by the area, limit and minimum of `query`.
    pub fn nearest(&self, direction: &Direction, query: &Query) -> Result<Vec<Hit>, EngineError> {
        self.hits(direction, query, None)
    }

    /// The same among the items that are wanted. All are looked at.
    pub fn nearest_where(
        &self,
        direction: &Direction,
        query: &Query,
        wanted: impl Fn(ItemRef) -> bool,
    ) -> Result<Vec<Hit>, EngineError> {
        self.hits(direction, query, Some(&wanted))
    }

    fn hits(
        &self,
        direction: &Direction,
        query: &Query,
        wanted: Option<&dyn Fn(ItemRef) -> bool>,
    ) -> Result<Vec<Hit>, EngineError> {
        self.expect_dim(direction.embedding.dim(), || "the query".into())?;
        let code = Code::new(&direction.embedding)?;
        let marking = self.marker_of(direction, &code);
        let grouped = query.one_a_picture && self.shards.iter().any(|shard| shard.items.has_crops());
        let looked_at = if grouped { query.limit.saturating_mul(HITS_A_PICTURE) } else { query.limit };
        let wide = Query { limit: looked_at, ..query.clone() };
        let mut hits = Vec::new();
        for (shard, part) in self.shards.iter().enumerate() {
            let wanted = wanted.map(|wanted| move |ordinal| wanted(ItemRef { shard, ordinal }));
            let wanted = wanted.as_ref().map(|wanted| wanted as &dyn Fn(usize) -> bool);
            let best = part.nearest(&code, &wide, direction.text_share, wanted);
            hits.extend(best.into_iter().map(|best| marking.hit(shard, best)));
        }
        hits.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.item.cmp(&b.item)));
        hits.truncate(looked_at);
        hits.retain(|hit| hit.similarity >= query.min_similarity);
        let item = query.only_item().and_then(|id| self.find(id));
        if let Some(item) = item.filter(|item| wanted.is_none_or(|wanted| wanted(*item))) {
            self.put_first(item, &code, &marking, &wide, &mut hits);
        }
        if grouped {
            self.keep_one_a_picture(&mut hits);
            hits.truncate(query.limit);
        }
        Ok(hits)
    }

    /// How scores in a direction are marked.
    pub fn marker(&self, direction: &Direction) -> Result<Marker, EngineError> {
        self.expect_dim(direction.embedding.dim(), || "the query".into())?;
        Ok(self.marker_of(direction, &Code::new(&direction.embedding)?))
    }

    /// Whether an item lies in every one of `areas`.
    pub fn lies_in(&self, item: ItemRef, areas: &[Polygon]) -> bool {
        self.shards.get(item.shard).is_some_and(|shard| shard.lies_in(item.ordinal, areas))
    }

    fn marker_of(&self, direction: &Direction, code: &Code) -> Marker {
        match (direction.familiarity, self.text.concepts()) {
            (Some(familiarity), Some(concepts)) => {
                Marker(Marking::Chance { marks: concepts.marks(), familiarity })
            }
            _ => {
                let scores = self
                    .background()
                    .map(|(other, offset)| code.cosine(other) - offset * direction.text_share);
                Marker(Marking::Against(Calibration::new(scores, self.logit_scale)))
            }
        }
    }

    /// Of the hits in a picture the first stays.
    fn keep_one_a_picture(&self, hits: &mut Vec<Hit>) {
        let mut seen = HashSet::new();
        hits.retain(|Hit { item, .. }| {
            let picture = self.shards.get(item.shard).and_then(|shard| shard.items.picture(item.ordinal));
            picture.is_none_or(|picture| seen.insert((item.shard, picture)))
        });
    }

    /// "More like this" begins with this, even where an exact copy has a smaller ordinal or the graph missed it.
    fn put_first(
        &self,
        item: ItemRef,
        query_code: &Code,
        marking: &Marker,
        query: &Query,
        hits: &mut Vec<Hit>,
    ) {
        let Some(shard) = self.shards.get(item.shard) else { return };
        let Some(code) = shard.index.code(item.ordinal).filter(|_| shard.is_wanted(item.ordinal, query))
        else {
            return;
        };
        let cosine = query_code.cosine(code);
        hits.retain(|hit| hit.item != item);
        hits.insert(0, marking.hit(item.shard, Best { ordinal: item.ordinal, cosine, score: cosine }));
        hits.truncate(query.limit);
    }

    /// A sample of all items, evenly spread: their codes and relevance offsets. Or what stands for them, whichever are here.
    fn background(&self) -> impl Iterator<Item = (CodeRef<'_>, f32)> {
        let here = self.shards.iter().map(|shard| shard.index.len()).sum();
        let count = if self.stand_ins.is_empty() { here } else { 0 };
        let mut shards = self.shards.iter();
        let mut current = shards.next();
        let mut before = 0;
        let sample = calibrate::sample(count).filter_map(move |at| {
            while let Some(shard) = current.filter(|shard| at - before >= shard.index.len()) {
                before += shard.index.len();
                current = shards.next();
            }
            let shard = current?;
            Some((shard.index.code(at - before)?, shard.items.offset(at - before)))
        });
        self.stand_ins.iter().map(|(code, offset)| (code.into(), *offset)).chain(sample)
    }

    fn expect_dim(&self, found: usize, what: impl FnOnce() -> String) -> Result<(), EngineError> {
        let expected = self.embed_dim;
        if found == expected {
            return Ok(());
        }
        Err(EngineError::Dimension { what: what(), expected, found })
    }
}

/// What turns the scores of one query into marks.
pub struct Marker(Marking);

enum Marking {
    /// The chance of being right that a text of this familiarity has.
    Chance { marks: Marks, familiarity: f32 },
    /// The chance against a random item.
    Against(Calibration),
}

impl Marker {
    /// The mark of a score, 0..=1; see [`Hit::similarity`].
    pub fn mark(&self, score: f32) -> f32 {
        match &self.0 {
            Marking::Chance { marks, familiarity } => marks.chance(score, *familiarity),
            Marking::Against(calibration) => calibration.similarity(score),
        }
    }

    fn hit(&self, shard: usize, Best { ordinal, cosine, score }: Best) -> Hit {
        Hit { item: ItemRef { shard, ordinal }, similarity: self.mark(score), cosine, score }
    }
}
