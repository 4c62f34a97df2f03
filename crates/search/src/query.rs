//! What may be asked: a weighted sum of texts, vectors and items, in an area. Page, worker, engine and command speak of
//! queries in these types, and as JSON they are what a worker is asked.

use clip_rs_catalog::ItemId;
use serde::{Deserialize, Serialize};

use crate::{Embedding, Polygon};

/// Most terms of a query.
pub const MAX_TERMS: usize = 32;
/// Most areas of a query.
pub const MAX_AREAS: usize = 8;

/// A question to the catalog.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Query {
    /// What is sought (positive weights) and what is not (negative ones).
    pub terms: Vec<Term>,
    /// Only items whose centre lies in every one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<Polygon>,
    /// Most hits wanted.
    pub limit: usize,
    /// Only hits of at least this similarity, 0..=1.
    #[serde(skip)]
    pub min_similarity: f32,
    /// Whether to look at every item instead of walking the graph.
    #[serde(skip)]
    pub exact: bool,
    /// Whether of a picture and the squares that are cut from it only the best is a hit, which stands for all of them.
    #[serde(skip)]
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
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Words.
    Text(String),
    /// A direction: of a picture from outside the catalog by the model's image tower, or one that was learnt.
    Vector(Embedding),
    /// An item of the catalog.
    Item(ItemId),
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
        Self { terms, areas: Vec::new(), limit: 20, min_similarity: 0.0, exact: false, one_a_picture: false }
    }

    /// Items that words describe.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(Subject::Text(text.into()))
    }

    /// Items like a picture.
    pub fn picture(embedding: Embedding) -> Self {
        Self::new(Subject::Vector(embedding))
    }

    /// Items like an item; the item itself is the first hit.
    pub fn item(item: ItemId) -> Self {
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

    /// Only in this area, and in those before.
    #[must_use]
    pub fn within(mut self, area: impl Into<Polygon>) -> Self {
        self.areas.push(area.into());
        self
    }

    /// The items that it names.
    pub fn items(&self) -> impl Iterator<Item = &ItemId> {
        self.terms.iter().filter_map(|term| match &term.subject {
            Subject::Item(item) => Some(item),
            Subject::Text(_) | Subject::Vector(_) => None,
        })
    }

    /// The item, when the query is "more like this" and nothing else.
    pub fn only_item(&self) -> Option<&ItemId> {
        match self.terms.as_slice() {
            [Term { weight, subject: Subject::Item(item) }] if *weight > 0.0 => Some(item),
            _ => None,
        }
    }
}
