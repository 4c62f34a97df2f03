//! In a browser: the SIMD kernels against their definition, and both towers against plain loops.
#![cfg(target_arch = "wasm32")]

mod common;

use clip_rs_search::index::IndexParams;
use clip_rs_search::model::{ImageEncoder, ImagePixels, TextEncoder};
use clip_rs_search::{Code, Embedding, Index};
use common::{RESNET, VIT, VOCABULARY, config, gguf, naive};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn cosine(found: &Embedding, expected: &[f64]) -> f64 {
    found.as_slice().iter().zip(expected).map(|(a, b)| f64::from(*a) * b).sum()
}

#[wasm_bindgen_test]
fn the_cosine_of_codes_is_that_of_their_integers() {
    let seed = 1;
    let mut rng = StdRng::seed_from_u64(seed);
    for dim in (1..70).chain([255, 256, 512, 768, 8192]) {
        let mut codes =
            || -> Vec<i8> { (0..dim).map(|_| rng.random_range(-127..=127)).chain([127]).take(dim).collect() };
        let (a, b) = (codes(), codes());
        let (Ok(code_a), Ok(code_b)) = (Code::try_from(a.clone()), Code::try_from(b.clone())) else {
            continue;
        };
        let dot =
            |a: &[i8], b: &[i8]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
        let expected = dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt();
        let found = f64::from(code_a.cosine(&code_b));
        assert!((found - expected).abs() < 1e-6, "seed {seed}, dim {dim}: {found}, expected {expected}");
    }
}

#[wasm_bindgen_test]
fn the_text_tower_gives_what_plain_loops_give() {
    for (token_dim, activation) in [(None, "gelu"), (Some(32), "quick_gelu")] {
        let config = config(token_dim, activation, RESNET);
        let (file, weights) = gguf("clip-text", &config.text_tensors(), true, 2);
        let encoder = TextEncoder::from_gguf(&config, &file, VOCABULARY).expect("an encoder");
        for text in ["the river", "", "THE RIVER in an old town, with 3 bridges 🌊"] {
            let expected = naive::text(&config, &weights, &encoder.tokenize(text));
            let found = cosine(&encoder.encode(text).expect("an embedding"), &expected);
            assert!(found >= 0.999, "{text:?}: {found}");
        }
    }
}

#[wasm_bindgen_test]
fn both_image_towers_give_what_plain_loops_give() {
    for tower in [RESNET, VIT] {
        let config = config(None, "gelu", tower);
        let (file, weights) = gguf("clip-image", &config.image_tensors(), true, 3);
        let encoder = ImageEncoder::from_gguf(&config, &file).expect("an encoder");
        let mut rng = StdRng::seed_from_u64(3);
        let picture = image::RgbImage::from_fn(32, 32, |_, _| image::Rgb(rng.random()));
        let pixels = ImagePixels::from_rgb(&config.image, &picture).expect("pixels");
        let expected = naive::image(&config, &weights, picture.as_raw());
        let found = cosine(&encoder.encode_pixels(&pixels).expect("an embedding"), &expected);
        assert!(found >= 0.999, "{tower}: {found}");
    }
}

#[wasm_bindgen_test]
fn an_index_is_built_read_and_searched() {
    let mut rng = StdRng::seed_from_u64(4);
    let mut vector =
        || Embedding::new((0..32).map(|_| rng.random_range(-1.0..1.0)).collect()).expect("a direction");
    let embeddings: Vec<_> = (0..300).map(|_| vector()).collect();
    let bytes =
        Index::build(&embeddings, IndexParams::default()).and_then(|index| index.to_bytes()).expect("bytes");
    let index = Index::from_bytes(&bytes).expect("an index");
    let query = Code::new(&vector()).expect("a code");
    assert_eq!(index.search(&query, 5), index.exact(&query, 5, |_| true));
}
