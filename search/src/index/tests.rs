//! The index against what it stands for: brute force. And against bytes that are no index.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

/// `count` vectors around `clusters` centres, as embeddings of pictures are.
fn clustered(seed: u64, count: usize, dim: usize, clusters: usize) -> Vec<Embedding> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut vector = |spread: f32| -> Vec<f32> {
        (0..dim).map(|_| (0..4).map(|_| rng.random_range(-spread..spread)).sum()).collect()
    };
    let centres: Vec<_> = (0..clusters).map(|_| vector(1.0)).collect();
    let near = |i: usize| centres[i * 7 % clusters].iter().zip(vector(0.5)).map(|(c, x)| c + x).collect();
    (0..count).map(near).map(|v| Embedding::new(v).expect("a direction")).collect()
}

fn build(embeddings: &[Embedding]) -> Index {
    Index::build(embeddings, IndexParams::default()).expect("an index")
}

fn code(embedding: &Embedding) -> Code {
    Code::new(embedding).expect("a code")
}

fn ordinals(found: &[Neighbour]) -> Vec<usize> {
    found.iter().map(|neighbour| neighbour.ordinal).collect()
}

#[test]
fn the_graph_finds_what_brute_force_finds() {
    for (seed, count, dim, clusters) in [(1, 3000, 64, 30), (2, 2000, 32, 400), (3, 1500, 128, 1)] {
        let embeddings = clustered(seed, count, dim, clusters);
        let index = build(&embeddings);
        let queries = clustered(seed, count + 100, dim, clusters).split_off(count);
        let mut found = 0;
        for query in &queries {
            let expected = ordinals(&index.exact(&code(query), 10, |_| true));
            let walked = ordinals(&index.search(&code(query), 10));
            found += walked.iter().filter(|ordinal| expected.contains(ordinal)).count();
        }
        let recall = found as f64 / (10 * queries.len()) as f64;
        assert!(recall >= 0.98, "seed {seed}: recall@10 {recall}");
    }
}

#[test]
fn an_exact_scan_is_brute_force_over_the_unrounded_vectors_but_for_rounding() {
    let seed = 4;
    let embeddings = clustered(seed, 500, 96, 20);
    let index = build(&embeddings);
    for query in clustered(seed + 1, 20, 96, 20) {
        let found = index.exact(&code(&query), 500, |_| true);
        assert_eq!(found.len(), 500);
        assert!(found.windows(2).all(|pair| pair[0].cosine >= pair[1].cosine), "seed {seed}");
        for neighbour in found {
            let expected = query.cosine(&embeddings[neighbour.ordinal]);
            assert!((neighbour.cosine - expected).abs() < 0.01, "seed {seed}: {neighbour:?}, {expected}");
        }
    }
}

#[test]
fn a_filtered_scan_gives_the_nearest_of_what_is_kept() {
    let embeddings = clustered(5, 400, 32, 10);
    let index = build(&embeddings);
    let query = code(&embeddings[7]);
    let all = index.exact(&query, 400, |_| true);
    let expected: Vec<_> = all.into_iter().filter(|n| n.ordinal % 3 == 0).take(12).collect();
    assert_eq!(index.exact(&query, 12, |ordinal| ordinal % 3 == 0), expected);
    assert!(index.exact(&query, 12, |_| false).is_empty());
    assert!(index.exact(&query, 0, |_| true).is_empty());
}

#[test]
fn items_keep_their_ordinals_and_find_themselves() {
    let embeddings = clustered(6, 300, 48, 300);
    let index = Index::from_bytes(&build(&embeddings).to_bytes().expect("bytes")).expect("an index");
    for (ordinal, embedding) in embeddings.iter().enumerate() {
        let remembered = index.embedding(ordinal).expect("an item").expect("a direction");
        assert!(remembered.cosine(embedding) > 0.999, "item {ordinal}");
        let first = index.search(&code(&remembered), 1)[0];
        assert_eq!(first.ordinal, ordinal);
        assert!((first.cosine - 1.0).abs() < 1e-5, "item {ordinal}: {first:?}");
    }
    assert!(index.embedding(300).is_none());
}

#[test]
fn the_same_items_give_the_same_bytes_before_and_after_a_round_trip() {
    let embeddings = clustered(8, 1200, 32, 12);
    let bytes = build(&embeddings).to_bytes().expect("bytes");
    assert!(build(&embeddings).to_bytes().expect("bytes") == bytes, "built twice");
    let read = Index::from_bytes(&bytes).expect("an index");
    assert!(read.to_bytes().expect("bytes") == bytes, "read and written");
    let other = IndexParams { seed: 2, ..IndexParams::default() };
    assert!(Index::build(&embeddings, other).expect("an index").to_bytes().expect("bytes") != bytes);
}

#[test]
fn indexes_of_hardly_any_items_work() {
    for count in [0, 1, 2, 3, 33] {
        let embeddings = clustered(9, count, 16, 2);
        let index = Index::from_bytes(&build(&embeddings).to_bytes().expect("bytes")).expect("an index");
        assert_eq!((index.len(), index.is_empty()), (count, count == 0));
        let query = code(&clustered(10, 1, 16, 1)[0]);
        assert_eq!(index.search(&query, 10), index.exact(&query, 10, |_| true), "{count} items");
        assert_eq!(index.search(&query, 10).len(), count.min(10));
    }
}

#[test]
fn at_least_a_hundred_results_can_be_had() {
    let index = build(&clustered(11, 400, 16, 5));
    assert!(index.search_limit() >= 100);
    assert_eq!(index.search(&code(&clustered(12, 1, 16, 1)[0]), 100).len(), 100);
}

#[test]
fn identical_items_are_all_found() {
    let index = build(&vec![Embedding::new(vec![1.0, 2.0, 3.0]).expect("a direction"); 150]);
    let query = index.code(3).expect("an item").clone();
    assert_eq!(index.exact(&query, 200, |_| true).len(), 150);
    assert!(index.search(&query, 10).iter().all(|found| found.cosine > 0.999_99));
}

#[test]
fn vectors_of_unequal_dimension_are_refused() {
    let mut embeddings = clustered(13, 3, 16, 1);
    embeddings.extend(clustered(13, 1, 8, 1));
    let error = Index::build(&embeddings, IndexParams::default()).err().expect("an error").to_string();
    assert_eq!(error, "index: item 3 has 8 components, not 16");
    let index = build(&embeddings[..3]);
    let other = code(&embeddings[3]);
    assert!(index.search(&other, 5).is_empty() && index.exact(&other, 5, |_| true).is_empty());
}

/// Reads and, if it can be read, uses the index in every way.
fn use_up(bytes: &[u8], query: &Code) -> bool {
    let Ok(index) = Index::from_bytes(bytes) else { return false };
    index.search(query, 10);
    index.exact(query, 10, |_| true);
    (0..index.len() + 1).for_each(|ordinal| drop(index.embedding(ordinal)));
    true
}

#[test]
fn damaged_bytes_are_an_error_or_an_index_but_never_a_panic() {
    let seed = 14;
    let mut rng = StdRng::seed_from_u64(seed);
    for (count, dim) in [(40, 8), (1300, 4)] {
        let embeddings = clustered(seed, count, dim, 7);
        let bytes = build(&embeddings).to_bytes().expect("bytes");
        let query = code(&embeddings[0]);
        let lengths = (0..200.min(bytes.len())).chain((200..bytes.len()).step_by(bytes.len() / 40));
        for length in lengths {
            assert!(Index::from_bytes(&bytes[..length]).is_err(), "{count} items cut to {length} bytes");
        }
        let mut survived = 0;
        for round in 0..1500 {
            let mut damaged = bytes.clone();
            for _ in 0..rng.random_range(1..4) {
                let at = match rng.random_range(0..4) {
                    0 => rng.random_range(0..40),
                    1 => bytes.len() - 1 - rng.random_range(0..bytes.len() / 8),
                    _ => rng.random_range(0..bytes.len()),
                };
                damaged[at] = [0, 1, 0x7f, 0x80, 0xff, rng.random()][rng.random_range(0..6)];
            }
            let outcome = std::panic::catch_unwind(|| use_up(&damaged, &query));
            survived +=
                usize::from(outcome.unwrap_or_else(|_| panic!("seed {seed}, {count} items, round {round}")));
        }
        assert!(survived > 0, "seed {seed}: damage to codes alone leaves an index");
    }
}

#[test]
fn something_behind_the_end_is_refused() {
    let mut bytes = build(&clustered(15, 5, 8, 1)).to_bytes().expect("bytes");
    bytes.push(0);
    assert_eq!(
        Index::from_bytes(&bytes).err().expect("an error").to_string(),
        "index: 1 bytes after its end"
    );
}
