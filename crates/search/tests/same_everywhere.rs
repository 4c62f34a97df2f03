//! A vector is the same, bit for bit, wherever it is computed: natively by any kernel, in any browser, on any processor. Only
//! so does a link show the same list to everybody, and a catalog come out the same from any machine.
//!
//! Held against numbers that are written down, as the machines that should agree never meet. Whoever changes the arithmetic
//! on purpose writes down the new ones, and knows that catalogs of before have slightly other vectors.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

mod common;

use clip_rs_search::model::{ImageEncoder, ImagePixels, TextEncoder};
use clip_rs_search::{Code, Embedding};
use common::{RESNET, VIT, VOCABULARY, config, random_weights};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_browser);

/// FNV-1a (<https://www.rfc-editor.org/rfc/rfc9923>) of the bits of vectors, and of their codes.
fn digest(vectors: &[Embedding]) -> u64 {
    let of = |digest: u64, byte: u8| (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let bits = vectors.iter().flat_map(Embedding::as_slice).flat_map(|x| x.to_bits().to_le_bytes());
    let itself = |vector: &Embedding| {
        let code = Code::new(vector).expect("a code");
        code.cosine(&code).to_bits().to_le_bytes()
    };
    bits.chain(vectors.iter().flat_map(itself)).fold(0xcbf2_9ce4_8422_2325, of)
}

#[test]
fn texts_have_the_vectors_that_are_written_down() {
    let known = [
        (None, "gelu", true, 0x3be4_5423_9ae5_d97a),
        (Some(32), "quick_gelu", true, 0x80c4_659d_053b_c24e),
        (Some(32), "gelu", false, 0xf949_77c6_10cf_ab1c),
    ];
    let mut found = known;
    for (token_dim, activation, quantised, digest_found) in &mut found {
        let config = config(*token_dim, activation, RESNET);
        let (file, _) = random_weights("clip-text", &config.text_tensors(), *quantised, 5);
        let encoder = TextEncoder::from_gguf(&config, &file, VOCABULARY).expect("an encoder");
        let texts = ["the river", "", "THE RIVER in an old town, with 3 bridges 🌊"];
        *digest_found = digest(&texts.map(|text| encoder.encode(text).expect("a vector")));
    }
    assert_eq!(found, known);
}

#[test]
fn pictures_have_the_vectors_that_are_written_down() {
    let known = [
        (RESNET, true, 0xed8c_875d_d727_9c0d),
        (RESNET, false, 0x04ce_bf27_43ac_8316),
        (VIT, true, 0x04f0_66bb_174e_9180),
        (VIT, false, 0x518e_2ca5_9c19_c125),
    ];
    let mut found = known;
    for (tower, quantised, digest_found) in &mut found {
        let config = config(None, "gelu", tower);
        let (file, _) = random_weights("clip-image", &config.image_tensors(), *quantised, 6);
        let encoder = ImageEncoder::from_gguf(&config, &file).expect("an encoder");
        // Resized, too.
        let picture = image::RgbImage::from_fn(75, 50, |x, y| {
            image::Rgb([(x * 3) as u8, (y * 5) as u8, ((x * y) % 251) as u8])
        });
        let pixels = ImagePixels::from_rgb(&config.image, &picture).expect("pixels");
        *digest_found = digest(&[encoder.encode_pixels(&pixels).expect("a vector")]);
    }
    assert_eq!(found, known);
}
