//! The items of a large catalog by what they look like: `centroids.<hash>.bin` and `cells.<hash>.bin`, version 1.
//!
//! Shards lie by place, so that a map can show them. Who asks what there is *anywhere* would need all of them. So a large
//! catalog has its items a second time, in **cells**: groups whose embeddings are near each other. A query is compared with the
//! centroids of all cells, and only the cells that are nearest are fetched, as ranges of one file.
//!
//! # The centroids
//!
//! The file has the magic `CRSCENT1` and [columns](crate#files-of-columns), a row a cell, in the order in which cells lie in their
//! file; cells that are alike lie near each other.
//!
//! | column | what |
//! |---|---|
//! | `code` | two numbers: components of an embedding, and bits of each in a code, 1 to 8 |
//! | `signs` | for each of 4 rounds, one bit a component, the lowest of a byte first, in as few bytes as hold them: 1 for a component that changes its sign |
//! | `count`, `length` | numbers: items of the cell, and bytes of its block |
//! | `digest` | 8 bytes a row: the first of the SHA-256 of the block |
//! | `centroid` | a signed byte, -127 to 127, for each component |
//! | `scale` | 4 bytes a row, a single in little-endian order: what the integers of the centroid are multiplied by |
//! | `offset` | steps: mean of the items' relevance offsets, in their units. Absent: 0 for all |
//!
//! Centroids and codes are of **rotated** embeddings. Let `p` be the largest power of two that is not above the number of components.
//! In each of four rounds the components change their signs where the bit is 1, and then the Walsh-Hadamard transform, divided by
//! the square root of `p`, is applied to the first `p` of them (rounds 1 and 3) or the last `p` (rounds 2 and 4). After this
//! components are of like size, whatever the model.
//!
//! # The cells
//!
//! The blocks follow one another without gaps. Each is a file of columns with the magic `CRSCELL1`, a row an item:
//!
//! | column | what |
//! |---|---|
//! | `ordinal` | steps: where the item is, counted through all shards in the order of `catalog.json`; ascending |
//! | `code` | the bits of all components, the lowest bit first, in as few bytes as hold them |
//! | `scale` | 2 bytes a row, a number in little-endian order |
//! | `unit` | 4 bytes, a single in little-endian order |
//! | `captured` | steps: number YYYYMMDD of the day on which an item was captured; 0 for unknown. Absent: unknown for all |
//! | `items` | what [`Items`] are written as: name, footprint and relevance offset of the same items; `duplicate_of` only where the earlier item is in the same cell |
//!
//! A code of `b` bits stands for the difference between an item's embedding and the centroid of its cell: with `u` the number that a
//! component's bits are, the component is `(2 u + 1 - 2^b) / 2` times the item's scale, which is its number times `unit` divided
//! by 65,535. This is the extended RaBitQ of Gao et al. 2024 (<https://arxiv.org/abs/2409.09913>); the scale is the one that makes the
//! estimated product of query and difference right on average over all rotations. The estimated cosine of query and item is the
//! query's product with the centroid plus that with the difference.

use crate::columns::{Columns, ColumnsWriter};
use crate::{CatalogError, Date, Digest, Items};

const CENTROIDS_MAGIC: &[u8; 8] = b"CRSCENT1";
const CENTROIDS: &str = "centroids";
const CELL_MAGIC: &[u8; 8] = b"CRSCELL1";
const CELL: &str = "cell";
/// Rounds of a rotation.
pub const ROUNDS: usize = 4;
/// Most components of an embedding.
const MAX_DIM: usize = 8192;
/// Bytes that are kept of a block's digest.
const DIGEST_BYTES: usize = 8;

/// All cells of a catalog: where they lie, and what they are about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Centroids {
    /// Components of an embedding, 1 to 8,192.
    pub dim: usize,
    /// Bits of a component in a code, 1 to 8.
    pub bits: usize,
    /// The signs that change in each round of the rotation, [`sign_bytes`] each.
    pub signs: Vec<u8>,
    /// The cells, in the order of their file.
    pub cells: Vec<CellRef>,
    /// The integers of all centroids, shape `(cells, dim)`.
    pub codes: Vec<i8>,
}

/// A cell as the file of centroids knows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellRef {
    /// Items.
    pub count: u32,
    /// Where its block begins in the file of cells, bytes.
    pub start: u64,
    /// Bytes of its block.
    pub length: u32,
    /// The first bytes of the SHA-256 of its block.
    pub digest: [u8; DIGEST_BYTES],
    /// What the integers of its centroid are multiplied by.
    pub scale: f32,
    /// Mean of its items' relevance offsets in their units, 1/32768.
    pub offset: i16,
}

impl CellRef {
    /// The reference of a cell of `count` items, whose block is `bytes` and begins at `start`.
    pub fn of(bytes: &[u8], start: u64, count: usize, scale: f32, offset: i16) -> Result<Self, CatalogError> {
        let small = |number: usize| {
            u32::try_from(number).map_err(|_| CatalogError::value("cell", number, "less than 4 GiB"))
        };
        Ok(Self {
            count: small(count)?,
            start,
            length: small(bytes.len())?,
            digest: head(bytes),
            scale,
            offset,
        })
    }

    /// Refuses bytes that are not this cell's block.
    pub fn check(&self, bytes: &[u8]) -> Result<(), CatalogError> {
        if bytes.len() == self.length as usize && head(bytes) == self.digest {
            return Ok(());
        }
        Err(wrong_cell(&format!("the block at {} is damaged", self.start)))
    }
}

fn head(bytes: &[u8]) -> [u8; DIGEST_BYTES] {
    let mut first = [0; DIGEST_BYTES];
    first.iter_mut().zip(Digest::of(bytes).as_bytes()).for_each(|(first, byte)| *first = *byte);
    first
}

/// Bytes of the signs of one round.
pub fn sign_bytes(dim: usize) -> usize {
    dim.div_ceil(8)
}

/// Bytes of a code.
pub fn code_bytes(dim: usize, bits: usize) -> usize {
    (dim * bits).div_ceil(8)
}

impl Centroids {
    /// The content of `centroids.<hash>.bin`.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CatalogError> {
        self.validate()?;
        let mut writer = ColumnsWriter::new(self.cells.len());
        writer.numbers("code", [self.dim as u32, self.bits as u32]);
        writer.bytes("signs", self.signs.clone());
        writer.numbers("count", self.cells.iter().map(|cell| cell.count));
        writer.numbers("length", self.cells.iter().map(|cell| cell.length));
        writer.bytes("digest", self.cells.iter().flat_map(|cell| cell.digest).collect());
        writer.bytes("centroid", self.codes.iter().map(|code| code.cast_unsigned()).collect());
        writer.bytes("scale", self.cells.iter().flat_map(|cell| cell.scale.to_le_bytes()).collect());
        if self.cells.iter().any(|cell| cell.offset != 0) {
            writer.steps("offset", self.cells.iter().map(|cell| i32::from(cell.offset)));
        }
        writer.finish(CENTROIDS_MAGIC)
    }

    /// Reads `centroids.<hash>.bin`; any other bytes are an error.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CatalogError> {
        let columns = Columns::read(CENTROIDS, CENTROIDS_MAGIC, bytes)?;
        let shape = columns.numbers_of("code", 2)?;
        let [dim, bits] = [shape[0] as usize, shape[1] as usize];
        if !(1..=MAX_DIM).contains(&dim) {
            return Err(wrong(&format!("{dim} components, not 1 to {MAX_DIM}")));
        }
        let (counts, lengths) = (columns.numbers("count")?, columns.numbers("length")?);
        let (digests, scales) = (columns.bytes("digest")?, columns.bytes("scale")?);
        let offsets = columns.steps_or_none("offset")?;
        let mut start = 0;
        let mut cells = Vec::with_capacity(counts.len());
        for (at, count) in counts.into_iter().enumerate() {
            let offset = i16::try_from(offsets.get(at).copied().unwrap_or(0));
            let offset = offset.map_err(|_| wrong("a relevance offset is not between -1 and 1"))?;
            let (length, digest) = (lengths[at], digests[at]);
            cells.push(CellRef {
                count,
                start,
                length,
                digest,
                scale: f32::from_le_bytes(scales[at]),
                offset,
            });
            start += u64::from(length);
        }
        let codes = columns.wide("centroid", dim)?.iter().map(|byte| byte.cast_signed()).collect();
        let signs = columns.all("signs")?.to_vec();
        let centroids = Self { dim, bits, signs, cells, codes };
        centroids.validate()?;
        Ok(centroids)
    }

    fn validate(&self) -> Result<(), CatalogError> {
        if !(1..=8).contains(&self.bits) {
            return Err(wrong(&format!("codes of {} bits, not 1 to 8", self.bits)));
        }
        if self.signs.len() != ROUNDS * sign_bytes(self.dim) {
            return Err(wrong("its signs are not those of the rounds"));
        }
        if self.codes.len() != self.cells.len() * self.dim || self.codes.contains(&i8::MIN) {
            return Err(wrong("a centroid has other components than an embedding, or one of -128"));
        }
        if self.cells.iter().any(|cell| !(0.0..=1.0).contains(&cell.scale)) {
            return Err(wrong("the scale of a centroid is not from 0 to 1"));
        }
        let items: u64 = self.cells.iter().map(|cell| u64::from(cell.count)).sum();
        if items > u64::from(u32::MAX) {
            return Err(wrong("more items than can be counted in 32 bits"));
        }
        Ok(())
    }

    /// The integers of the centroid of a cell, shape `(dim,)`.
    pub fn code(&self, cell: usize) -> Option<&[i8]> {
        self.codes.chunks_exact(self.dim.max(1)).nth(cell)
    }

    /// Number of items in all cells.
    pub fn count(&self) -> usize {
        self.cells.iter().map(|cell| cell.count as usize).sum()
    }

    /// Bytes of the file of cells.
    pub fn length(&self) -> u64 {
        self.cells.last().map_or(0, |cell| cell.start + u64::from(cell.length))
    }
}

/// The items of a cell, with their codes as they are in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct CellBlock {
    /// Where each item is, counted through all shards; ascending.
    pub ordinals: Vec<u32>,
    /// All codes, [`code_bytes`] each.
    pub codes: Vec<u8>,
    /// What each item's integers are multiplied by, in 65,535ths of `unit`.
    pub scales: Vec<u16>,
    /// The largest scale; finite, not negative.
    pub unit: f32,
    /// The day on which each item was captured, where it is known; empty where it is of none.
    pub captured: Vec<Option<Date>>,
    /// Names, footprints and relevance offsets.
    pub items: Items,
}

impl CellBlock {
    /// The bytes of the block.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CatalogError> {
        let mut writer = ColumnsWriter::new(self.ordinals.len());
        writer.steps("ordinal", self.ordinals.iter().map(|ordinal| ordinal.cast_signed()));
        writer.bytes("code", self.codes.clone());
        writer.bytes("scale", self.scales.iter().flat_map(|scale| scale.to_le_bytes()).collect());
        writer.bytes("unit", self.unit.to_le_bytes().to_vec());
        if self.captured.iter().any(Option::is_some) {
            let numbers = self.captured.iter().map(|day| day.map_or(0, Date::to_number));
            writer.steps("captured", numbers.map(u32::cast_signed));
        }
        writer.bytes("items", self.items.to_bytes()?);
        writer.finish(CELL_MAGIC)
    }

    /// Reads the block of a cell of `count` items, whose codes have so many components of so many bits.
    pub fn from_bytes(bytes: &[u8], count: usize, dim: usize, bits: usize) -> Result<Self, CatalogError> {
        let columns = Columns::read(CELL, CELL_MAGIC, bytes)?;
        let ordinals: Vec<u32> = columns.steps("ordinal")?.into_iter().map(i32::cast_unsigned).collect();
        if ordinals.len() != count || !ordinals.is_sorted_by(|a, b| a < b) {
            return Err(wrong_cell("its items are not as many as the centroids say, or not in order"));
        }
        let codes = columns.wide("code", code_bytes(dim, bits))?.to_vec();
        let scales = columns.bytes("scale")?.iter().map(|scale| u16::from_le_bytes(*scale)).collect();
        let unit = columns.all("unit")?.try_into().map(f32::from_le_bytes);
        let unit = unit.ok().filter(|unit| unit.is_finite() && *unit >= 0.0);
        let unit = unit.ok_or_else(|| wrong_cell("its unit is no positive number"))?;
        let day = |number: i32| match number {
            0 => Ok(None),
            number => Date::from_number(number.cast_unsigned()).map(Some),
        };
        let captured = columns.steps_or_none("captured")?.into_iter().map(day);
        let captured = captured.collect::<Result<_, _>>().map_err(|error| error.named(CELL))?;
        let items = Items::from_bytes(columns.all("items")?)?;
        if items.len() != count {
            return Err(wrong_cell("it has names of other items than codes"));
        }
        Ok(Self { ordinals, codes, scales, unit, captured, items })
    }
}

fn wrong(why: &str) -> CatalogError {
    CatalogError::content(CENTROIDS, why)
}

fn wrong_cell(why: &str) -> CatalogError {
    CatalogError::content(CELL, why)
}

#[cfg(test)]
#[path = "cells_tests.rs"]
mod tests;
