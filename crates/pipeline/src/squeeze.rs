//! Compressed siblings (`name.br`, `name.gz`) of files that shrink by it, made once so that no server has to.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// A sibling must be this much smaller than the file to be worth a second copy.
const WORTH: f64 = 0.9;
const BROTLI_BUFFER: usize = 1 << 16;
/// log2 of the window, the largest that every browser takes.
const BROTLI_WINDOW: u32 = 22;

/// How much time a sibling may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// As small as can be: for what a first search waits for.
    Best,
    /// A tenth of the time, for a tenth more bytes (brotli's ninth level): for what there is much of, and few load.
    Brisk,
}

/// The ways in which a sibling can be compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Squeeze {
    /// Brotli (RFC 7932), `.br`.
    Brotli,
    /// Gzip (RFC 1952), `.gz`.
    Gzip,
}

impl Squeeze {
    /// Every way.
    pub const ALL: [Self; 2] = [Self::Brotli, Self::Gzip];

    /// What is added to the file's name, such as `.br`.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
        }
    }

    /// The compressed content, if it is more than a tenth smaller. A quick try decides; only what pays is
    /// compressed with this effort.
    pub fn compress(self, content: &[u8], effort: Effort) -> std::io::Result<Option<Vec<u8>>> {
        let pays = |squeezed: &[u8]| (squeezed.len() as f64) < WORTH * content.len() as f64;
        let (quick, level) = match (self, effort) {
            (Self::Brotli, Effort::Best) => (4, 11),
            (Self::Brotli, Effort::Brisk) => (4, 9),
            (Self::Gzip, _) => (1, 9),
        };
        if !pays(&self.encode(content, quick)?) {
            return Ok(None);
        }
        self.encode(content, level).map(Some)
    }

    fn encode(self, content: &[u8], level: u32) -> std::io::Result<Vec<u8>> {
        match self {
            Self::Brotli => {
                let mut writer =
                    brotli::CompressorWriter::new(Vec::new(), BROTLI_BUFFER, level, BROTLI_WINDOW);
                writer.write_all(content)?;
                Ok(writer.into_inner())
            }
            Self::Gzip => {
                let mut writer = GzEncoder::new(Vec::new(), Compression::new(level));
                writer.write_all(content)?;
                writer.finish()
            }
        }
    }

    /// What `squeezed` holds, read up to one byte more than `expected` so that no small file fills the memory.
    pub fn expand(self, squeezed: &[u8], expected: u64) -> std::io::Result<Vec<u8>> {
        let mut content = Vec::new();
        match self {
            Self::Brotli => brotli::Decompressor::new(squeezed, BROTLI_BUFFER)
                .take(expected + 1)
                .read_to_end(&mut content)?,
            Self::Gzip => GzDecoder::new(squeezed).take(expected + 1).read_to_end(&mut content)?,
        };
        Ok(content)
    }
}

/// What a gzip file of ours begins with: no flags, no time, the greatest effort, no system.
const GZIP_START: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
/// The first four bits of a brotli file of ours: a window of 2^22 bytes (RFC 7932, section 9.1).
const BROTLI_START: u8 = 0x0b;

impl Squeeze {
    /// Whether `squeezed` is a sibling of ours for `content`: the reason, if it is not.
    pub fn check(self, squeezed: &[u8], content: &[u8]) -> Result<(), String> {
        let length = content.len() as u64;
        let expanded = self.expand(squeezed, length).map_err(|error| error.to_string())?;
        if expanded != content {
            return Err("does not hold the content of the file it stands for".to_owned());
        }
        // Decoders stop at the end of the content: if something followed it, a byte less would not matter.
        let shorter = squeezed.split_last().map(|(_, rest)| rest).unwrap_or_default();
        if self.expand(shorter, length).is_ok_and(|expanded| expanded == content) {
            return Err("something follows its content".to_owned());
        }
        // A header may change without a change of the content: gzip's checksum does not cover it, and brotli's
        // begins with the size of the window.
        let ours = match self {
            Self::Brotli => squeezed.first().is_some_and(|byte| byte & 0x0f == BROTLI_START),
            Self::Gzip => squeezed.starts_with(&GZIP_START),
        };
        if !ours {
            return Err("its header is damaged, or another program wrote it".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngCore, SeedableRng, rngs::StdRng};

    #[test]
    fn what_shrinks_is_squeezed_and_comes_back_and_what_does_not_is_left() -> std::io::Result<()> {
        let text = "a river with a bridge\n".repeat(500);
        let mut noise = vec![0; 5000];
        StdRng::seed_from_u64(1).fill_bytes(&mut noise);
        for way in Squeeze::ALL {
            let squeezed = way.compress(text.as_bytes(), Effort::Best)?.expect("text shrinks");
            assert!(squeezed.len() < 300, "{way:?}: {}", squeezed.len());
            assert_eq!(way.expand(&squeezed, text.len() as u64)?, text.as_bytes());
            assert_eq!(way.expand(&squeezed, 9)?.len(), 10, "no more than one byte beyond what is expected");
            assert_eq!(way.compress(&noise, Effort::Brisk)?, None);
            assert_eq!(way.compress(b"", Effort::Best)?, None);
        }
        Ok(())
    }

    #[test]
    fn a_change_of_any_bit_of_a_sibling_is_noticed_unless_it_changes_nothing() -> std::io::Result<()> {
        let content: String =
            (0..200).map(|n| format!("{{\"line\": {n}, \"value\": {}}}\n", n * n % 89)).collect();
        let content = content.as_bytes();
        let (best, brisk) = (Effort::Best, Effort::Brisk);
        for (way, effort, most) in
            [(Squeeze::Brotli, best, 0), (Squeeze::Brotli, brisk, 16), (Squeeze::Gzip, best, 16)]
        {
            let squeezed = way.compress(content, effort)?.expect("text shrinks");
            assert_eq!(way.check(&squeezed, content), Ok(()));
            // A few bits of a stream may mean nothing to anybody: those that fill its last byte, and the lengths of codes that are not
            // used. What is read is the same with and without them.
            let mut unnoticed = 0;
            for bit in 0..squeezed.len() * 8 {
                let mut damaged = squeezed.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                if way.check(&damaged, content).is_ok() {
                    assert_eq!(way.expand(&damaged, content.len() as u64)?, content, "{way:?}: bit {bit}");
                    unnoticed += 1;
                }
            }
            assert!(unnoticed <= most, "{way:?}, {effort:?}: {unnoticed} bits of {}", squeezed.len() * 8);
            for cut in 0..squeezed.len() {
                assert!(way.check(&squeezed[..cut], content).is_err(), "{way:?}: cut at {cut}");
            }
            assert!(way.check(&[&squeezed[..], b"x"].concat(), content).is_err(), "{way:?}: a byte more");
        }
        Ok(())
    }
}
