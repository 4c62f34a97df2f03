//! What may be asked: a weighted sum of texts, pictures and items, in an area.

use clip_rs_catalog::Bounds;
use serde::{Deserialize, Serialize};

use crate::Embedding;

/// Most terms of a query.
pub const MAX_TERMS: usize = 32;

/// A question to the catalog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Query {
    /// What is sought (positive weights) and what is not (negative ones).
    pub terms: Vec<Term>,
    /// Only items whose centre lies in this box.
    pub area: Option<Bounds>,
    /// Most hits wanted.
    pub limit: usize,
    /// Only hits of at least this similarity, 0..=1.
    pub min_similarity: f32,
    /// Whether to look at every item instead of walking the graph.
    pub exact: bool,
    /// Whether of a picture and the squares that are cut from it only the best is a hit, which stands for all of them.
    pub one_a_picture: bool,
}

/// One summand of a query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// How much it counts; negative for "not like this". Finite and not 0.
    pub weight: f32,
    /// What it is about.
    pub subject: Subject,
}

/// What a term is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Subject {
    /// Words.
    Text(String),
    /// A picture from outside the catalog, already embedded by the model's image tower.
    Picture(Embedding),
    /// An item of the catalog.
    Item(ItemRef),
}

/// An item, by the shard it is in and its ordinal there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ItemRef {
    /// Place of the shard in the catalog.
    pub shard: usize,
    /// Ordinal of the item in the shard.
    pub ordinal: usize,
}

impl Query {
    /// A query of one subject, for 20 hits of any similarity anywhere.
    pub fn new(subject: Subject) -> Self {
        let terms = vec![Term { weight: 1.0, subject }];
        Self { terms, area: None, limit: 20, min_similarity: 0.0, exact: false, one_a_picture: false }
    }

    /// Items that words describe.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(Subject::Text(text.into()))
    }

    /// Items like a picture.
    pub fn picture(embedding: Embedding) -> Self {
        Self::new(Subject::Picture(embedding))
    }

    /// Items like an item; the item itself is the first hit.
    pub fn item(item: ItemRef) -> Self {
        Self::new(Subject::Item(item))
    }

    /// Adds a term; a negative weight means "not like this".
    #[must_use]
    pub fn and(mut self, weight: f32, subject: Subject) -> Self {
        self.terms.push(Term { weight, subject });
        self
    }

    /// With another limit.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// With one hit a picture at most.
    #[must_use]
    pub fn one_a_picture(mut self) -> Self {
        self.one_a_picture = true;
        self
    }

    /// Only in this area.
    #[must_use]
    pub fn within(mut self, area: Bounds) -> Self {
        self.area = Some(area);
        self
    }

    /// The item, when the query is "more like this" and nothing else.
    pub(crate) fn only_item(&self) -> Option<ItemRef> {
        match self.terms.as_slice() {
            [Term { weight, subject: Subject::Item(item) }] if *weight > 0.0 => Some(*item),
            _ => None,
        }
    }
}
