//! An archive's bytes by ranges, and never more of them than may be unpacked: a directory of a few kilobytes can be made
//! to fill any memory (a decompression bomb), and the reader of directories unpacks whatever it is given.

use std::fs::File;
use std::io::{self, Read as _};

use flate2::read::MultiGzDecoder;
use pmtiles::{AsyncBackend, BackendResponse, PmtError, PmtResult};

/// The most bytes that a directory, the metadata or a tile may have unpacked. A leaf of a directory has some hundred
/// kilobytes; the metadata of an archive of pictures less.
const MOST_UNPACKED: u64 = 64 << 20;

/// Bytes that are read by ranges, by several threads at once: of a file, or of an object in object storage.
pub(crate) trait ReadAt: Send + Sync {
    /// How many there are.
    fn length(&self) -> io::Result<u64>;

    /// Fills `bytes` from `offset` on.
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;
}

/// An archive's bytes, and of its header what tells how they are packed.
pub(super) struct Ranges {
    archive: Box<dyn ReadAt>,
    length: u64,
    header: Header,
}

/// What is needed of the header (PMTiles version 3, section 3).
#[derive(Debug, Clone, Copy)]
struct Header {
    root_offset: u64,
    root_length: u64,
    data_offset: u64,
    internal_compression: u8,
    tile_compression: u8,
}

impl Header {
    const LENGTH: usize = 127;

    /// Any bytes are a header here; the reader says what is wrong with them.
    fn parse(bytes: [u8; Self::LENGTH]) -> Self {
        let number = |at: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&bytes[at..at + 8]);
            u64::from_le_bytes(eight)
        };
        Self {
            root_offset: number(8),
            root_length: number(16),
            data_offset: number(56),
            internal_compression: bytes[97],
            tile_compression: bytes[98],
        }
    }
}

impl Ranges {
    /// Takes an archive, whose root directory must be one that can be unpacked.
    pub fn new(archive: Box<dyn ReadAt>) -> io::Result<Self> {
        let length = archive.length()?;
        let mut bytes = [0; Header::LENGTH];
        let there = Header::LENGTH.min(usize::try_from(length).unwrap_or(usize::MAX));
        archive.read_exact_at(&mut bytes[..there], 0)?;
        let ranges = Self { archive, length, header: Header::parse(bytes) };
        let Header { root_offset, root_length, internal_compression, .. } = ranges.header;
        // A file that is no archive may claim any length.
        let root = ranges.bytes(root_offset, root_length.min(MOST_UNPACKED) as usize)?;
        check_unpacked(internal_compression, &root)?;
        Ok(ranges)
    }

    /// At most what is there, so that a crafted length takes no memory.
    fn bytes(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let there = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length.min(there)];
        self.archive.read_exact_at(&mut bytes, offset)?;
        Ok(bytes)
    }
}

impl AsyncBackend for Ranges {
    async fn read(&self, offset: u64, length: usize) -> PmtResult<BackendResponse> {
        let bytes = self.bytes(offset, length)?;
        // What begins the file is the header with the root directory, which was looked at.
        if offset > 0 {
            let Header { data_offset, internal_compression, tile_compression, .. } = self.header;
            let is_tile = offset >= data_offset;
            check_unpacked(if is_tile { tile_compression } else { internal_compression }, &bytes)
                .map_err(PmtError::Reading)?;
        }
        Ok(BackendResponse::new(bytes.into()))
    }
}

/// Refuses bytes that unpack to too many. Damaged ones pass: the reader says what is wrong with them.
fn check_unpacked(compression: u8, bytes: &[u8]) -> io::Result<()> {
    const GZIP: u8 = 2;
    const BROTLI: u8 = 3;
    let counted = |reader: &mut dyn io::Read| io::copy(&mut reader.take(MOST_UNPACKED + 1), &mut io::sink());
    let unpacked = match compression {
        GZIP => counted(&mut MultiGzDecoder::new(bytes)),
        BROTLI => counted(&mut brotli::Decompressor::new(bytes, 1 << 14)),
        _ => return Ok(()),
    };
    match unpacked {
        Ok(length) if length > MOST_UNPACKED => {
            Err(io::Error::other(format!("a part of it unpacks to more than {} MB", MOST_UNPACKED >> 20)))
        }
        _ => Ok(()),
    }
}

impl ReadAt for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        read_at(self, bytes, offset)
    }
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        let read = std::os::windows::fs::FileExt::seek_read(file, &mut bytes[done..], offset + done as u64)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        done += read;
    }
    Ok(())
}
