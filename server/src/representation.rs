//! What of a file is sent: its bytes as they are or packed, with a tag of just these bytes.
//!
//! Each tag is strong. That of a small content is a hash of it. Larger files are not read to be tagged: theirs is a
//! hash of their state in the file system, which every write and every replacement changes.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use axum::{body::Bytes, http::HeaderValue};
use sha2::{Digest, Sha256};

use crate::{
    file_state::FileState,
    folder::Found,
    media_type::is_compressible,
    negotiation::{Accepted, Coding},
    packing::{PACKED_ON_THE_FLY, Packer},
    recall::MAX_FILE,
    refusal::Refusal,
};

/// A file in the coding that a client accepts.
#[derive(Debug)]
pub(crate) struct Representation {
    pub(crate) content: Content,
    /// Length of the content in bytes.
    pub(crate) length: u64,
    /// A strong tag of the content, in quotes.
    pub(crate) etag: HeaderValue,
    pub(crate) coding: Coding,
    /// Whether another `Accept-Encoding` might get another representation.
    pub(crate) is_negotiated: bool,
}

/// The bytes themselves.
#[derive(Debug)]
pub(crate) enum Content {
    /// Of a small file, or packed just now.
    Bytes(Bytes),
    /// To be read while it is sent.
    File(File),
}

impl Representation {
    /// The representation of `found`, a file of type `media_type`, that suits `accepted` best. Blocks.
    pub(crate) fn choose(
        found: &Found,
        media_type: &str,
        accepted: Accepted,
        packer: &Packer,
    ) -> Result<Self, Refusal> {
        let siblings = [Coding::Brotli, Coding::Gzip].map(|coding| (coding, found.sibling(coding.ending())));
        let is_packable =
            is_compressible(media_type) && PACKED_ON_THE_FLY.contains(&found.bytes().map_err(Refusal::of)?);
        let is_there =
            |(coding, sibling): &(Coding, Option<_>)| (is_packable || sibling.is_some()).then_some(*coding);
        let packed = siblings.iter().filter_map(is_there);
        let available = packed.chain([Coding::Identity]);
        let is_negotiated = available.clone().count() > 1;
        let coding = accepted.best(available).ok_or(Refusal::NoCoding)?;
        let sibling = siblings.iter().find(|(of, _)| *of == coding).and_then(|(_, sibling)| sibling.as_ref());
        let (content, length, etag) = match (coding, sibling) {
            (Coding::Identity, _) => open(found.path()),
            (_, Some(sibling)) => open(sibling),
            (_, None) => pack(found.path(), coding, packer),
        }
        .map_err(Refusal::of)?;
        Ok(Self { content, length, etag, coding, is_negotiated })
    }

    /// The representation of `bytes` of text, which lie in no file, that suits `accepted` best. Takes some milliseconds the first
    /// time.
    pub(crate) fn choose_made(bytes: Bytes, accepted: Accepted, packer: &Packer) -> Result<Self, Refusal> {
        let is_packable = PACKED_ON_THE_FLY.contains(&(bytes.len() as u64));
        let packed = [Coding::Brotli, Coding::Gzip].into_iter().filter(|_| is_packable);
        let coding = accepted.best(packed.chain([Coding::Identity])).ok_or(Refusal::NoCoding)?;
        let bytes = match coding {
            Coding::Identity => bytes,
            coding => packer.pack(&bytes, coding).map_err(Refusal::of)?,
        };
        let (content, length, etag) = of_bytes(bytes).map_err(Refusal::of)?;
        Ok(Self { content, length, etag, coding, is_negotiated: is_packable })
    }

    /// The representation of what lies in no file.
    pub(crate) fn of_bytes(bytes: Bytes) -> io::Result<Self> {
        let (content, length, etag) = of_bytes(bytes)?;
        Ok(Self { content, length, etag, coding: Coding::Identity, is_negotiated: false })
    }
}

/// The file at `path` as it is.
fn open(path: &Path) -> io::Result<(Content, u64, HeaderValue)> {
    let file = File::open(path)?;
    let state = FileState::from_metadata(&file.metadata()?)?;
    let mut hash = Sha256::new();
    let length = state.bytes();
    if length > MAX_FILE {
        state.hash_into(&mut hash);
        return Ok((Content::File(file), length, tag(hash)?));
    }
    of_bytes(read(file, length)?)
}

/// The file at `path`, which is not large, packed.
fn pack(path: &Path, coding: Coding, packer: &Packer) -> io::Result<(Content, u64, HeaderValue)> {
    let plain = read(File::open(path)?, *PACKED_ON_THE_FLY.end())?;
    of_bytes(packer.pack(&plain, coding)?)
}

/// At most `length` bytes of `file`.
fn read(file: File, length: u64) -> io::Result<Bytes> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

fn of_bytes(bytes: Bytes) -> io::Result<(Content, u64, HeaderValue)> {
    let mut hash = Sha256::new();
    hash.update(&bytes);
    let length = bytes.len() as u64;
    Ok((Content::Bytes(bytes), length, tag(hash)?))
}

fn tag(hash: Sha256) -> io::Result<HeaderValue> {
    let digits: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::try_from(format!("\"{digits}\"")).map_err(io::Error::other)
}
