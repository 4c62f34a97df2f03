//! Both towers in f32, made of operations that can be differentiated: what training changes the weights of.
//!
//! They compute what the engine's towers do (`crates/search/src/model/text.rs`, `vit.rs`, `resnet.rs`); a test holds them
//! together. Names are the checkpoint's.

use candle_core::{D, Device, IndexOp, Result, Tensor, bail};
use clip_rs_search::model::{ImageConfig, ModelConfig, Stage, TextConfig, Tower};

use super::convolution::convolve;
use super::transformer::{Sizes, layer_norm, multiply, transformer};
use super::weights::Tensors;

/// Texts as the text tower takes them.
pub(super) struct Tokens {
    /// `(texts, longest)`, u32; what follows a text's end is filled up, which a causal tower does not see.
    ids: Tensor,
    /// `(texts,)`: where in the flattened `ids` each text ends.
    ends: Tensor,
}

impl Tokens {
    /// Lines texts of different lengths up.
    pub(super) fn new(texts: &[&[u32]], device: &Device) -> Result<Self> {
        let longest = texts.iter().map(|text| text.len()).max().unwrap_or(0);
        let filled = texts.iter().flat_map(|text| (0..longest).map(|at| text.get(at).copied().unwrap_or(0)));
        let ends =
            texts.iter().enumerate().map(|(n, text)| (n * longest + text.len()).saturating_sub(1) as u32);
        let ids = Tensor::from_iter(filled, device)?.reshape((texts.len(), longest))?;
        Ok(Self { ids, ends: Tensor::from_iter(ends, device)? })
    }
}

/// Unit vectors of texts, `(texts, embed_dim)`.
pub(super) fn embed_texts(weights: &Tensors, config: &ModelConfig, tokens: &Tokens) -> Result<Tensor> {
    let TextConfig { layers, heads, activation, layer_norm_eps, token_dim, .. } = config.text;
    let (texts, longest) = tokens.ids.dims2()?;
    let part = |name| weights.get(&format!("text_model.embeddings.{name}.weight"));
    let x = part("token_embedding")?.index_select(&tokens.ids.flatten_all()?, 0)?;
    let x = if token_dim.is_some() { multiply(part("token_projection")?, &x)? } else { x };
    let x = x.reshape((texts, longest, ()))?.broadcast_add(&part("position_embedding")?.i(..longest)?)?;
    let sizes = Sizes { layers, heads, activation, layer_norm_eps, causal: true };
    let x = transformer(weights, "text_model.encoder", &sizes, x)?;
    let ends = x.flatten(0, 1)?.index_select(&tokens.ends, 0)?;
    let pooled = layer_norm(weights, "text_model.final_layer_norm", layer_norm_eps, &ends)?;
    unit(&multiply(weights.get("text_projection.weight")?, &pooled)?)
}

/// The embeddings of pictures, as the engine computes them: `(pictures, size, size, 3) -> (pictures, embed_dim)`.
pub(super) fn embed_pictures(weights: &Tensors, config: &ImageConfig, pixels: &Tensor) -> Result<Tensor> {
    let own = embed_views(weights, config, pixels)?;
    if !config.average_transpose {
        return Ok(own);
    }
    unit(&(own + embed_views(weights, config, &pixels.transpose(1, 2)?.contiguous()?)?)?)
}

/// Unit vectors of pictures as they are seen in training, where each is turned by chance:
/// `(pictures, size, size, 3) -> (pictures, embed_dim)`.
pub(super) fn embed_views(weights: &Tensors, config: &ImageConfig, pixels: &Tensor) -> Result<Tensor> {
    let pooled = match &config.tower {
        Tower::Vit { .. } => vision_transformer(weights, config, pixels)?,
        Tower::Resnet { stem, stages, .. } => resnet(weights, stem.len(), stages, pixels)?,
        Tower::Fastvit { .. } | Tower::ModifiedResnet { .. } => bail!("this network cannot be fine-tuned"),
    };
    unit(&multiply(weights.get("visual_projection.weight")?, &pooled)?)
}

fn unit(vectors: &Tensor) -> Result<Tensor> {
    vectors.broadcast_div(&(vectors.sqr()?.sum_keepdim(D::Minus1)? + 1e-12)?.sqrt()?)
}

/// `(pictures, size, size, 3) -> (pictures, width)`
fn vision_transformer(weights: &Tensors, config: &ImageConfig, pixels: &Tensor) -> Result<Tensor> {
    let Tower::Vit { patch, width, layers, heads, activation, layer_norm_eps, .. } = config.tower else {
        bail!("not a vision transformer");
    };
    let (pictures, side) = (pixels.dim(0)?, config.image_size / patch);
    let part = |name| weights.get(&format!("vision_model.embeddings.{name}"));
    // A convolution whose stride is its kernel is a product with each patch, (3, patch, patch).
    let patches = pixels.reshape(vec![pictures, side, patch, side, patch, 3])?;
    let patches = patches.permute(vec![0, 1, 3, 5, 2, 4])?.contiguous()?;
    let patches = patches.reshape((pictures, side * side, 3 * patch * patch))?;
    let patches = multiply(&part("patch_embedding.weight")?.flatten_from(1)?, &patches)?;
    let class = part("class_embedding")?.reshape((1, 1, width))?.broadcast_as((pictures, 1, width))?;
    let x = Tensor::cat(&[&class.contiguous()?, &patches], 1)?;
    let x = x.broadcast_add(part("position_embedding.weight")?)?;
    let x = layer_norm(weights, "vision_model.pre_layrnorm", layer_norm_eps, &x)?;
    let sizes = Sizes { layers, heads, activation, layer_norm_eps, causal: false };
    let x = transformer(weights, "vision_model.encoder", &sizes, x)?;
    let class = x.narrow(1, 0, 1)?.squeeze(1)?.contiguous()?;
    layer_norm(weights, "vision_model.post_layernorm", layer_norm_eps, &class)
}

/// `(pictures, size, size, 3) -> (pictures, last width)`; batch norms are folded into weights and biases.
fn resnet(weights: &Tensors, stem: usize, stages: &[Stage], pixels: &Tensor) -> Result<Tensor> {
    let convolution = |x: &Tensor, name: &str, stride| {
        let (weight, bias) = (weights.get(&format!("{name}.weight"))?, weights.get(&format!("{name}.bias"))?);
        convolve(x, weight, bias, stride)
    };
    let mut x = pixels.clone();
    for n in 0..stem {
        x = convolution(&x, &format!("vision_model.stem.{n}"), 2)?.relu()?;
    }
    for (n, stage) in stages.iter().enumerate() {
        let name = format!("vision_model.stages.{n}");
        if n > 0 {
            x = convolution(&x, &format!("{name}.down"), 2)?.relu()?;
        }
        for m in 0..stage.blocks {
            let hidden = convolution(&x, &format!("{name}.blocks.{m}.conv1"), 1)?.relu()?;
            x = (&x + convolution(&hidden, &format!("{name}.blocks.{m}.conv2"), 1)?)?.relu()?;
        }
    }
    x.flatten(1, 2)?.mean(1)
}
