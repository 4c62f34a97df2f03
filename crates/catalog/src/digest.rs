//! SHA-256 digests: how files are checked and named.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::CatalogError;

/// A SHA-256 digest (FIPS 180-4); 64 hexadecimal digits in text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest's 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 16 hexadecimal digits, which is what file names carry.
    pub fn short(&self) -> String {
        hex::encode(&self.0[..8])
    }

    /// The digest with these 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The catalog's name for content with this digest: `stem.<hash>.extension`.
    pub fn file_name(&self, stem: &str, extension: &str) -> String {
        format!("{stem}.{}.{extension}", self.short())
    }
}

/// The digest of bytes that come piece by piece.
#[derive(Debug, Clone, Default)]
pub struct Digester(Sha256);

impl Digester {
    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// Digest of all pieces, one after the other.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = CatalogError;

    fn from_str(text: &str) -> Result<Self, CatalogError> {
        let wrong = || {
            CatalogError::value(
                "digest",
                text.chars().take(80).collect::<String>(),
                "64 lower-case hexadecimal digits",
            )
        };
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| wrong())?;
        // A digest has one text only, and that is in lower case.
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(wrong());
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_published_one_and_survives_text() {
        // FIPS 180-2, appendix B.1.
        let abc = Digest::of(b"abc");
        assert_eq!(abc.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(abc.to_string().parse(), Ok(abc));
        assert_eq!(abc.file_name("index", "bin"), "index.ba7816bf8f01cfea.bin");
    }

    #[test]
    fn a_digest_is_the_same_however_its_bytes_come() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for size in [1, 3, 63, 64, 65, 999, 1000] {
            let mut digester = Digester::default();
            bytes.chunks(size).for_each(|piece| digester.update(piece));
            assert_eq!(digester.finish(), Digest::of(&bytes), "pieces of {size}");
        }
    }

    #[test]
    fn a_digest_of_wrong_form_is_refused() {
        for text in ["", "abc", &"g".repeat(64), &"A".repeat(64), &"é".repeat(32)] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }
}
