//! Packs text while it is sent, once for each content: the same bytes get the same packed bytes, so these can have
//! a strong tag and be sent in part like any file.

use std::{
    io::{self, Write},
    sync::Arc,
};

use axum::body::Bytes;
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};
use quick_cache::{Weighter, sync::Cache};
use sha2::{Digest, Sha256};

use crate::negotiation::Coding;

/// Lengths in bytes of files that are packed while they are sent. Below it does not pay; what is larger should lie
/// packed beside the file.
pub(crate) const PACKED_ON_THE_FLY: std::ops::RangeInclusive<u64> = 1024..=1024 * 1024;

/// Level of brotli and gzip: within a few percent of the best, and fast.
const LEVEL: u8 = 5;
/// Bytes of all packed contents that are kept, at most.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// What a content takes besides its bytes, about.
const OVERHEAD: u64 = 128;
/// How many there may be; only to begin with the right size.
const TYPICAL_NUMBER: usize = 64;

type Key = ([u8; 32], Coding);

/// Packed contents, by the digest of what they hold. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Packer {
    packed: Arc<Cache<Key, Bytes, Weight>>,
}

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<Key, Bytes> for Weight {
    fn weight(&self, _: &Key, packed: &Bytes) -> u64 {
        packed.len() as u64 + OVERHEAD
    }
}

impl Packer {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self { packed: Arc::new(Cache::with_weighter(TYPICAL_NUMBER, MAX_BYTES, Weight)) }
    }

    /// `plain` in `coding`. Takes some milliseconds the first time.
    pub(crate) fn pack(&self, plain: &[u8], coding: Coding) -> io::Result<Bytes> {
        let key = (Sha256::digest(plain).into(), coding);
        self.packed.get_or_insert_with(&key, || encode(plain, coding).map(Bytes::from))
    }
}

fn encode(plain: &[u8], coding: Coding) -> io::Result<Vec<u8>> {
    match coding {
        Coding::Identity => Ok(plain.to_vec()),
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::new(LEVEL.into()));
            encoder.write_all(plain)?;
            encoder.finish()
        }
        Coding::Brotli => {
            let parameters =
                BrotliEncoderParams { quality: LEVEL.into(), size_hint: plain.len(), ..Default::default() };
            let mut packed = Vec::new();
            brotli::BrotliCompress(&mut &plain[..], &mut packed, &parameters)?;
            Ok(packed)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_is_packed_unpacks_to_the_same_and_is_packed_once() {
        let plain = b"the same words again and again, ".repeat(100);
        let packer = Packer::new();
        let brotli = packer.pack(&plain, Coding::Brotli).expect("packed");
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut &brotli[..], &mut unpacked).expect("sound");
        assert!(unpacked == plain && brotli.len() < plain.len() / 10);
        let gzip = packer.pack(&plain, Coding::Gzip).expect("packed");
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut unpacked).expect("sound");
        assert!(unpacked == plain && gzip.len() < plain.len() / 10);
        let again = packer.pack(&plain, Coding::Brotli).expect("packed");
        assert_eq!(again.as_ptr(), brotli.as_ptr(), "the same memory");
    }
}
