//! What the page asks the explorer, the second worker, which is loaded when one of its abilities is first used: pictures as
//! queries, the similarity of every place, concepts taught by examples, what there is at all.
//!
//! It speaks as the search worker does. Where a request or an answer says that bytes come along, the message is a list of its
//! JSON text and a `Uint8Array`.

use clip_rs_catalog::ItemId;
use clip_rs_search::{Embedding, Polygon, Query};
use serde::{Deserialize, Serialize};

/// What the explorer can be asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// As the search worker's.
    Open {
        /// Absolute URL of `catalog.json`.
        catalog: String,
        /// Its text.
        manifest: Option<String>,
    },
    /// Where a picture points to. Its pixels come along: red, green, blue and alpha of each, row by row.
    Picture {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// How well every item fits a query.
    Layer {
        /// The query; its limit does not matter.
        query: Query,
        /// A second query, to show where the first fits better and where this one.
        against: Option<Query>,
    },
    /// What there is in an area, as groups of items that look alike.
    Clusters {
        /// The area: everything where there is none.
        areas: Vec<Polygon>,
        /// Groups at most.
        count: usize,
    },
    /// A concept from examples.
    Learn(Examples),
    /// How good the concept of these examples is, and what to mark next: what takes longer than to learn it.
    Review(Examples),
    /// Where in a picture it fits a query. Its pixels come along.
    Where {
        /// The query.
        query: Query,
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
}

/// Answers, by request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Response {
    /// To [`Request::Open`].
    Opened {
        /// Number of items.
        items: usize,
    },
    /// To [`Request::Picture`].
    Picture {
        /// Where it points.
        vector: Embedding,
        /// Milliseconds spent on it.
        encode_ms: f64,
    },
    /// To [`Request::Layer`]. Its cells come along, a byte each, row by row from the north-west: 0 where no item lies, else 1
    /// for a mark of 0 to 255 for a mark of 1. Of two queries 128 is where both fit alike.
    Layer(Layer),
    /// To [`Request::Clusters`].
    Clusters {
        /// The largest first.
        clusters: Vec<Cluster>,
        /// Milliseconds spent on it.
        millis: f64,
    },
    /// To [`Request::Learn`].
    Concept {
        /// Where it points.
        vector: Embedding,
        /// Milliseconds spent on it.
        millis: f64,
    },
    /// To [`Request::Review`].
    Review(Review),
    /// To [`Request::Where`]. The cells come along, a byte each, row by row: 255 where it fits best.
    Where {
        /// Cells in a row.
        columns: usize,
        /// Rows.
        rows: usize,
        /// Whether it fits alike everywhere.
        is_flat: bool,
    },
}

/// The grid of a layer, whose rows are evenly spaced on a Web Mercator map.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// Cells in a row.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
    /// West, south, east and north edge, degrees; the east edge may lie beyond 180.
    pub edges: [f64; 4],
    /// Marks of at least this are likely right; none where marks are no chances.
    pub likely_from: Option<f32>,
    /// Items that were scored.
    pub items: usize,
    /// Milliseconds spent on it.
    pub millis: f64,
}

/// What a cell of a layer says: its mark, 0 to 1, or of two queries the difference of their marks, -1 to 1. None where no item
/// lies.
pub fn mark_of(cell: u8, is_difference: bool) -> Option<f32> {
    let step = f32::from(cell.checked_sub(1)?);
    Some(if is_difference { step / 127.0 - 1.0 } else { step / 254.0 })
}

/// A group of items that look alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// What it may be called, the best first.
    pub names: Vec<String>,
    /// Items in it.
    pub count: usize,
    /// Those nearest to its middle.
    pub examples: Vec<ItemId>,
    /// Its middle.
    pub vector: Embedding,
}

/// What a concept is taught by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Examples {
    /// Items, and whether they show it.
    pub marks: Vec<(ItemId, bool)>,
    /// What the person began with.
    pub prior: Option<Query>,
}

/// How good a concept is, and how to better it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// Of the marked items that it would call yes when they are held out: the share that is. None before there are both kinds.
    pub precision: Option<f32>,
    /// The same with a third, two thirds, all of the marks, for what can be told.
    pub curve: Vec<(usize, f32)>,
    /// What to mark next: items that it is least sure of.
    pub suggestions: Vec<ItemId>,
    /// Milliseconds spent on it.
    pub millis: f64,
}
