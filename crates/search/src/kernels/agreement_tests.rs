//! Whole towers by every kernel that runs here: the same vectors, bit for bit. That other processors give these as well is
//! what `tests/same_everywhere.rs` holds against numbers that are written down.

// In a browser these run as they do here.
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

use super::choice::forcing;
use super::kernel::Kernel;
use crate::model::{ImageEncoder, ModelConfig, TextEncoder};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_browser);

/// A file of the embedded model.
macro_rules! file {
    ($name:literal) => {
        include_bytes!(concat!("../../../../models/rs-small/", $name)).as_slice()
    };
}

const TEXTS: [&str; 4] = [
    "storage tanks",
    "a house with a pool",
    "golf course",
    "an aerial photograph of a river that winds past many green trees",
];
const PICTURES: [&[u8]; 3] =
    [file!("golden-gradient.png"), file!("golden-noise.png"), file!("golden-shapes.png")];

/// The bits of the vectors of all texts and pictures, by `kernel`.
fn vectors(kernel: &'static Kernel) -> Vec<Vec<u32>> {
    forcing::with(kernel, || {
        let config = ModelConfig::from_json(file!("model.json")).expect("model.json");
        let text = TextEncoder::from_gguf(&config, file!("text.gguf"), file!("vocabulary.txt"))
            .expect("a text tower");
        let image = ImageEncoder::from_gguf(&config, file!("image.gguf")).expect("an image tower");
        let texts = TEXTS.map(|words| text.encode(words).expect("a vector"));
        let pictures = PICTURES.map(|picture| {
            let picture = image::load_from_memory(picture).expect("a PNG").into_rgb8();
            image.encode(&picture).expect("a vector")
        });
        let bits = |x: &f32| x.to_bits();
        texts.iter().chain(&pictures).map(|vector| vector.as_slice().iter().map(bits).collect()).collect()
    })
}

#[test]
fn the_embedded_model_gives_the_same_bits_by_every_kernel() {
    let expected = vectors(Kernel::best());
    let kernels = Kernel::available();
    assert!(kernels.len() > 1 || !cfg!(any(target_arch = "x86_64", target_feature = "simd128")));
    for kernel in kernels {
        for (at, (found, expected)) in vectors(kernel).iter().zip(&expected).enumerate() {
            assert!(found == expected, "{kernel:?} and {:?} differ in vector {at}", Kernel::best());
        }
    }
}
