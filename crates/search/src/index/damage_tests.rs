//! Bytes that are no index: an error or an index, but never a panic, and nothing large is allocated for them.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::tests::{build, clustered, code};
use super::*;

/// Reads and, if it can be read, uses the index in every way.
fn use_up(bytes: Vec<u8>, query: &Code) -> bool {
    let Ok(index) = Index::from_bytes(bytes) else { return false };
    index.search(query, 10);
    index.search(query, index.search_limit());
    index.exact(query, 10, |_| true);
    (0..index.len() + 1).for_each(|ordinal| drop(index.embedding(ordinal)));
    index.to_bytes();
    true
}

fn refusal(bytes: Vec<u8>) -> String {
    Index::from_bytes(bytes).err().expect("an error").to_string()
}

#[test]
fn damaged_bytes_are_an_error_or_an_index_but_never_a_panic() {
    let seed = 14;
    let mut rng = StdRng::seed_from_u64(seed);
    for (count, dim) in [(40, 8), (1300, 4)] {
        let embeddings = clustered(seed, count, dim, 7);
        let bytes = build(&embeddings).to_bytes();
        let query = code(&embeddings[0]);
        let lengths = (0..200.min(bytes.len())).chain((200..bytes.len()).step_by(bytes.len() / 40));
        for length in lengths {
            assert!(
                Index::from_bytes(bytes[..length].into()).is_err(),
                "{count} items cut to {length} bytes"
            );
        }
        let graph = IndexHeader::LENGTH + count * dim;
        let places = [0..IndexHeader::LENGTH, IndexHeader::LENGTH..graph, graph..bytes.len(), 0..bytes.len()];
        let mut survived = [0; 4];
        for round in 0..2000 {
            let mut damaged = bytes.clone();
            let place = rng.random_range(0..places.len());
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(places[place].clone());
                damaged[at] = [0, 1, 0x7f, 0x80, 0xff, rng.random()][rng.random_range(0..6)];
            }
            let outcome = std::panic::catch_unwind(|| use_up(damaged, &query));
            let outcome = outcome.unwrap_or_else(|_| panic!("seed {seed}, {count} items, round {round}"));
            survived[place] += usize::from(outcome);
        }
        // Damage to codes, and to single neighbours, leaves an index, which was then searched.
        assert!(survived[1] > 100 && survived[2] > 20, "seed {seed}: {survived:?}");
    }
}

#[test]
fn damage_is_named() {
    let bytes = build(&clustered(15, 5, 8, 1)).to_bytes();
    let with = |at: usize, new: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + new.len()].copy_from_slice(new);
        bytes
    };
    assert_eq!(refusal([&bytes[..], &[0]].concat()), "index: 1 bytes after its end");
    assert_eq!(refusal(with(16, &[0; 4])), "index: a search keeps 0 candidates, not 1 to 65536");
    assert_eq!(refusal(with(20, &21_u32.to_le_bytes())), "index: 20 neighbours, not 21");
    assert_eq!(refusal(with(20, &19_u32.to_le_bytes())), "index: the neighbours of item 4 are damaged");
    assert_eq!(refusal(with(IndexHeader::LENGTH + 8, &[0; 8])), "item 1: a code of zeros has no direction");
    let graph = IndexHeader::LENGTH + 40;
    assert_eq!(refusal(with(graph, &[0])), "index: the list of entrances is damaged");
    assert_eq!(refusal(with(graph, &[6])), "index: the list of entrances is damaged");
    assert_eq!(refusal(with(0, b"RIFF")), "index: no index file of this version");
    assert!(refusal(with(7, b"1")).contains("make the catalog anew with `clip-rs index`"));
}

#[test]
fn nothing_is_allocated_for_what_a_header_only_promises() {
    let huge = u32::MAX;
    for (dim, count, neighbours) in
        [(0, huge, 0), (0, 1 << 26, 0), (0, 4, huge), (huge, huge, huge), (huge, 1, 0), (1 << 16, 1 << 16, 9)]
    {
        let header = IndexHeader { dim, count, ef_search: 100, neighbours };
        for tail in [0, 1, 100] {
            let bytes = [&header.to_bytes()[..], &vec![1; tail]].concat();
            assert!(Index::from_bytes(bytes).is_err(), "{header:?}");
        }
    }
    let long = IndexHeader { dim: 8193, count: 1, ef_search: 100, neighbours: 0 };
    let bytes = [&long.to_bytes()[..], &[1; 8193], &[1, 0, 0]].concat();
    assert_eq!(refusal(bytes), "item 0: a code of 8193 components; at most 8192 are possible");
}
