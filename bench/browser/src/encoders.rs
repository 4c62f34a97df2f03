//! The two encoders.

use clip_rs_search::model::{ImageEncoder, ImagePixels, ModelConfig, TextEncoder};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::thrown;

/// The text encoder.
#[wasm_bindgen]
pub struct Text(TextEncoder);

#[wasm_bindgen]
impl Text {
    /// From the files of a model package.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &[u8], gguf: Vec<u8>, vocabulary: &[u8]) -> Result<Text, JsError> {
        let config = ModelConfig::from_json(config).map_err(thrown)?;
        TextEncoder::from_gguf(&config, gguf, vocabulary).map(Text).map_err(thrown)
    }

    /// Tokens of a text, start and end included.
    pub fn tokenize(&self, text: &str) -> Vec<u32> {
        self.0.tokenize(text)
    }

    /// `tokens: (tokens,) -> (embed_dim,)`, of length 1.
    pub fn encode_tokens(&self, tokens: &[u32]) -> Result<Vec<f32>, JsError> {
        self.0.encode_tokens(tokens).map(Vec::from).map_err(thrown)
    }

    /// The embedding of a text, `(embed_dim,)`, of length 1.
    pub fn encode(&self, text: &str) -> Result<Vec<f32>, JsError> {
        self.0.encode(text).map(Vec::from).map_err(thrown)
    }
}

/// The image encoder.
#[wasm_bindgen]
pub struct Image(ImageEncoder);

/// A picture prepared for an image encoder.
#[wasm_bindgen]
pub struct Pixels(pub(crate) ImagePixels);

#[wasm_bindgen]
impl Image {
    /// From the files of a model package.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &[u8], gguf: Vec<u8>) -> Result<Image, JsError> {
        let config = ModelConfig::from_json(config).map_err(thrown)?;
        ImageEncoder::from_gguf(&config, gguf).map(Image).map_err(thrown)
    }

    /// Decodes and prepares a picture.
    pub fn prepare(&self, file: &[u8]) -> Result<Pixels, JsError> {
        let picture = image::load_from_memory(file).map_err(thrown)?.into_rgb8();
        ImagePixels::from_rgb(self.0.config(), &picture).map(Pixels).map_err(thrown)
    }

    /// The embedding of a prepared picture, `(embed_dim,)`, of length 1.
    pub fn encode(&self, pixels: &Pixels) -> Result<Vec<f32>, JsError> {
        self.0.encode_pixels(&pixels.0).map(Vec::from).map_err(thrown)
    }
}

#[wasm_bindgen]
impl Pixels {
    /// The normalised numbers, `(size, size, 3)`.
    pub fn values(&self) -> Vec<f32> {
        self.0.values().to_vec()
    }
}
