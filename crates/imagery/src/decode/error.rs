//! Why a picture cannot be read, in words that a person can act on.

use std::fmt;

use thiserror::Error;

use super::kind::Kind;

/// Why bytes do not become a picture. The caller knows the file's name and puts it before this.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// A file of no bytes.
    #[error("the file is empty (0 bytes)")]
    NoBytes,
    /// Something else under a picture's name.
    #[error("not a picture: {0}")]
    NotAPicture(Stranger),
    /// A picture of a kind that is not decoded.
    #[error("{0} is not read; convert it to JPEG, PNG, WebP or TIFF")]
    Unsupported(String),
    /// The file ends before its picture does.
    #[error("only a part of the {0} is there: the file breaks off; fetch or copy it again")]
    Truncated(Kind),
    /// What is there contradicts itself.
    #[error("damaged {kind}: {why}")]
    Damaged {
        /// What the bytes begin as.
        kind: Kind,
        /// What does not hold together.
        why: String,
    },
    /// More memory is needed than is allowed for all threads together.
    #[error(
        "needs {} MB of memory, more than the {} MB allowed: cut it into tiles, or raise --memory",
        megabytes(*needed),
        megabytes(*allowed)
    )]
    TooLarge {
        /// Bytes that decoding it takes.
        needed: u64,
        /// Bytes of the budget.
        allowed: u64,
    },
    /// Every pixel is fully transparent or marked as no data.
    #[error("it shows nothing: every pixel is transparent or without data")]
    NoData,
}

impl DecodeError {
    pub(super) fn damaged(kind: Kind, why: impl fmt::Display) -> Self {
        Self::Damaged { kind, why: why.to_string() }
    }
}

/// What stands where a picture was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stranger {
    /// A page, usually an error that a server sent with the status of success.
    Html,
    /// A stand-in that Git LFS leaves.
    LfsPointer,
    /// XML or JSON, such as a refusal of a tile service.
    Message,
    /// None of the above.
    Unknown,
}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Html => "a web page (HTML) was saved under its name; fetch it again",
            Self::LfsPointer => "a Git LFS pointer; run `git lfs pull`",
            Self::Message => "a server's message (XML or JSON) was saved under its name; fetch it again",
            Self::Unknown => "its first bytes are those of no known kind",
        })
    }
}

/// Bytes in whole megabytes (10^6), at least one.
fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}
