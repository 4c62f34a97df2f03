//! The words for what the page does and shows.

use crate::link::MapView;
use crate::protocol::{Failure, LookedAt};
use crate::unwrapped::Extent;

/// What the page is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// Files are on their way.
    Loading,
    /// Nothing is searched for.
    Ready,
    /// A query is being answered.
    Searching,
    /// There are hits.
    Results,
    /// There are none.
    Empty,
    /// There are some, none of them likely right: they are shown when that is asked for.
    Unlikely,
    /// Something failed; the person may try again.
    Failed(Failure),
}

impl Phase {
    /// The name that stands in `data-state`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Ready => "ready",
            Self::Searching => "searching",
            Self::Results => "results",
            Self::Empty => "empty",
            Self::Unlikely => "unlikely",
            Self::Failed(_) => "failed",
        }
    }
}

/// Milliseconds that an answer took in the worker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing {
    /// Making the query's vector.
    pub encode_ms: f64,
    /// Finding the hits.
    pub search_ms: f64,
    /// What of a large catalog was looked at.
    pub looked_at: Option<LookedAt>,
}

/// Where the selection came from: who selected does not have to be shown what it selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A result in the list.
    List,
    /// A footprint on the map.
    Map,
    /// The URL.
    Link,
}

/// The selected item.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// The item's id.
    pub id: String,
    /// Who selected it.
    pub by: By,
}

/// Where the map is to look next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Camera {
    /// Exactly there, at once.
    View(MapView),
    /// So that this box is seen.
    Box(Extent),
    /// At this item.
    Item(Extent),
}
