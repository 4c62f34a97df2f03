//! How long exploring takes, for whoever wants to know: `cargo test --release -p clip-rs-search -- --ignored exploring --nocapture`.

use std::time::Instant;

use super::testing::{Cloud, shard};
use super::*;
use crate::{Direction, Embedding};

const SEED: u64 = 8;
const ITEMS: usize = 100_000;
const DIM: usize = 256;

fn timed<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = run();
    println!("{what}: {:.1} ms", start.elapsed().as_secs_f64() * 1000.0);
    result
}

#[test]
#[ignore = "a measurement, not a test"]
fn how_long_exploring_takes() {
    let mut cloud = Cloud::new(SEED, DIM);
    let kinds = cloud.around(None, 1.0, 20);
    let vectors: Vec<Embedding> =
        kinds.iter().flat_map(|kind| cloud.around(Some(kind), 1.0, ITEMS / 20)).collect();
    let shards = [shard(&vectors, |at| at as f32 / ITEMS as f32)];
    let direction = Direction { embedding: cloud.direction(), text_share: 1.0, familiarity: None };
    timed("layer", || scores(&shards, &direction)).expect("scores");
    let everything = |_: ItemRef| true;
    let rest = timed("background", || background(&shards, everything));
    for marks in [2, 10, 40, 200, 400] {
        // Every other mark is a yes, of the first kind.
        let place = |at: usize| if at.is_multiple_of(2) { at } else { ITEMS / 2 + at };
        let examples: Vec<_> = (0..marks).map(|at| (vectors[place(at)].clone(), at % 2 == 0)).collect();
        let prior = Some(&direction.embedding);
        let concept = timed(&format!("learn {marks}"), || Concept::learn(&examples, prior, &rest));
        let concept = concept.expect("a concept");
        timed(&format!("held out {marks}"), || held_out(&examples, prior, &rest)).expect("a quality");
        timed(&format!("curve {marks}"), || learning_curve(&examples, prior, &rest)).expect("a curve");
        timed(&format!("suggest {marks}"), || suggest(&concept, &shards, everything, &[], 12))
            .expect("items");
    }
    let mut wide = Cloud::new(SEED, 4 * DIM);
    let kind = wide.direction();
    let near = |at: usize| at.is_multiple_of(2).then_some(&kind);
    let examples: Vec<_> = (0..400)
        .flat_map(|at| wide.around(near(at), 1.0, 1))
        .zip([true, false].into_iter().cycle())
        .collect();
    let rest = wide.around(None, 1.0, 200);
    timed("learn 400 of 1024 components", || Concept::learn(&examples, Some(&kind), &rest))
        .expect("a concept");
    for count in [12, 24, 64] {
        let params = ClusterParams { count, ..ClusterParams::default() };
        let found = timed(&format!("{count} clusters"), || clusters(&shards, everything, params));
        println!("  {:?}", found.expect("clusters").iter().map(|cluster| cluster.size).collect::<Vec<_>>());
    }
}
