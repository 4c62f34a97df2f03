//! What the page and the worker say to each other: JSON text both ways, so that any script can speak it.
//!
//! The page starts the module worker whose address `app/boot.js` leaves in `searchWorker.script`, and waits for
//! [`Message::Hello`]. It then posts [`Call`]s, each with a number of its own choice, and gets one
//! [`Message::Answer`] with that number for each. [`Request::Open`] comes first. Another one later changes to another
//! catalog, or another state of the same: until its answer comes, searches are answered from the one before.
//! Example, as JSON:
//!
//! ```text
//! page   -> {"id":1,"request":{"type":"open","catalog":"http://localhost/catalog/catalog.json"}}
//! worker -> {"type":"progress", ...}   (many)
//! worker -> {"type":"answer","id":1,"outcome":{"ok":{"type":"opened","items":2304,"millis":812.0}}}
//! page   -> {"id":2,"request":{"type":"search","query":{"terms":[{"weight":1,"subject":{"text":"a river"}}],"limit":20}}}
//! worker -> {"type":"answer","id":2,"outcome":{"ok":{"type":"hits", ...}}}
//! page   -> {"id":3,"request":{"type":"encode","texts":["a river"]}}
//! worker -> {"type":"answer","id":3,"outcome":{"ok":{"type":"vectors","vectors":[[0.01]],"encode_ms":9.5}}}
//! ```

pub mod explore;
pub mod offline;

use clip_rs_catalog::{Bounds, Date};
use clip_rs_search::Query;
use serde::{Deserialize, Serialize};

/// Version of this protocol. A page talks only to a worker that says the same number.
pub const VERSION: u32 = 7;

/// A request with the number that its answer will carry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call<R = Request> {
    /// Chosen by the caller; unique among its calls.
    pub id: u32,
    /// What is wanted.
    pub request: R,
}

/// What the worker can be asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// Load the catalog whose `catalog.json` has this absolute URL, and make the engine ready. What the catalog before had
    /// too is not loaded again.
    Open {
        /// Absolute URL of `catalog.json`.
        catalog: String,
        /// Its text, from whom has it already; else the worker fetches it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        manifest: Option<String>,
    },
    /// Find items.
    Search {
        /// What to look for, and where.
        query: Query,
        /// Only items that were taken from the first to the last of these days; open where there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        taken: Option<Taken>,
    },
    /// Text vectors, unit length, one per text.
    Encode {
        /// Any texts.
        texts: Vec<String>,
    },
}

/// Days between which a picture was taken, both included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Not before this day.
    pub from: Option<Date>,
    /// Not after this day.
    pub to: Option<Date>,
}

impl Taken {
    /// Whether a picture of this day is one; of an unknown day it is not.
    pub fn holds(&self, day: Option<Date>) -> bool {
        let after = |from: Date| day.is_some_and(|day| day >= from);
        let before = |to: Date| day.is_some_and(|day| day <= to);
        self.from.is_none_or(after) && self.to.is_none_or(before)
    }
}

/// What the worker says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Message<A = Response> {
    /// The worker listens.
    Hello {
        /// [`VERSION`] of the worker.
        version: u32,
    },
    /// How far the loading is.
    Progress(Progress),
    /// What was found so far for the search with this number, without places and addresses. Its answer will come.
    Found {
        /// The call's number.
        id: u32,
        /// Best first.
        hits: Vec<Hit>,
        /// As in the answer.
        likely_from: Option<f32>,
    },
    /// The answer to the call with this number.
    Answer {
        /// The call's number.
        id: u32,
        /// What came of it.
        outcome: Outcome<A>,
    },
    /// The worker broke and will not answer again.
    Died {
        /// What it said last.
        reason: String,
    },
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome<A = Response> {
    /// The answer.
    Ok(A),
    /// Why there is none.
    Error(Failure),
}

/// Answers, by request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Response {
    /// To [`Request::Open`]: searches may begin.
    Opened {
        /// Number of items that can be found.
        items: usize,
        /// Milliseconds from the request to readiness.
        millis: f64,
    },
    /// To [`Request::Search`].
    Hits {
        /// Best first.
        hits: Vec<Hit>,
        /// Pages of places and addresses that could not be had; their hits are there without.
        missing: Vec<Failure>,
        /// Hits of at least this similarity are likely right; none where similarities are no chances of being right.
        likely_from: Option<f32>,
        /// Whether words are longer than the model reads; their end did not count.
        is_cut: bool,
        /// Milliseconds spent on making the query's vector.
        encode_ms: f64,
        /// Milliseconds spent on finding the hits.
        search_ms: f64,
        /// How much of the catalog was looked at, where that was not all of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        looked_at: Option<LookedAt>,
    },
    /// To [`Request::Encode`].
    Vectors {
        /// One per text.
        vectors: Vec<Vec<f32>>,
        /// Milliseconds spent on all of them.
        encode_ms: f64,
    },
}

/// The part of a large catalog that was near a query, and what it took to have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookedAt {
    /// Items that were compared with the query.
    pub items: usize,
    /// Items of the catalog.
    pub of: usize,
    /// Bytes that were fetched for it.
    pub bytes: u64,
    /// Requests that they were fetched in.
    pub requests: usize,
}

/// An item that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// `z/x/y` of a tile, `z/x/y+span` of a square of tiles, the name of a picture, or `name#xywh=x,y,side,side` of a square
    /// of one.
    pub id: String,
    /// The chance that it is right, or where that is not known how well it fits, from 0 to 1, as people are shown it.
    pub similarity: f32,
    /// Cosine between the query's vector and the item's.
    pub cosine: f32,
    /// Box on the ground (west, south, east, north), without extent for a mere position.
    pub footprint: Option<Bounds>,
    /// Populated place it lies in or near.
    pub place: Option<String>,
    /// Nearest street address.
    pub address: Option<String>,
    /// Metres from the item's middle to that address.
    pub address_m: Option<u32>,
    /// Date of capture, `YYYY-MM-DD`.
    pub captured: Option<String>,
    /// Which imagery it comes from, where a catalog mixes several.
    pub source: Option<String>,
    /// Id of an earlier item that looks the same.
    pub duplicate_of: Option<String>,
    /// How many later items look the same as this one.
    pub duplicates: usize,
}

/// How far the loading is, file by file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The files that are needed, in the order of the catalog.
    pub files: Vec<FileProgress>,
    /// Whether all files are there and the engine is being built from them.
    pub preparing: bool,
}

/// How much of one file has arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProgress {
    /// What the file is for, in words.
    pub role: String,
    /// The file's name in the catalog.
    pub name: String,
    /// Bytes that have arrived.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
}

/// Why a request could not be met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What kind of failure it is, which decides what a person can do about it.
    pub kind: FailureKind,
    /// The file it is about, if it is about one.
    pub file: Option<String>,
    /// What happened, in a sentence.
    pub message: String,
}

/// Kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// The server has no such file.
    Missing,
    /// No answer from the server.
    Network,
    /// A file arrived, twice, with wrong content.
    Damaged,
    /// The catalog was made by another version of CLIP-RS.
    Version,
    /// The request makes no sense as it is: an empty text, an unknown item.
    Request,
    /// The catalog's model needs another engine than the worker has.
    Engine,
    /// The worker broke, or page and worker do not fit together.
    Worker,
    /// The loading was stopped by the person who waited for it.
    Stopped,
    /// The browser gives no room, or none any more.
    Full,
    /// The page may not show the catalog that its address names.
    Unlisted,
}

impl Failure {
    /// A failure that is about no file.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, file: None, message: message.into() }
    }
}

#[cfg(test)]
#[path = "protocol_tests.rs"]
mod tests;
