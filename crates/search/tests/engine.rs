//! Queries over a small catalog: what comes back, in which order, and what is refused.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use clip_rs_catalog::{Bounds, Crop, ItemId, Items, ItemsBuilder, TileId};
use clip_rs_search::index::IndexParams;
use clip_rs_search::model::{ModelConfig, TextEncoder};
use clip_rs_search::{Embedding, Engine, EngineError, Index, ItemRef, NextShard, Query, Shard, Subject};
use common::{RESNET, VOCABULARY, config, random_weights};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const SEED: u64 = 5;
const TEXTS: [&str; 4] = ["the river", "an inn", "that rim", "tin train"];

fn encoder(config: &ModelConfig) -> TextEncoder {
    let (file, _) = random_weights("clip-text", &config.text_tensors(), true, SEED);
    TextEncoder::from_gguf(config, &file, VOCABULARY).expect("an encoder")
}

/// Items near the texts' vectors, in turn: item `i` is about `TEXTS[i % 4]`.
fn shard(encoder: &TextEncoder, count: usize, first_column: u32) -> Shard {
    let mut rng = StdRng::seed_from_u64(SEED + u64::from(first_column));
    let vectors: Vec<_> = TEXTS.iter().map(|text| encoder.encode(text).expect("an embedding")).collect();
    let mut items = ItemsBuilder::default();
    let mut embeddings = Vec::new();
    for i in 0..count {
        let near = vectors[i % 4].as_slice().iter().map(|x| x + rng.random_range(-0.05..0.05));
        embeddings.push(Embedding::new(near.collect()).expect("a direction"));
        let tile = TileId::new(17, first_column + i as u32 % 50, 50_000 + i as u32 / 50).expect("a tile");
        items.push(&tile.into(), None).expect("an item");
    }
    let index = Index::build(&embeddings, IndexParams::default()).expect("an index");
    Shard { index, items: items.build() }
}

fn engine(counts: &[usize]) -> Engine {
    let config = config(Some(32), "quick_gelu", RESNET);
    let text = encoder(&config);
    let shards = counts.iter().enumerate();
    let shards = shards.map(|(n, &count)| shard(&text, count, 37_000 + 100 * n as u32)).collect();
    Engine::new(&config, text, shards).expect("an engine")
}

/// Name of an item of the first shard.
fn called(engine: &Engine, ordinal: usize) -> ItemId {
    engine.shards()[0].items.id(ordinal).expect("an item")
}

#[test]
fn words_find_the_items_that_they_are_about_in_every_shard() {
    let engine = engine(&[40, 1500, 0, 12]);
    for (about, text) in TEXTS.iter().enumerate() {
        let hits = engine.search(&Query::text(*text).limit(30)).expect("hits");
        assert_eq!(hits.len(), 30);
        assert!(hits.iter().all(|hit| hit.item.ordinal % 4 == about), "seed {SEED}, {text}: {hits:?}");
        assert!(hits.windows(2).all(|pair| pair[0].similarity >= pair[1].similarity));
        assert!(hits.iter().all(|hit| (0.0..=1.0).contains(&hit.similarity) && hit.similarity > 0.6));
        let exact = engine.search(&Query { exact: true, ..Query::text(*text).limit(30) }).expect("hits");
        let same = exact.iter().filter(|hit| hits.contains(hit)).count();
        assert!(same >= 29, "seed {SEED}: {same} of 30");
    }
}

#[test]
fn more_like_this_begins_with_this_even_among_copies() {
    let config = config(Some(32), "quick_gelu", RESNET);
    let text = encoder(&config);
    let Shard { items, .. } = shard(&text, 10, 37_000);
    let copies = vec![text.encode(TEXTS[0]).expect("an embedding"); 10];
    let index = Index::build(&copies, IndexParams::default()).expect("an index");
    let engine = Engine::new(&config, text, vec![Shard { index, items }]).expect("an engine");
    for ordinal in 0..10 {
        let item = ItemRef { shard: 0, ordinal };
        let hits = engine.search(&Query::item(called(&engine, ordinal)).limit(5)).expect("hits");
        assert_eq!((hits.len(), hits[0].item), (5, item));
        assert!((hits[0].cosine - 1.0).abs() < 1e-5);
    }
}

#[test]
fn more_like_this_finds_its_class_after_itself() {
    let engine = engine(&[1500]);
    for ordinal in [0, 1, 702, 1499] {
        let item = ItemRef { shard: 0, ordinal };
        let hits = engine.search(&Query::item(called(&engine, ordinal))).expect("hits");
        assert_eq!((hits[0].item, hits.len()), (item, 20));
        assert!(hits.iter().all(|hit| hit.item.ordinal % 4 == ordinal % 4), "seed {SEED}: {hits:?}");
    }
}

#[test]
fn an_area_keeps_what_lies_in_it() {
    let engine = engine(&[1500]);
    let items: &Items = &engine.shards()[0].items;
    let corner = items.centre(0).expect("a position");
    let other = items.centre(211).expect("a position");
    let area = Bounds::new(corner.lng(), other.lat(), other.lng(), corner.lat()).expect("a box");
    let hits = engine.search(&Query::text(TEXTS[0]).limit(1500).within(area)).expect("hits");
    let inside =
        (0..items.len()).filter(|ordinal| items.centre(*ordinal).is_some_and(|at| area.contains(at))).count();
    assert_eq!(hits.len(), inside);
    assert_eq!(inside, 5 * 12);
    // The item itself is outside: it is not shown, first or not.
    let outside = ItemRef { shard: 0, ordinal: 49 };
    let hits = engine.search(&Query::item(called(&engine, 49)).within(area)).expect("hits");
    assert!(hits.iter().all(|hit| hit.item != outside));
}

#[test]
fn terms_add_up_and_subtract() {
    let engine = engine(&[400]);
    let both = Query::text(TEXTS[0]).and(1.0, Subject::Text(TEXTS[1].into())).limit(40);
    let hits = engine.search(&both).expect("hits");
    assert!(hits.iter().all(|hit| hit.item.ordinal % 4 < 2), "seed {SEED}: {hits:?}");
    let picture = engine.text().encode(TEXTS[2]).expect("an embedding");
    let without = both.and(-1.0, Subject::Text(TEXTS[1].into())).and(0.1, Subject::Vector(picture));
    let hits = engine.search(&without).expect("hits");
    assert!(hits.iter().all(|hit| hit.item.ordinal % 4 == 0), "seed {SEED}: {hits:?}");
}

/// How far an item's cosine to a vector lies from the mean of all, in parts of their deviation.
fn standing(engine: &Engine, vector: &Embedding, ordinal: usize) -> f32 {
    let index = &engine.shards()[0].index;
    let cosine = |at: usize| index.embedding(at).expect("an item").expect("a direction").cosine(vector);
    let all: Vec<f32> = (0..index.len()).map(cosine).collect();
    let mean = all.iter().sum::<f32>() / all.len() as f32;
    let deviation = (all.iter().map(|c| (c - mean).powi(2)).sum::<f32>() / all.len() as f32).sqrt();
    (all[ordinal] - mean) / deviation
}

#[test]
fn words_and_a_picture_count_alike_however_far_their_cosines_lie_apart() {
    let engine = engine(&[400]);
    let text = engine.text().encode(TEXTS[0]).expect("an embedding");
    // A direction to which all items are nearly alike, and one to which they differ.
    let mean: Vec<f32> = (0..text.dim())
        .map(|at| {
            let component = |ordinal| {
                engine.shards()[0].index.embedding(ordinal).expect("an item").expect("one").as_slice()[at]
            };
            (0..400).map(component).sum::<f32>()
        })
        .collect();
    let mean = Embedding::new(mean).expect("a direction");
    let other = engine.text().encode(TEXTS[2]).expect("an embedding");
    let leaning = mean.as_slice().iter().zip(other.as_slice());
    let picture = Embedding::new(leaning.map(|(m, t)| m + 0.2 * t).collect()).expect("a direction");
    let query = Query::text(TEXTS[0]).and(1.0, Subject::Vector(picture.clone()));
    let direction = engine.embed(&query).expect("a direction");
    let expected = |ordinal| standing(&engine, &text, ordinal) + standing(&engine, &picture, ordinal);
    let hits = engine.search(&query.limit(400)).expect("hits");
    assert_eq!(hits.len(), 400);
    // The order is that of the sum of standings, but for what codes round.
    let sums: Vec<f32> = hits.iter().map(|hit| expected(hit.item.ordinal)).collect();
    let falls = sums.windows(2).filter(|pair| pair[1] > pair[0] + 0.15).count();
    assert_eq!(falls, 0, "seed {SEED}: {sums:?}");
    assert!(direction.text_share > 0.0);
}

#[test]
fn of_items_that_are_wanted_the_best_are_found() {
    let engine = engine(&[1500]);
    let query = Query::text(TEXTS[0]).limit(30);
    let direction = engine.embed(&query).expect("a direction");
    let odd = |item: ItemRef| item.ordinal % 3 == 1;
    let found = engine.nearest_where(&direction, &query, odd).expect("hits");
    let all = engine.search(&Query { exact: true, ..query.clone().limit(1500) }).expect("hits");
    let expected: Vec<ItemRef> = all.iter().map(|hit| hit.item).filter(|item| odd(*item)).take(30).collect();
    assert_eq!(found.iter().map(|hit| hit.item).collect::<Vec<_>>(), expected, "seed {SEED}");
    let item = Query::item(called(&engine, 0));
    let direction = engine.embed(&item).expect("a direction");
    let found = engine.nearest_where(&direction, &item, odd).expect("hits");
    assert!(found.iter().all(|hit| odd(hit.item)), "the item itself is not wanted either");
}

#[test]
fn a_minimum_similarity_and_a_limit_are_kept() {
    let engine = engine(&[400]);
    let all = engine.search(&Query::text(TEXTS[3]).limit(400)).expect("hits");
    assert_eq!(all.len(), 400);
    let bar = all[57].similarity;
    let some =
        engine.search(&Query { min_similarity: bar, ..Query::text(TEXTS[3]).limit(400) }).expect("hits");
    assert!(some.iter().all(|hit| hit.similarity >= bar) && some.len() >= 58 && some.len() < 400);
    assert!(engine.search(&Query::text("a").limit(0)).expect("no hits").is_empty());
}

#[test]
fn what_cannot_be_answered_is_an_error() {
    let engine = engine(&[20]);
    let text = |weight| Query::text("the river").and(weight, Subject::Text("the river".into()));
    for weight in [0.0, f32::NAN, f32::INFINITY] {
        assert!(matches!(engine.search(&text(weight)), Err(EngineError::Query(_))), "{weight}");
    }
    assert!(matches!(engine.search(&text(-1.0)), Err(EngineError::NoDirection(_))));
    assert!(engine.search(&Query { terms: Vec::new(), ..Query::text("a") }).is_err());
    for id in ["3/0/0", "nobody.jpg"] {
        let item: ItemId = id.parse().expect("a name");
        let error = engine.search(&Query::item(item.clone()));
        assert!(matches!(error, Err(EngineError::NoItem(missing)) if missing == item));
    }
    let everywhere = Bounds::new(-180.0, -90.0, 180.0, 90.0).expect("a box");
    let many = (0..9).fold(Query::text("the river"), |query, _| query.within(everywhere));
    assert!(matches!(engine.search(&many), Err(EngineError::Query(_))));
    let strange = Embedding::new(vec![1.0; 7]).expect("a direction");
    let error = engine.search(&Query::picture(strange)).expect_err("an error").to_string();
    assert_eq!(error, "the picture has vectors of 7 components, the model has 24");
}

#[test]
fn an_empty_catalog_has_no_hits() {
    for counts in [&[][..], &[0], &[0, 0]] {
        assert!(engine(counts).search(&Query::text("the river")).expect("no hits").is_empty());
    }
}

#[test]
fn an_index_and_metadata_of_different_items_are_refused() {
    let config = config(Some(32), "quick_gelu", RESNET);
    let text = encoder(&config);
    let (three, four) = (shard(&text, 3, 0), shard(&text, 4, 0));
    let mixed = Shard { index: three.index, items: four.items };
    let error = Engine::new(&config, text, vec![mixed]).err().expect("an error").to_string();
    assert_eq!(error, "shard 0: 3 items in the index, 4 in the metadata");
}

#[test]
fn an_engine_goes_on_with_other_shards_or_changes_nothing() {
    let mut engine = engine(&[8, 12]);
    let counts = |engine: &Engine| -> Vec<usize> { engine.shards().iter().map(|s| s.items.len()).collect() };
    let another = |count| shard(&encoder(&config(Some(32), "quick_gelu", RESNET)), count, 39_000);
    let misfit =
        Shard { index: Index::build(&[], IndexParams::default()).expect("empty"), items: another(4).items };
    for next in [
        vec![NextShard::Kept(2)],
        vec![NextShard::Kept(0), NextShard::Kept(0)],
        vec![NextShard::Kept(1), NextShard::New(Box::new(misfit))],
    ] {
        assert!(engine.replace(next).is_err());
        assert_eq!(counts(&engine), [8, 12]);
    }
    engine.replace(vec![NextShard::New(Box::new(another(5))), NextShard::Kept(1)]).expect("they fit");
    assert_eq!(counts(&engine), [5, 12]);
    assert_eq!(engine.search(&Query::text(TEXTS[0]).limit(30)).expect("hits").len(), 17);
}

#[test]
fn of_a_picture_and_its_squares_the_best_is_the_hit() {
    let config = config(Some(32), "quick_gelu", RESNET);
    let text = encoder(&config);
    let mut items = ItemsBuilder::default();
    let mut vectors = Vec::new();
    for (number, name) in ["a.jpg", "a.jpg", "b.jpg", "b.jpg", "c.jpg"].into_iter().enumerate() {
        let crop = (number % 2 == 1).then_some(Crop { x: 0, y: 0, side: 9 });
        items.push(&ItemId::Picture { name: name.into(), crop }, None).expect("an item");
        vectors.push(text.encode(TEXTS[number % TEXTS.len()]).expect("a vector"));
    }
    let index = Index::build(&vectors, IndexParams::default()).expect("an index");
    let engine = Engine::new(&config, text, vec![Shard { index, items: items.build() }]).expect("an engine");
    // The square of `b.jpg` is about the text with the number 3.
    let query = Query::text(TEXTS[3]);
    let all = engine.search(&query).expect("hits");
    assert_eq!((all.len(), all[0].item.ordinal), (5, 3));
    let hits = engine.search(&query.one_a_picture()).expect("hits");
    let pictures: Vec<_> =
        hits.iter().map(|hit| engine.shards()[0].items.picture(hit.item.ordinal)).collect();
    assert_eq!((hits.len(), hits[0], pictures[0]), (3, all[0], Some(1)));
    let two = engine.search(&Query::text(TEXTS[3]).one_a_picture().limit(2)).expect("hits");
    assert_eq!(two, hits[..2]);
}
