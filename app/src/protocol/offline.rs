//! What the page asks about keeping catalogs for use without a network. The keeper, a worker of its own, does the work; the files
//! that it keeps are handed out by the service worker (`app/offline.js`). It speaks as the search worker does.

use clip_rs_catalog::Bounds;
use serde::{Deserialize, Serialize};

/// What the keeper can be asked for. Catalogs are named by the absolute URL of their `catalog.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// What is kept, of all catalogs.
    List,
    /// How large a part of a catalog is, and how much of it is still to be fetched.
    Size {
        /// The catalog.
        catalog: String,
        /// The part.
        part: Part,
    },
    /// Keep it. What is kept already is not fetched again; of an earlier edition of the catalog only what the new one shares
    /// stays in the end. Answered when all is kept; [`Request::Pause`] ends it before.
    Save {
        /// The catalog.
        catalog: String,
        /// The part.
        part: Part,
    },
    /// End the saving that is going on; what was fetched stays.
    Pause,
    /// How far the saving is that is going on.
    Progress,
    /// Whether all is there and as it should be. What is damaged is taken away, so that saving again mends it.
    Check {
        /// The catalog.
        catalog: String,
    },
    /// Keep nothing of it any more.
    Delete {
        /// The catalog.
        catalog: String,
    },
}

/// Answers, by request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Response {
    /// To [`Request::List`], and after [`Request::Save`] and [`Request::Delete`].
    Kept {
        /// By their addresses.
        catalogs: Vec<Kept>,
    },
    /// To [`Request::Size`].
    Size(Size),
    /// To [`Request::Progress`]; none while nothing is saved.
    Progress {
        /// How far it is.
        progress: Option<Progress>,
    },
    /// To [`Request::Check`].
    Checked {
        /// Files that are there and as they should be.
        whole: u64,
        /// Paths of those that are not; at most [`MAX_NAMED`].
        lacking: Vec<String>,
        /// How many are not.
        lacking_count: u64,
    },
    /// To [`Request::Pause`].
    Paused,
}

/// Most paths that an answer names.
pub const MAX_NAMED: usize = 20;

/// Which part of a catalog's imagery is kept. The model, the index and the names of all items always are: they are what is
/// searched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Only tiles that touch this box; all where there is none.
    pub area: Option<Bounds>,
    /// Only tiles from the first to the second of these zooms; all where there are none.
    pub zooms: Option<(u8, u8)>,
}

/// How large a part is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Its files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Those that are not kept yet.
    pub missing_files: u64,
    /// Their bytes.
    pub missing_bytes: u64,
}

/// How far a saving is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Files that are kept.
    pub files: u64,
    /// Of so many.
    pub of_files: u64,
    /// Bytes that are kept.
    pub bytes: u64,
    /// Of so many.
    pub of_bytes: u64,
}

/// A catalog of which something is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Absolute URL of its `catalog.json`.
    pub catalog: String,
    /// What is whole, and used where there is no network.
    pub whole: Option<Edition>,
    /// What was begun and is not whole yet.
    pub begun: Option<Edition>,
}

/// One state of a catalog, and what is kept of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edition {
    /// The manifest's digest.
    pub digest: String,
    /// The area's name.
    pub title: String,
    /// Which part.
    pub part: Part,
    /// When it was saved last, or begun: ISO 8601 in UTC.
    pub date: String,
    /// How large the part is.
    pub files: u64,
    /// Its bytes.
    pub bytes: u64,
}
