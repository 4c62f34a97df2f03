//! Changes between two dates of a made-up area.

use clip_rs_catalog::{Crop, ItemId, ItemsBuilder, TileId};

use super::changes::*;
use super::testing::{Cloud, index, mixed, shard};
use crate::{Embedding, EngineError, ItemRef, Shard};

fn everything(_: ItemRef) -> bool {
    true
}

/// Vectors of an area, and the same a season later: all of them are a little different, those of `changed` wholly.
fn two_dates(cloud: &mut Cloud, count: usize, season: f32, changed: &[usize]) -> [Vec<Embedding>; 2] {
    let before = cloud.around(None, 1.0, count);
    let later = cloud.direction();
    let mut now = Vec::new();
    for (at, vector) in before.iter().enumerate() {
        let same = mixed(&mixed(vector, 1.0, &later, season), 1.0, &cloud.direction(), season / 2.0);
        now.push(if changed.contains(&at) { cloud.direction() } else { same });
    }
    [before, now]
}

#[test]
fn what_changed_stands_out_from_what_the_season_did() {
    for (seed, season) in [(1, 0.0), (2, 0.2), (3, 0.5)] {
        let mut cloud = Cloud::new(seed, 96);
        let changed = [3, 77, 140];
        let [before, now] = two_dates(&mut cloud, 200, season, &changed);
        let found = changes(&[shard(&now, |_| 0.0)], &[shard(&before, |_| 0.0)], everything, everything)
            .expect("changes");
        assert_eq!((found.pairs.len(), found.unpaired), (200, 0), "seed {seed}");
        assert!(found.pairs.iter().all(|pair| pair.now == pair.before), "seed {seed}: the same tiles");
        let stands_out = |pair: &&Pair| found.mark(pair.change) >= Changes::STANDS_OUT;
        let out: Vec<usize> = found.pairs.iter().filter(stands_out).map(|pair| pair.now.ordinal).collect();
        assert_eq!(out, changed, "seed {seed}, season {season}");
        for pair in &found.pairs {
            let expected = 1.0 - now[pair.now.ordinal].cosine(&before[pair.before.ordinal]);
            assert!((pair.change - expected).abs() < 0.02, "seed {seed}: {pair:?}, {expected}");
        }
    }
}

#[test]
fn the_same_imagery_has_not_changed_anywhere() {
    let vectors = Cloud::new(4, 64).around(None, 1.0, 50);
    let shards = [shard(&vectors, |_| 0.0)];
    let found = changes(&shards, &shards, everything, everything).expect("changes");
    assert_eq!(found.pairs.len(), 50);
    assert!(found.pairs.iter().all(|pair| found.mark(pair.change) < 0.01), "{found:?}");
    assert_eq!(Changes::default().mark(0.0), 0.0);
}

#[test]
fn items_without_the_same_ground_before_are_counted() {
    let mut cloud = Cloud::new(5, 32);
    let now = cloud.around(None, 1.0, 30);
    let found = changes(&[shard(&now, |_| 0.0)], &[shard(&now[..20], |_| 0.0)], everything, everything);
    let found = found.expect("changes");
    assert_eq!((found.pairs.len(), found.unpaired), (20, 10));
    let nothing = changes(&[shard(&now, |_| 0.0)], &[], everything, everything).expect("changes");
    assert_eq!((nothing.pairs.len(), nothing.unpaired), (0, 30));
}

#[test]
fn one_catalog_of_two_flights_is_compared_with_itself() {
    let mut cloud = Cloud::new(6, 64);
    let [before, now] = two_dates(&mut cloud, 40, 0.1, &[7]);
    let mut items = ItemsBuilder::default();
    let picture = |name: String, crop| ItemId::Picture { name, crop };
    for flight in ["a", "b"] {
        for at in 0..40 {
            let tile = TileId::new(17, 70_000 + at % 8, 40_000 + at / 8).expect("a tile").bounds();
            items.push(&picture(format!("{flight}{at}.jpg"), None), Some(tile)).expect("an item");
        }
    }
    // A part of a picture has the box of the whole one, and is no place of its own.
    let crop = Crop { x: 0, y: 0, side: 9 };
    items.push(&picture("b0.jpg".into(), Some(crop)), None).expect("an item");
    let mut vectors = [before, now].concat();
    vectors.push(cloud.direction());
    let shards = [Shard { index: index(&vectors), items: items.build() }];
    let found =
        changes(&shards, &shards, |item| item.ordinal >= 40, |item| item.ordinal < 40).expect("changes");
    assert_eq!((found.pairs.len(), found.unpaired), (40, 0));
    assert!(found.pairs.iter().all(|pair| pair.now.ordinal == pair.before.ordinal + 40));
    let out: Vec<usize> = found
        .pairs
        .iter()
        .filter(|pair| found.mark(pair.change) >= 0.5)
        .map(|pair| pair.now.ordinal)
        .collect();
    assert_eq!(out, [47]);
}

#[test]
fn vectors_of_another_length_are_refused() {
    let [a, b] = [16, 17].map(|dim| shard(&Cloud::new(7, dim).around(None, 1.0, 3), |_| 0.0));
    let refused = changes(&[a], &[b], everything, everything);
    assert!(matches!(refused, Err(EngineError::Dimension { .. })), "{refused:?}");
}
