//! The index against what it stands for: brute force.

use std::collections::HashSet;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

/// `count` vectors around `clusters` centres, as embeddings of pictures are.
pub(super) fn clustered(seed: u64, count: usize, dim: usize, clusters: usize) -> Vec<Embedding> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut vector = |spread: f32| -> Vec<f32> {
        (0..dim).map(|_| (0..4).map(|_| rng.random_range(-spread..spread)).sum()).collect()
    };
    let centres: Vec<_> = (0..clusters).map(|_| vector(1.0)).collect();
    let near = |i: usize| centres[i * 7 % clusters].iter().zip(vector(0.5)).map(|(c, x)| c + x).collect();
    (0..count).map(near).map(|v| Embedding::new(v).expect("a direction")).collect()
}

pub(super) fn build(embeddings: &[Embedding]) -> Index {
    Index::build(embeddings, IndexParams::default()).expect("an index")
}

pub(super) fn code(embedding: &Embedding) -> Code {
    Code::new(embedding).expect("a code")
}

fn ordinals(found: &[Neighbour]) -> Vec<usize> {
    found.iter().map(|neighbour| neighbour.ordinal).collect()
}

/// How many of the `k` nearest of each query a walk finds, 0..=1.
fn recall(index: &Index, queries: &[Embedding], k: usize) -> f64 {
    let mut found = 0;
    for query in queries.iter().map(code) {
        let expected = ordinals(&index.exact(&query, k, |_| true));
        let walked = ordinals(&index.search(&query, k));
        found += walked.iter().filter(|ordinal| expected.contains(ordinal)).count();
    }
    found as f64 / (k * queries.len()) as f64
}

#[test]
fn the_graph_finds_what_brute_force_finds() {
    for (seed, count, dim, clusters) in [(1, 3000, 64, 30), (2, 2000, 32, 400), (3, 1500, 128, 1)] {
        let embeddings = clustered(seed, count, dim, clusters);
        let index = build(&embeddings);
        let queries = clustered(seed, count + 100, dim, clusters).split_off(count);
        for k in [10, 50, 100] {
            let recall = recall(&index, &queries, k);
            assert!(recall >= 0.98, "seed {seed}: recall@{k} {recall}");
        }
    }
}

#[test]
fn a_graph_that_grew_finds_what_brute_force_finds_however_the_items_lie() {
    // Many small groups, few large ones, and none.
    for (seed, clusters) in [(31, 1000), (32, 12), (33, 1)] {
        let (count, dim) = (9000, 48);
        let index = build(&clustered(seed, count, dim, clusters));
        let queries = clustered(seed, count + 100, dim, clusters).split_off(count);
        for k in [10, 50] {
            let recall = recall(&index, &queries, k);
            assert!(recall >= 0.97, "seed {seed}, {clusters} clusters: recall@{k} {recall}");
        }
        let itself = |ordinal: &usize| {
            let code =
                Code::try_from(index.code(*ordinal).expect("an item").as_slice().to_vec()).expect("a code");
            index.search(&code, 1)[0].ordinal == *ordinal
        };
        let lost = (0..count).filter(|ordinal| !itself(ordinal)).count();
        assert!(
            lost <= count / 1000,
            "seed {seed}, {clusters} clusters: {lost} items do not find themselves"
        );
    }
}

#[test]
#[cfg(not(target_arch = "wasm32"))]
fn a_graph_is_the_same_on_any_number_of_threads() {
    let embeddings = clustered(34, 5000, 24, 40);
    let [one, four] = [1, 4].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| build(&embeddings)).to_bytes()
    });
    assert!(one == four);
}

#[test]
fn an_exact_scan_is_brute_force_over_the_codes() {
    let seed = 16;
    for (count, dim) in [(1, 5), (63, 8), (64, 17), (131, 33), (700, 64)] {
        let index = build(&clustered(seed, count, dim, 9));
        for query in clustered(seed + 1, 5, dim, 5).iter().map(code) {
            let all = (0..count).map(|ordinal| Neighbour {
                ordinal,
                cosine: query.cosine(index.code(ordinal).expect("an item")),
            });
            let mut all: Vec<_> = all.collect();
            all.sort_by(|a, b| b.cosine.total_cmp(&a.cosine).then(a.ordinal.cmp(&b.ordinal)));
            for k in [1, 10, count, count + 1, usize::MAX] {
                let expected = &all[..k.min(count)];
                assert_eq!(index.exact(&query, k, |_| true), expected, "seed {seed}, {count} items, {k}");
            }
        }
    }
}

#[test]
fn cosines_are_those_of_every_query_to_every_item_asked_for_by_their_places() {
    let seed = 21;
    let index = build(&clustered(seed, 150, 33, 9));
    let queries: Vec<Code> = clustered(seed + 1, 3, 33, 3).iter().map(code).collect();
    let ordinals: Vec<usize> = (0..140).map(|at| at * 77 % 150).collect();
    let mut expected = Vec::new();
    for (query, of) in queries.iter().enumerate() {
        let cosine = |ordinal: usize| of.cosine(index.code(ordinal).expect("an item"));
        expected.extend(ordinals.iter().enumerate().map(|(at, ordinal)| (query, at, cosine(*ordinal))));
    }
    let told = |queries: &[Code], ordinals: &[usize]| {
        let mut told = Vec::new();
        index.cosines(queries, ordinals.iter().copied(), |query, at, cosine| told.push((query, at, cosine)));
        told.sort_by_key(|(query, at, _)| (*query, *at));
        told
    };
    assert_eq!(told(&queries, &ordinals), expected, "seed {seed}");
    // What is no item ends it.
    assert_eq!(told(&queries, &[ordinals[0], 150, 1]).len(), 3);
    assert_eq!(told(&[], &ordinals), []);
    let other: Vec<Code> = clustered(seed, 1, 32, 1).iter().map(code).collect();
    assert_eq!(told(&other, &ordinals), []);
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
    let index = Index::from_bytes(build(&embeddings).to_bytes()).expect("an index");
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
    let bytes = build(&embeddings).to_bytes();
    assert!(build(&embeddings).to_bytes() == bytes, "built twice");
    let read = Index::from_bytes(bytes.clone()).expect("an index");
    assert!(read.to_bytes() == bytes, "read and written");
    let other = IndexParams { seed: 2, ..IndexParams::default() };
    assert!(Index::build(&embeddings, other).expect("an index").to_bytes() != bytes);
}

#[test]
fn indexes_of_hardly_any_items_work() {
    for count in [0, 1, 2, 3, 33] {
        let embeddings = clustered(9, count, 16, 2);
        let index = Index::from_bytes(build(&embeddings).to_bytes()).expect("an index");
        assert_eq!((index.len(), index.is_empty()), (count, count == 0));
        let query = code(&clustered(10, 1, 16, 1)[0]);
        assert_eq!(index.search(&query, 10), index.exact(&query, 10, |_| true), "{count} items");
        assert_eq!(index.search(&query, 10).len(), count.min(10));
    }
}

#[test]
fn as_many_results_as_the_limit_says_can_be_had() {
    let (seed, count) = (11, 7000);
    let small = build(&clustered(seed, 400, 16, 5));
    let params = IndexParams { ef_search: 1, ef_construction: 40, ..IndexParams::default() };
    let large = Index::build(&clustered(seed, count, 16, 50), params).expect("an index");
    assert_eq!((small.search_limit(), large.search_limit()), (100, count / 64));
    let queries = clustered(seed + 1, 20, 16, 4);
    for index in [small, large] {
        let limit = index.search_limit();
        for query in queries.iter().map(code) {
            assert_eq!(index.search(&query, limit).len(), limit);
            assert_eq!(index.search(&query, usize::MAX).len(), limit);
            assert_eq!(index.search(&query, 1).len(), 1);
            assert!(index.search(&query, 0).is_empty());
        }
        let recall = recall(&index, &queries, limit);
        assert!(recall >= 0.95, "seed {seed}: recall@{limit} {recall}");
    }
}

#[test]
fn identical_items_are_all_found() {
    let index = build(&vec![Embedding::new(vec![1.0, 2.0, 3.0]).expect("a direction"); 150]);
    let query = code(&index.embedding(3).expect("an item").expect("a direction"));
    assert_eq!(index.exact(&query, 200, |_| true).len(), 150);
    let found = index.search(&query, 100);
    assert!(found.len() == 100 && found.iter().all(|found| found.cosine > 0.999_99), "{found:?}");
}

#[test]
fn an_item_takes_its_code_and_at_most_128_bytes_of_graph() {
    let (count, dim) = (6000, 16);
    let params = IndexParams { ef_construction: 50, ..IndexParams::default() };
    let index = Index::build(&clustered(17, count, dim, 60), params).expect("an index");
    let graph = index.to_bytes().len() - IndexHeader::LENGTH - count * dim;
    assert!(graph <= 128 * count, "{graph} bytes for {count} items");
}

#[test]
fn however_few_neighbours_are_kept_every_item_is_somebodys() {
    let seed = 18;
    let embeddings = clustered(seed, 900, 24, 3);
    for neighbours in [0, 1, 4, 64, 1000] {
        let params = IndexParams { neighbours, ..IndexParams::default() };
        let index = Index::build(&embeddings, params).expect("an index");
        let count = index.len() as u32;
        let named: HashSet<u32> =
            (0..count).flat_map(|ordinal| index.graph.neighbours(ordinal).iter().copied()).collect();
        assert_eq!(named.len(), embeddings.len(), "seed {seed}, {neighbours} neighbours");
        let expected = embeddings.len() * neighbours.clamp(1, 64);
        let edges = index.graph.edges();
        assert!((expected..expected + embeddings.len()).contains(&edges), "{neighbours}: {edges} edges");
    }
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
