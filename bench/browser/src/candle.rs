//! candle's towers of the same files, as a peer.

use clip_rs_bench_candle as candle;
use clip_rs_search::model::{ImagePixels, ModelConfig};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::encoders::Pixels;
use crate::thrown;

/// The text tower.
#[wasm_bindgen]
pub struct CandleText(candle::Text);

#[wasm_bindgen]
impl CandleText {
    /// From the files of a model package.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &[u8], gguf: &[u8]) -> Result<CandleText, JsError> {
        let config = ModelConfig::from_json(config).map_err(thrown)?;
        candle::Text::new(&config, gguf).map(CandleText).map_err(thrown)
    }

    /// `tokens: (tokens,) -> (embed_dim,)`, of length 1.
    pub fn encode_tokens(&self, tokens: &[u32]) -> Result<Vec<f32>, JsError> {
        self.0.encode_tokens(tokens).map_err(thrown)
    }
}

/// The image tower, if it is a vision transformer.
#[wasm_bindgen]
pub struct CandleImage(candle::Image, ModelConfig);

#[wasm_bindgen]
impl CandleImage {
    /// From the files of a model package.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &[u8], gguf: &[u8]) -> Result<CandleImage, JsError> {
        let config = ModelConfig::from_json(config).map_err(thrown)?;
        let tower = candle::Image::new(&config, gguf).map_err(thrown)?;
        Ok(CandleImage(tower, config))
    }

    /// Decodes and prepares a picture, as ours does.
    pub fn prepare(&self, file: &[u8]) -> Result<Pixels, JsError> {
        let picture = image::load_from_memory(file).map_err(thrown)?.into_rgb8();
        ImagePixels::from_rgb(&self.1.image, &picture).map(Pixels).map_err(thrown)
    }

    /// The embedding of a prepared picture, `(embed_dim,)`, of length 1.
    pub fn encode(&self, pixels: &Pixels) -> Result<Vec<f32>, JsError> {
        self.0.encode(&pixels.0).map_err(thrown)
    }
}
