//! Answers queries over the shards of a catalog.

use std::collections::HashSet;

use clip_rs_catalog::Items;

use crate::calibrate::{self, Calibration};
use crate::code::{CodeError, CodeRef};
use crate::index::Neighbour;
use crate::model::{ModelConfig, ModelError, TextEncoder};
use crate::query::{ItemRef, MAX_TERMS, Query, Subject};
use crate::{Code, Embedding, EmbeddingError, Index};

/// Hits that are looked at for each that is wanted where several may be of one picture.
const HITS_A_PICTURE: usize = 12;
/// Shards of fewer items are scanned: that takes less than a millisecond and misses nothing.
const SCAN_BELOW: usize = 1024;

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
    #[error("no item {} in shard {}", .0.ordinal, .0.shard)]
    NoItem(ItemRef),
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

/// A part of a catalog: the index and the metadata of the same items.
pub struct Shard {
    /// Codes and graph.
    pub index: Index,
    /// Names and places.
    pub items: Items,
}

/// A shard of the catalog that an engine is to answer from next.
pub enum NextShard {
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
    /// The chance that this, and not a random item of the catalog, is what the query means; 0..=1.
    pub similarity: f32,
    /// Cosine of the angle between query and item, -1..=1.
    pub cosine: f32,
}

/// A text encoder and the shards it searches.
pub struct Engine {
    text: TextEncoder,
    embed_dim: usize,
    logit_scale: f32,
    shards: Vec<Shard>,
}

impl Engine {
    /// Puts the parts together, checking that they fit.
    pub fn new(config: &ModelConfig, text: TextEncoder, shards: Vec<Shard>) -> Result<Self, EngineError> {
        let mut engine =
            Self { text, embed_dim: config.embed_dim, logit_scale: config.logit_scale, shards: Vec::new() };
        shards.into_iter().try_for_each(|shard| engine.push(shard))?;
        Ok(engine)
    }

    /// Adds a shard behind the others.
    pub fn push(&mut self, shard: Shard) -> Result<(), EngineError> {
        self.check(self.shards.len(), &shard)?;
        self.shards.push(shard);
        Ok(())
    }

    /// Takes these shards in the place of those that are there. All are checked first: where one does not fit, or is to be
    /// kept twice, or is not there, nothing changes.
    pub fn replace(&mut self, next: Vec<NextShard>) -> Result<(), EngineError> {
        let mut kept = vec![false; self.shards.len()];
        for (place, shard) in next.iter().enumerate() {
            match shard {
                NextShard::New(shard) => self.check(place, shard)?,
                NextShard::Kept(at) => match kept.get_mut(*at) {
                    Some(kept) if !*kept => *kept = true,
                    _ => return Err(EngineError::NotKept(*at)),
                },
            }
        }
        let mut former: Vec<Option<Shard>> = self.shards.drain(..).map(Some).collect();
        let take = |shard| match shard {
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

    /// The text encoder.
    pub fn text(&self) -> &TextEncoder {
        &self.text
    }

    /// Answers a query: hits with the largest similarity first. For "more like this" the item itself is first.
    pub fn search(&self, query: &Query) -> Result<Vec<Hit>, EngineError> {
        self.nearest(&self.embed(query)?, query)
    }

    /// The direction that a query points to: its terms' unit vectors, weighted and summed.
    pub fn embed(&self, query: &Query) -> Result<Embedding, EngineError> {
        if !(1..=MAX_TERMS).contains(&query.terms.len()) {
            let count = query.terms.len();
            return Err(EngineError::Query(format!("has {count} terms; 1 to {MAX_TERMS} are possible")));
        }
        let mut sum = vec![0.0; self.embed_dim];
        for term in &query.terms {
            if !term.weight.is_finite() || term.weight == 0.0 {
                return Err(EngineError::Query(format!("has a term of weight {}", term.weight)));
            }
            let vector = self.vector(&term.subject)?;
            sum.iter_mut().zip(vector.as_slice()).for_each(|(sum, x)| *sum += term.weight * x);
        }
        Ok(Embedding::new(sum)?)
    }

    fn vector(&self, subject: &Subject) -> Result<Embedding, EngineError> {
        match subject {
            Subject::Text(text) => Ok(self.text.encode(text)?),
            Subject::Picture(embedding) => {
                self.expect_dim(embedding.dim(), || "the picture".into())?;
                Ok(embedding.clone())
            }
            Subject::Item(item) => {
                let shard = self.shards.get(item.shard).ok_or(EngineError::NoItem(*item))?;
                Ok(shard.index.embedding(item.ordinal).ok_or(EngineError::NoItem(*item))??)
            }
        }
    }

    /// The hits in the direction `embedding`, by the area, limit and minimum of `query`.
    pub fn nearest(&self, embedding: &Embedding, query: &Query) -> Result<Vec<Hit>, EngineError> {
        self.expect_dim(embedding.dim(), || "the query".into())?;
        let code = Code::new(embedding)?;
        let calibration = Calibration::new(&code, self.background(), self.logit_scale);
        let grouped = query.one_a_picture && self.shards.iter().any(|shard| shard.items.has_crops());
        let looked_at = if grouped { query.limit.saturating_mul(HITS_A_PICTURE) } else { query.limit };
        let wide = Query { limit: looked_at, ..query.clone() };
        let mut hits = Vec::new();
        for (shard, part) in self.shards.iter().enumerate() {
            hits.extend(part.nearest(&code, &wide).into_iter().map(|Neighbour { ordinal, cosine }| Hit {
                item: ItemRef { shard, ordinal },
                similarity: calibration.similarity(cosine),
                cosine,
            }));
        }
        hits.sort_unstable_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.item.cmp(&b.item)));
        hits.truncate(looked_at);
        hits.retain(|hit| hit.similarity >= query.min_similarity);
        if let Some(item) = query.only_item() {
            self.put_first(item, &code, &calibration, &wide, &mut hits);
        }
        if grouped {
            self.keep_one_a_picture(&mut hits);
            hits.truncate(query.limit);
        }
        Ok(hits)
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
        calibration: &Calibration,
        query: &Query,
        hits: &mut Vec<Hit>,
    ) {
        let Some(shard) = self.shards.get(item.shard) else { return };
        let Some(code) = shard.index.code(item.ordinal).filter(|_| shard.is_wanted(item.ordinal, query))
        else {
            return;
        };
        let cosine = query_code.cosine(code);
        let similarity = calibration.similarity(cosine);
        hits.retain(|hit| hit.item != item);
        hits.insert(0, Hit { item, similarity, cosine });
        hits.truncate(query.limit);
    }

    /// A sample of all items, evenly spread.
    fn background(&self) -> impl Iterator<Item = CodeRef<'_>> {
        let count = self.shards.iter().map(|shard| shard.index.len()).sum();
        let mut shards = self.shards.iter();
        let mut current = shards.next();
        let mut before = 0;
        calibrate::sample(count).filter_map(move |at| {
            while let Some(shard) = current.filter(|shard| at - before >= shard.index.len()) {
                before += shard.index.len();
                current = shards.next();
            }
            current?.index.code(at - before)
        })
    }

    fn expect_dim(&self, found: usize, what: impl FnOnce() -> String) -> Result<(), EngineError> {
        let expected = self.embed_dim;
        if found == expected {
            return Ok(());
        }
        Err(EngineError::Dimension { what: what(), expected, found })
    }
}

impl Shard {
    fn nearest(&self, code: &Code, query: &Query) -> Vec<Neighbour> {
        let Self { index, .. } = self;
        let walk = !query.exact
            && query.area.is_none()
            && index.len() >= SCAN_BELOW
            && query.limit <= index.search_limit();
        if walk {
            return index.search(code, query.limit);
        }
        index.exact(code, query.limit, |ordinal| self.is_wanted(ordinal, query))
    }

    fn is_wanted(&self, ordinal: usize, query: &Query) -> bool {
        let Some(area) = query.area else { return true };
        self.items.centre(ordinal).is_some_and(|centre| area.contains(centre))
    }
}
