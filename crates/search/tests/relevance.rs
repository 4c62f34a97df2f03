//! Relevance offsets and marks: order and chances held to a brute-force oracle, whichever way a shard is searched.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use clip_rs_catalog::{Bounds, ItemsBuilder, TileId};
use clip_rs_search::index::IndexParams;
use clip_rs_search::model::{Concepts, ModelConfig, TextEncoder};
use clip_rs_search::{Embedding, Engine, Index, ItemRef, Query, Shard, Subject};
use common::{RESNET, VOCABULARY, config, random_weights};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const SEED: u64 = 23;

fn encoder(config: &ModelConfig, concepts: bool) -> TextEncoder {
    let mut specs = config.text_tensors();
    if concepts {
        specs.extend(Concepts::tensors(config.embed_dim));
    }
    let (file, _) = random_weights("clip-text", &specs, true, SEED);
    TextEncoder::from_gguf(config, &file, VOCABULARY).expect("an encoder")
}

/// So many random items with offsets; `offset` makes one of an embedding.
fn shard(dim: usize, count: usize, mut offset: impl FnMut(&Embedding) -> f32) -> Shard {
    let mut dice = StdRng::seed_from_u64(SEED + count as u64);
    let (mut items, mut embeddings) = (ItemsBuilder::default(), Vec::new());
    for at in 0..count {
        let numbers = (0..dim).map(|_| dice.random_range(-1.0..1.0)).collect();
        let embedding = Embedding::new(numbers).expect("a direction");
        let tile = TileId::new(17, 37_000 + at as u32 % 200, 50_000 + at as u32 / 200).expect("a tile");
        let ordinal = items.push(&tile.into(), None).expect("an item");
        items.set_offset(ordinal, offset(&embedding)).expect("an offset");
        embeddings.push(embedding);
    }
    let index = Index::build(&embeddings, IndexParams::default()).expect("an index");
    Shard { index, items: items.build() }
}

/// Ordinals and scores of all items of the only shard, best first, by looking at each.
fn oracle(engine: &Engine, query: &Query, keep: impl Fn(usize) -> bool) -> Vec<(usize, f32)> {
    let direction = engine.embed(query).expect("a direction");
    let Shard { index, items } = &engine.shards()[0];
    let code = clip_rs_search::Code::new(&direction.embedding).expect("a code");
    let score =
        |at: usize| code.cosine(index.code(at).expect("a code")) - items.offset(at) * direction.text_share;
    let mut all: Vec<(usize, f32)> =
        (0..index.len()).filter(|at| keep(*at)).map(|at| (at, score(at))).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all
}

fn engine(count: usize) -> Engine {
    let config = config(Some(32), "gelu", RESNET);
    let text = encoder(&config, true);
    let concepts = text.concepts().expect("concepts").clone();
    let shard = shard(config.embed_dim, count, |embedding| concepts.offset(embedding));
    Engine::new(&config, text, vec![shard]).expect("an engine")
}

#[test]
fn texts_are_ordered_by_cosine_less_offset_and_marked_with_a_chance() {
    let engine = engine(3000);
    for text in ["the river", "an inn", "a train in that tin"] {
        let query = Query::text(text).limit(25);
        let direction = engine.embed(&query).expect("a direction");
        assert!((direction.text_share - 1.0).abs() < 1e-5);
        let concepts = engine.text().concepts().expect("concepts");
        let familiarity = direction.familiarity.expect("a text");
        assert!((familiarity - concepts.familiarity(&direction.embedding)).abs() < 1e-5);
        let expected = oracle(&engine, &query, |_| true);
        let hits = engine.search(&query).expect("hits");
        let found: Vec<(usize, f32)> = hits.iter().map(|hit| (hit.item.ordinal, hit.score)).collect();
        assert_eq!(found, expected[..25], "seed {SEED}, {text}");
        for hit in &hits {
            assert_eq!(hit.similarity, concepts.marks().chance(hit.score, familiarity));
        }
        // In an area only what lies there competes.
        let area = Bounds::around(engine.shards()[0].items.footprint(700)).expect("a box");
        let inside =
            |at: usize| engine.shards()[0].items.centre(at).is_some_and(|centre| area.contains(centre));
        let within: Vec<usize> = engine
            .search(&query.clone().within(area))
            .expect("hits")
            .iter()
            .map(|hit| hit.item.ordinal)
            .collect();
        let expected: Vec<usize> = oracle(&engine, &query, inside).into_iter().map(|(at, _)| at).collect();
        assert_eq!(within, expected[..expected.len().min(25)]);
    }
}

#[test]
fn a_graph_that_knows_no_offsets_still_finds_nearly_all_of_the_best() {
    let engine = engine(24_000);
    let mut same = 0;
    for text in ["the river", "an inn", "that rim", "tin train"] {
        let query = Query::text(text).limit(20);
        let expected: Vec<usize> =
            oracle(&engine, &query, |_| true).into_iter().take(20).map(|(at, _)| at).collect();
        let hits = engine.search(&query).expect("hits");
        assert!(hits.is_sorted_by(|a, b| a.score >= b.score));
        same += hits.iter().filter(|hit| expected.contains(&hit.item.ordinal)).count();
        let exact = engine.search(&Query { exact: true, ..query }).expect("hits");
        assert_eq!(exact.iter().map(|hit| hit.item.ordinal).collect::<Vec<_>>(), expected);
    }
    assert!(same >= 72, "seed {SEED}: {same} of 80");
}

#[test]
fn pictures_and_items_know_no_offsets_and_a_mixture_as_much_as_it_has_of_text() {
    let engine = engine(400);
    let item = ItemRef { shard: 0, ordinal: 7 };
    let id = engine.shards()[0].items.id(7).expect("an item");
    let like = engine.embed(&Query::item(id.clone())).expect("a direction");
    assert_eq!((like.text_share, like.familiarity), (0.0, None));
    let hits = engine.search(&Query::item(id.clone())).expect("hits");
    assert_eq!(hits[0].item, item);
    assert!(hits.iter().all(|hit| hit.score == hit.cosine));
    let text = engine.embed(&Query::text("the river")).expect("a direction").embedding;
    let mixed = Query::text("the river").and(-0.5, Subject::Item(id));
    let direction = engine.embed(&mixed).expect("a direction");
    let vector = engine.shards()[0].index.embedding(7).expect("an item").expect("a direction");
    // What is left of the direction without its share of the text points away from the item.
    let rest = direction.embedding.as_slice().iter().zip(text.as_slice());
    let rest = Embedding::new(rest.map(|(all, text)| all - direction.text_share * text).collect());
    let cosine = rest.expect("a direction").cosine(&vector);
    assert!(cosine < -0.9999, "seed {SEED}: {cosine}");
    assert_eq!(direction.familiarity, None);
    let expected: Vec<usize> =
        oracle(&engine, &mixed, |_| true).into_iter().take(20).map(|(at, _)| at).collect();
    let found: Vec<usize> = engine.search(&mixed).expect("hits").iter().map(|hit| hit.item.ordinal).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_model_without_concepts_goes_by_cosines_and_makes_no_chances() {
    let config = config(Some(32), "gelu", RESNET);
    let text = encoder(&config, false);
    assert!(text.concepts().is_none());
    let plain = shard(config.embed_dim, 300, |_| 0.0);
    let engine = Engine::new(&config, text, vec![plain]).expect("an engine");
    let hits = engine.search(&Query::text("the river")).expect("hits");
    assert!(hits.iter().all(|hit| hit.score == hit.cosine));
    assert_eq!(engine.embed(&Query::text("the river")).expect("a direction").familiarity, None);
}

#[test]
fn concepts_that_are_damaged_are_refused_by_name() {
    let config = config(Some(32), "gelu", RESNET);
    let mut specs = config.text_tensors();
    specs.push(Concepts::tensors(config.embed_dim)[0].clone());
    let (file, _) = random_weights("clip-text", &specs, true, SEED);
    let error = TextEncoder::from_gguf(&config, &file, VOCABULARY).err().expect("an error").to_string();
    assert!(error.contains("concepts.names"), "{error}");
}
