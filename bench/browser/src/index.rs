//! The index of a shard.

use clip_rs_search::index::Neighbour;
use clip_rs_search::{Code, Embedding, Index};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::thrown;

/// An index as it is read from its file.
#[wasm_bindgen]
pub struct Nearest(Index);

#[wasm_bindgen]
impl Nearest {
    /// From the content of an index file.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: Vec<u8>) -> Result<Nearest, JsError> {
        Index::from_bytes(bytes).map(Nearest).map_err(thrown)
    }

    /// Ordinals of about the `k` nearest items; walks the graph.
    pub fn search(&self, query: Vec<f32>, k: usize) -> Result<Vec<u32>, JsError> {
        Ok(ordinals(self.0.search(&code(query)?, k)))
    }

    /// Ordinals of the `k` nearest items; looks at every one.
    pub fn exact(&self, query: Vec<f32>, k: usize) -> Result<Vec<u32>, JsError> {
        Ok(ordinals(self.0.exact(&code(query)?, k, |_| true)))
    }
}

pub(crate) fn code(query: Vec<f32>) -> Result<Code, JsError> {
    Code::new(&Embedding::new(query).map_err(thrown)?).map_err(thrown)
}

pub(crate) fn ordinals(found: Vec<Neighbour>) -> Vec<u32> {
    found.into_iter().map(|neighbour| neighbour.ordinal as u32).collect()
}
