//! Suggestions over a catalog with borders, copies and marks.

use std::collections::HashSet;

use clip_rs_catalog::{ItemsBuilder, TileId};

use super::testing::{Cloud, index, mixed, shard};
use super::*;
use crate::{Embedding, Shard};

/// Items on the way from one kind to another: the first is all of the one, the last all of the other.
fn way(cloud: &mut Cloud, count: usize) -> (Vec<Embedding>, Concept) {
    let (yes, no) = (cloud.direction(), cloud.direction());
    let mut items = Vec::new();
    for at in 0..count {
        let share = at as f32 / (count - 1) as f32;
        items.push(mixed(&mixed(&yes, 1.0 - share, &no, share), 1.0, &cloud.direction(), 0.3));
    }
    let examples = [(yes, true), (no, false)];
    (items, Concept::learn(&examples, None, &[]).expect("a concept"))
}

fn item(ordinal: usize) -> ItemRef {
    ItemRef { shard: 0, ordinal }
}

#[test]
fn what_is_suggested_is_uncertain() {
    let seed = 1;
    let mut cloud = Cloud::new(seed, 64);
    let (items, concept) = way(&mut cloud, 800);
    let shards = [shard(&items, |_| 0.0)];
    let found = suggest(&concept, &shards, |_| true, &[], 10).expect("items");
    assert_eq!(found.iter().collect::<HashSet<_>>().len(), 10, "seed {seed}: {found:?}");
    let mut doubts: Vec<f32> = items.iter().map(|item| (concept.chance(item) - 0.5).abs()).collect();
    doubts.sort_by(f32::total_cmp);
    for found in &found {
        let doubt = (concept.chance(&items[found.ordinal]) - 0.5).abs();
        // Of the 80 most uncertain ones, up to the rounding of codes.
        assert!(doubt < doubts[120], "seed {seed}: {doubt} of {:?}", doubts[120]);
    }
}

#[test]
fn what_is_marked_unwanted_or_a_copy_is_not_suggested() {
    let seed = 2;
    let mut cloud = Cloud::new(seed, 64);
    let (mut vectors, concept) = way(&mut cloud, 60);
    // Every item twice, with a little noise; of the first ten pairs the catalog knows.
    let copies: Vec<_> = vectors.iter().map(|vector| mixed(vector, 1.0, &cloud.direction(), 0.03)).collect();
    vectors.extend(copies);
    let mut items = ItemsBuilder::default();
    for at in 0..vectors.len() {
        items.push(&TileId::new(17, at as u32, 0).expect("a tile").into(), None).expect("an item");
    }
    (0..10).for_each(|at| items.mark_duplicate(60 + at, at).expect("a duplicate"));
    let shards = [Shard { index: index(&vectors), items: items.build() }];
    let marked: Vec<ItemRef> = (20..40).map(item).collect();
    let wanted = |item: ItemRef| !item.ordinal.is_multiple_of(5);
    let found = suggest(&concept, &shards, wanted, &marked, 100).expect("items");
    assert!(found.len() > 20, "seed {seed}: {found:?}");
    let mut originals = HashSet::new();
    for found in &found {
        let original = found.ordinal % 60;
        assert!(originals.insert(original), "seed {seed}: {original} twice");
        assert!(wanted(*found), "seed {seed}: {found:?} is not wanted");
        assert!(
            !marked.contains(&item(original)),
            "seed {seed}: {found:?} is marked, or looks like a marked one"
        );
        assert!(!(60..70).contains(&found.ordinal), "seed {seed}: {found:?} is a duplicate");
    }
}

#[test]
fn there_may_be_nothing_to_suggest() {
    let mut cloud = Cloud::new(3, 32);
    let (items, concept) = way(&mut cloud, 2);
    let shards = [shard(&items, |_| 0.0)];
    assert_eq!(suggest(&concept, &shards, |_| true, &[item(0), item(1)], 5).expect("items"), []);
    assert_eq!(suggest(&concept, &shards, |_| true, &[], 0).expect("items"), []);
    assert_eq!(suggest(&concept, &[], |_| true, &[], 5).expect("items"), []);
    let outside = ItemRef { shard: 7, ordinal: 7 };
    assert_eq!(suggest(&concept, &shards, |_| true, &[outside], 5).expect("items").len(), 2);
    let others = [
        shard(&cloud.around(None, 1.0, 3), |_| 0.0),
        shard(&Cloud::new(4, 31).around(None, 1.0, 3), |_| 0.0),
    ];
    assert!(suggest(&concept, &others, |_| true, &[], 5).is_err());
}
