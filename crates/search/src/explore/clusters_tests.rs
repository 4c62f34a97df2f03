//! Clusters of clouds whose kinds are known, and against brute force.

use clip_rs_catalog::{ItemsBuilder, TileId};

use super::testing::{Cloud, index, mixed, shard};
use super::*;
use crate::{Embedding, Shard};

/// Items of kinds of these sizes in turn, in two shards; kind and item of each.
fn kinds(seed: u64, dim: usize, sizes: &[usize]) -> (Vec<Shard>, Vec<Vec<usize>>, Vec<Embedding>) {
    let mut cloud = Cloud::new(seed, dim);
    let cone = cloud.direction();
    let centres = cloud.around(Some(&cone), 0.8, sizes.len());
    let mut of: Vec<(usize, Embedding)> = Vec::new();
    for (kind, size) in sizes.iter().enumerate() {
        of.extend(cloud.around(Some(&centres[kind]), 0.4, *size).into_iter().map(|item| (kind, item)));
    }
    // Mixed, always the same way.
    of.sort_by_key(|(_, item)| item.as_slice()[0].to_bits());
    let rest = of.split_off(of.len() / 3);
    let parts = [of, rest];
    let shards = parts.iter().map(|part| {
        let vectors: Vec<_> = part.iter().map(|(_, item)| item.clone()).collect();
        shard(&vectors, |_| 0.0)
    });
    let labels = parts.iter().map(|part| part.iter().map(|(kind, _)| *kind).collect());
    (shards.collect(), labels.collect(), centres)
}

fn of_count(count: usize) -> ClusterParams {
    ClusterParams { count, ..ClusterParams::default() }
}

#[test]
fn clusters_are_the_kinds_there_are_with_their_sizes_and_examples() {
    for seed in 1..6 {
        let sizes = [400, 30, 250, 90, 140, 60];
        let (shards, labels, centres) = kinds(seed, 64, &sizes);
        let found = clusters(&shards, |_| true, ClusterParams { seed, ..of_count(6) }).expect("clusters");
        let mut expected = sizes.to_vec();
        expected.sort_by_key(|size| std::cmp::Reverse(*size));
        assert_eq!(found.iter().map(|cluster| cluster.size).collect::<Vec<_>>(), expected, "seed {seed}");
        for cluster in &found {
            let kind = sizes.iter().position(|size| *size == cluster.size).expect("a kind");
            assert!(cluster.centroid.cosine(&centres[kind]) > 0.98, "seed {seed}");
            assert_eq!(cluster.examples.len(), 6);
            assert!(
                cluster.examples.iter().all(|item| labels[item.shard][item.ordinal] == kind),
                "seed {seed}"
            );
        }
    }
}

#[test]
fn a_cluster_is_summed_up_as_its_definition_says() {
    let seed = 7;
    let (shards, _, _) = kinds(seed, 32, &[120, 80, 40]);
    let found = clusters(&shards, |_| true, of_count(3)).expect("clusters");
    let items = chosen(&shards, |_| true);
    let vector =
        |item: &ItemRef| shards[item.shard].index.embedding(item.ordinal).expect("an item").expect("one");
    for (at, cluster) in found.iter().enumerate() {
        let mut own: Vec<(f32, ItemRef)> = Vec::new();
        for item in &items {
            let cosines: Vec<f32> = found.iter().map(|other| other.centroid.cosine(&vector(item))).collect();
            if cosines.iter().all(|other| *other <= cosines[at]) {
                own.push((cosines[at], *item));
            }
        }
        assert_eq!(own.len(), cluster.size, "seed {seed}");
        let spread = own.iter().map(|(cosine, _)| 1.0 - cosine).sum::<f32>() / own.len() as f32;
        assert!((spread - cluster.spread).abs() < 1e-4, "seed {seed}: {spread}, {}", cluster.spread);
        own.sort_by(|a, b| b.0.total_cmp(&a.0));
        let nearest: Vec<_> = own.iter().take(8).map(|(_, item)| *item).collect();
        assert!(cluster.examples.iter().all(|item| nearest.contains(item)), "seed {seed}");
    }
}

#[test]
fn only_wanted_items_are_in_clusters() {
    let (shards, labels, _) = kinds(8, 32, &[200, 100, 50]);
    let wanted = |item: ItemRef| labels[item.shard][item.ordinal] != 0 && item.ordinal.is_multiple_of(2);
    let count = chosen(&shards, wanted).len();
    let found = clusters(&shards, wanted, of_count(2)).expect("clusters");
    assert_eq!(found.iter().map(|cluster| cluster.size).sum::<usize>(), count);
    assert!(found.iter().flat_map(|cluster| &cluster.examples).all(|item| wanted(*item)));
    assert_eq!(clusters(&shards, |_| false, of_count(2)).expect("clusters"), []);
    assert_eq!(clusters(&[], |_| true, of_count(2)).expect("clusters"), []);
}

#[test]
fn the_same_seed_gives_the_same_clusters() {
    let (shards, _, _) = kinds(9, 32, &[300, 300]);
    let with = |seed| clusters(&shards, |_| true, ClusterParams { seed, ..of_count(9) }).expect("clusters");
    assert_eq!(with(1), with(1));
    assert_ne!(with(1), with(2), "two seeds split two kinds into nine in the same way");
}

#[test]
fn copies_are_one_cluster_and_one_example() {
    let mut cloud = Cloud::new(10, 32);
    let (a, b) = (cloud.direction(), cloud.direction());
    let mut vectors = vec![a.clone(); 9];
    vectors.push(mixed(&a, 1.0, &cloud.direction(), 0.05));
    vectors.extend(vec![b; 4]);
    let mut items = ItemsBuilder::default();
    for at in 0..vectors.len() {
        items.push(&TileId::new(17, at as u32, 0).expect("a tile").into(), None).expect("an item");
    }
    (1..9).for_each(|at| items.mark_duplicate(at, 0).expect("a duplicate"));
    let shards = [Shard { index: index(&vectors), items: items.build() }];
    let item = |ordinal| ItemRef { shard: 0, ordinal };
    for count in [2, 3] {
        let found = clusters(&shards, |_| true, of_count(count)).expect("clusters");
        let largest = found.first().expect("a cluster");
        assert!(found.len() <= count && largest.size >= 9, "{found:?}");
        assert_eq!(largest.examples.first(), Some(&item(0)));
        assert!(!largest.examples.contains(&item(1)), "{found:?}");
    }
    // Where the earlier one is not wanted, the later ones are not its duplicates.
    let found = clusters(&shards, |other| other != item(0), of_count(2)).expect("clusters");
    assert!(found.iter().any(|cluster| cluster.examples.contains(&item(1))), "{found:?}");
}

#[test]
fn a_cloud_without_parts_is_not_cut_into_many() {
    let mut cloud = Cloud::new(11, 256);
    let centre = cloud.direction();
    let shards = [shard(&cloud.around(Some(&centre), 0.5, 3000), |_| 0.0)];
    let found = clusters(&shards, |_| true, of_count(4)).expect("clusters");
    assert_eq!(found.iter().map(|cluster| cluster.size).collect::<Vec<_>>(), [3000]);
}

#[test]
fn any_number_of_clusters_may_be_asked_for() {
    let mut cloud = Cloud::new(12, 16);
    let opposite = cloud.direction();
    let other = Embedding::new(opposite.as_slice().iter().map(|x| -x).collect()).expect("a direction");
    // Their sum is zero.
    let shards = [shard(&[opposite, other], |_| 0.0)];
    for (asked, found) in [(0, 1), (1, 1), (2, 2), (usize::MAX, 2)] {
        let clusters = clusters(&shards, |_| true, of_count(asked)).expect("clusters");
        assert_eq!(clusters.len(), found, "{asked}");
        assert_eq!(clusters.iter().map(|cluster| cluster.size).sum::<usize>(), 2);
    }
}

#[test]
fn of_more_items_than_a_sample_all_are_in_clusters() {
    let seed = 13;
    let (shards, labels, _) = kinds(seed, 16, &[14_000, 9_000, 2_000]);
    let found = clusters(&shards, |_| true, of_count(3)).expect("clusters");
    let sizes: Vec<_> = found.iter().map(|cluster| cluster.size).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 25_000);
    for (size, expected) in sizes.iter().zip([14_000_usize, 9_000, 2_000]) {
        assert!(size.abs_diff(expected) < expected / 20, "seed {seed}: {sizes:?}");
    }
    for (kind, cluster) in found.iter().enumerate() {
        assert!(cluster.examples.iter().all(|item| labels[item.shard][item.ordinal] == kind), "seed {seed}");
    }
}
