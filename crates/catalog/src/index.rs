//! The search index file of a shard, `index.<hash>.bin`, version 2.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | the magic `CRSINDX2`; its last character is the version |
//! | 8..12 | components of an embedding |
//! | 12..16 | number of items |
//! | 16..20 | candidates that a search keeps (`ef`) unless it is asked for more |
//! | 20..24 | neighbours of all items together |
//! | 24.. | the codes: for each item, in the order of ordinals, one signed byte a component |
//! | behind the codes | the graph: 1 + number of items lists of ordinals |
//!
//! Numbers in the header are u32, little-endian. A code stands for the direction of its integers ([how it is
//! searched](crate#search)); nothing else of the embedding is stored, and items of nothing but zeros are not possible. A
//! writer rounds an embedding to a code as a query is: its largest component becomes 127 or -127. There are at most 8,192
//! components and 2^26 items, and `ef` is 1 to 65,536; an index without items may say 0 components.
//!
//! The graph is the bottom layer of a hierarchical navigable small world (Malkov and Yashunin 2016,
//! <https://arxiv.org/abs/1603.09320>). Its first list names the entrances, a random sample of the items, at least
//! one where there are items. They stand in for the upper layers: a search looks at all of them and goes on from the
//! nearest (for vectors of many dimensions the hierarchy has no other use: Munyampirwa, Lakshman and Coleman 2024,
//! <https://arxiv.org/abs/2412.01940>). Then comes a list for each item, in the order of ordinals: its neighbours.
//!
//! A list is a row of variable-length integers (seven bits a byte, the lowest first, the eighth bit set in every byte
//! but the last, at most four bytes): its length, its first ordinal, then for each further one how far it is from the one
//! before, less 1. So ordinals ascend, and none is there twice. All are below the number of items, all lists but the first
//! have together as many ordinals as the header says neighbours, and nothing follows the last.

use crate::{CatalogError, Fault};

const MAGIC: &[u8; 7] = b"CRSINDX";
const VERSION: u8 = b'2';
const LENGTH: usize = 24;

/// What the first bytes of an index file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexHeader {
    /// Components of an embedding.
    pub dim: u32,
    /// Number of items.
    pub count: u32,
    /// Candidates that a search keeps unless it is asked for more.
    pub ef_search: u32,
    /// Neighbours of all items together.
    pub neighbours: u32,
}

impl IndexHeader {
    /// Bytes of a header; the codes begin behind it.
    pub const LENGTH: usize = LENGTH;

    /// The header's bytes, which codes and graph are appended to.
    pub fn to_bytes(self) -> Vec<u8> {
        let Self { dim, count, ef_search, neighbours } = self;
        let numbers = [dim, count, ef_search, neighbours].map(u32::to_le_bytes);
        [&MAGIC[..], &[VERSION], numbers.as_flattened()].concat()
    }

    /// Reads the header of an index file and checks that its codes are there: gives where they end.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), CatalogError> {
        let wrong = |fault| CatalogError::File { name: "index".into(), fault };
        let no_index = || wrong(Fault::Magic { expected: "index" });
        let (header, rest) = bytes.split_first_chunk::<LENGTH>().ok_or_else(no_index)?;
        let (magic, numbers) = header.split_at(8);
        match magic.strip_prefix(MAGIC) {
            Some([VERSION]) => {}
            Some([found]) if found.is_ascii_digit() => {
                let [found, expected] = [*found, VERSION].map(|digit| u32::from(digit - b'0'));
                return Err(wrong(Fault::Version { found, expected }));
            }
            _ => return Err(no_index()),
        }
        let (numbers, _) = numbers.as_chunks::<4>();
        let [dim, count, ef_search, neighbours] = [0, 1, 2, 3].map(|at| u32::from_le_bytes(numbers[at]));
        let codes = u64::from(dim) * u64::from(count);
        if codes > rest.len() as u64 {
            let (expected, found) = (codes + LENGTH as u64, bytes.len() as u64);
            return Err(CatalogError::content(
                "index",
                format!("{found} bytes long, its codes alone end at {expected}"),
            ));
        }
        Ok((Self { dim, count, ef_search, neighbours }, LENGTH + codes as usize))
    }
}

/// Appends `list`, whose ordinals ascend, to the bytes of a graph.
pub fn put_list(list: &[u32], bytes: &mut Vec<u8>) {
    put_number(list.len() as u32, bytes);
    let mut next = 0;
    for &ordinal in list {
        put_number(ordinal - next, bytes);
        next = ordinal + 1;
    }
}

/// Takes a list from the front of `bytes` and appends its ordinals to `ordinals`, which may become `limit` long.
///
/// `None` if the bytes end before the list does, and for ordinals that are not below `count`.
pub fn take_list(bytes: &mut &[u8], count: u32, limit: usize, ordinals: &mut Vec<u32>) -> Option<()> {
    let length = take_number(bytes)? as usize;
    if length > limit.checked_sub(ordinals.len())? {
        return None;
    }
    let mut next = 0_u32;
    for _ in 0..length {
        let ordinal = next.checked_add(take_number(bytes)?).filter(|&ordinal| ordinal < count)?;
        ordinals.push(ordinal);
        next = ordinal + 1;
    }
    Some(())
}

fn put_number(mut number: u32, bytes: &mut Vec<u8>) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// `None` if there is no whole number, or one of more than 28 bits: more than any index has items.
fn take_number(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0;
    for shift in [0, 7, 14, 21] {
        let byte = *bytes.split_off_first()?;
        number |= u32::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: IndexHeader = IndexHeader { dim: 3, count: 2, ef_search: 100, neighbours: 70_000 };

    #[test]
    fn a_header_survives_a_round_trip_and_nothing_else_is_one() -> Result<(), CatalogError> {
        let mut bytes = HEADER.to_bytes();
        assert_eq!(bytes.len(), LENGTH);
        bytes.extend(b"codes!graph");
        assert_eq!(IndexHeader::read(&bytes)?, (HEADER, LENGTH + 6));
        assert!(IndexHeader::read(&bytes[..LENGTH - 1]).is_err(), "cut");
        let cut = IndexHeader::read(&bytes[..LENGTH + 5]).expect_err("cut codes").to_string();
        assert_eq!(cut, "index: 29 bytes long, its codes alone end at 30");
        bytes[6] = b'Y';
        assert!(IndexHeader::read(&bytes).is_err(), "another kind of file");
        Ok(())
    }

    #[test]
    fn an_index_of_another_version_says_what_to_do() {
        let mut bytes = HEADER.to_bytes();
        bytes.extend(b"codes!");
        bytes[7] = b'1';
        assert_eq!(
            IndexHeader::read(&bytes).expect_err("refused").named("index.0123.bin").to_string(),
            "index.0123.bin: written in format 1, but this version reads format 2; make the catalog anew with \
             `clip-rs index`"
        );
    }

    #[test]
    fn a_list_is_its_length_its_first_ordinal_and_the_gaps_less_one() {
        let mut bytes = Vec::new();
        put_list(&[5, 6, 135, 20_000], &mut bytes);
        put_list(&[], &mut bytes);
        // 135 - 7 = 128 = 0b1_0000000; 20,000 - 136 = 19,864 = 0b1_0011011_0011000.
        assert_eq!(bytes, [4, 5, 0, 0x80, 1, 0b1001_1000, 0b1001_1011, 1, 0]);
        let (mut rest, mut ordinals) = (&bytes[..], vec![7]);
        assert_eq!(take_list(&mut rest, 20_001, 5, &mut ordinals), Some(()));
        assert_eq!(take_list(&mut rest, 20_001, 5, &mut ordinals), Some(()));
        assert_eq!((rest, &ordinals[..]), (&[][..], &[7, 5, 6, 135, 20_000][..]));
        assert_eq!(take_list(&mut rest, 20_001, 5, &mut ordinals), None, "no list is left");
    }

    #[test]
    fn lists_that_end_early_or_leave_their_bounds_are_refused() {
        let mut bytes = Vec::new();
        put_list(&[5, 6, 135, 20_000], &mut bytes);
        for length in 0..bytes.len() {
            assert_eq!(take_list(&mut &bytes[..length], 20_001, 4, &mut Vec::new()), None, "{length} bytes");
        }
        assert_eq!(take_list(&mut &bytes[..], 20_000, 4, &mut Vec::new()), None, "an ordinal too large");
        assert_eq!(take_list(&mut &bytes[..], 20_001, 3, &mut Vec::new()), None, "a list too long");
        for endless in [[1, 0xff, 0xff, 0xff, 0xff, 0], [0xff, 0xff, 0xff, 0xff, 0, 0]] {
            assert_eq!(take_list(&mut &endless[..], u32::MAX, 4, &mut Vec::new()), None);
        }
    }
}
