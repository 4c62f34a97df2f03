//! CLIP's towers as candle computes them from our own files: weights stay quantised as the file has them, and candle's quantised
//! layers multiply with them. A peer for the benchmarks, with the same weights and the same outputs; no product uses it.
//!
//! candle-transformers has no quantised CLIP, so its layers (`quantized_nn`) are put together here as its quantised models of
//! language are. Reference: `CLIPModel` in Hugging Face's transformers.

#![forbid(unsafe_code)]

mod image;
mod text;
mod transformer;

pub use image::Image;
pub use text::Text;

use candle_core::{D, Result, Tensor};

/// A vector of length 1 in the direction of `(1, dim)`.
fn direction(vector: &Tensor) -> Result<Vec<f32>> {
    let length = vector.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?;
    vector.broadcast_div(&length)?.squeeze(0)?.to_vec1()
}
