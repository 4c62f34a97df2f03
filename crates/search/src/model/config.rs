//! `model.json`: the architecture of a model, with every number checked before anything is built from it.

use serde::{Deserialize, Serialize};

use super::ModelError;
use super::tower::{Activation, Tower};

/// The only version of the package format that is read.
const FORMAT: u32 = 1;
/// Longest `model.json` that is parsed, bytes.
const MAX_JSON: usize = 1 << 20;

/// Everything that `model.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// Format version, 1.
    pub format: u32,
    /// Who computes it; absent where it is the engine of this crate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<Architecture>,
    /// The model's short name, such as `rs-small`.
    pub name: String,
    /// The name as people read it.
    #[serde(default)]
    pub title: String,
    /// Components of an embedding.
    pub embed_dim: usize,
    /// What cosines are multiplied by before a softmax (CLIP's `exp(logit_scale)`), 1..=200.
    pub logit_scale: f32,
    /// Where the weights come from: data, recipe, checkpoint.
    #[serde(default)]
    pub provenance: String,
    /// Licence of the weights.
    #[serde(default)]
    pub licence: String,
    /// The tokenizer.
    pub tokenizer: TokenizerConfig,
    /// The text tower.
    pub text: TextConfig,
    /// The image tower and what pictures go through before it.
    pub image: ImageConfig,
}

/// An architecture that the engine of this crate does not know. The crate `towers` runs these, and a page that shows such
/// a catalog loads another worker for it. Where the fields of a tower leave something open, the architecture decides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// SigLIP and SigLIP 2 of a fixed resolution (<https://arxiv.org/abs/2303.15343>, <https://arxiv.org/abs/2502.14786>).
    /// GELU is its approximation by tanh.
    Siglip,
    /// Chinese-CLIP (<https://arxiv.org/abs/2211.01335>): a BERT for texts, CLIP's vision transformer for pictures.
    ChineseClip,
    /// MobileCLIP (<https://arxiv.org/abs/2311.17049>): open_clip's text tower without a causal mask, FastViT for pictures.
    MobileClip,
    /// CLIP with a residual network for pictures (<https://arxiv.org/abs/2103.00020>): OpenAI's RN50 to RN50x64.
    ClipResnet,
}

impl Architecture {
    /// Its name in `model.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Siglip => "siglip",
            Self::ChineseClip => "chinese_clip",
            Self::MobileClip => "mobile_clip",
            Self::ClipResnet => "clip_resnet",
        }
    }

    /// Whether the package's vocabulary is a `tokenizer.json`, instead of CLIP's byte pairs.
    pub fn has_own_tokenizer(self) -> bool {
        matches!(self, Self::Siglip | Self::ChineseClip)
    }
}

/// The tokenizer: CLIP's byte pairs, or what a `tokenizer.json` describes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenizerConfig {
    /// The vocabulary's file name in the package; empty in a folder that is not packed yet.
    #[serde(default)]
    pub file: String,
    /// Number of tokens, start and end included.
    pub vocab_size: usize,
    /// Token that opens every text; 0, or absent, where a `tokenizer.json` says it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub start: u32,
    /// Token that closes every text; 0, or absent, where a `tokenizer.json` says it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub end: u32,
    /// Token that fills texts up, where the model was trained to see it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pad: u32,
    /// Whether texts are put in lower case, where a `tokenizer.json` does not say it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lowercase: bool,
}

/// The text tower: a transformer, causal but for some architectures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextConfig {
    /// The weights' file name in the package; empty in a folder that is not packed yet.
    #[serde(default)]
    pub file: String,
    /// Most tokens of a text, start and end included.
    pub context_length: usize,
    /// Width of the token table where that is factorised; absent when it is `width`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_dim: Option<usize>,
    /// Width of the residual stream.
    pub width: usize,
    /// Number of layers.
    pub layers: usize,
    /// Attention heads; divides `width`.
    pub heads: usize,
    /// Width of the hidden layer of each MLP.
    pub mlp: usize,
    /// Activation of the MLPs.
    pub activation: Activation,
    /// Added to the variance in layer norms.
    pub layer_norm_eps: f64,
}

/// The image tower, and how a picture becomes its input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageConfig {
    /// The weights' file name in the package; empty in a folder that is not packed yet.
    #[serde(default)]
    pub file: String,
    /// Pixels a side.
    pub image_size: usize,
    /// Subtracted from red, green and blue, which run from 0 to 1.
    pub mean: [f32; 3],
    /// What red, green and blue are divided by after that.
    pub std: [f32; 3],
    /// How a picture is resized.
    pub resize: Resize,
    /// How a picture that is not square is made so.
    pub fit: Fit,
    /// Whether a picture's embedding is the mean of its own and of its transpose's. What is seen from above has no
    /// upright, so a second look at it is another sample of the same; it costs as much as the first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub average_transpose: bool,
    /// The network.
    pub tower: Tower,
}

/// Interpolation for resizing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resize {
    /// Cubic convolution with a = -0.5, widened when shrinking.
    Bicubic,
    /// A triangle, widened when shrinking.
    Bilinear,
}

/// From a rectangle to a square.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// The short side is brought to the size, what sticks out of the long side is cut off on both ends.
    ShortSideCentreCrop,
    /// Both sides are brought to the size, whatever becomes of the picture's proportions.
    Squash,
}

impl ModelConfig {
    /// Reads and checks the content of a `model.json`.
    pub fn from_json(json: &[u8]) -> Result<Self, ModelError> {
        within("length in bytes", json.len(), 2, MAX_JSON)?;
        let config: Self = serde_json::from_slice(json)?;
        config.validate()?;
        Ok(config)
    }

    /// Checks that every number is in its range and that they fit together.
    pub fn validate(&self) -> Result<(), ModelError> {
        if self.format != FORMAT {
            return Err(ModelError::config("format", self.format, FORMAT.to_string()));
        }
        within("embed_dim", self.embed_dim, 1, crate::code::MAX_DIM)?;
        if !(1.0..=200.0).contains(&self.logit_scale) {
            return Err(ModelError::config("logit_scale", self.logit_scale, "1 to 200"));
        }
        match self.architecture {
            Some(architecture) if architecture.has_own_tokenizer() => self.tokenizer.validate_own()?,
            _ => self.tokenizer.validate()?,
        }
        self.text.validate()?;
        self.image.validate()?;
        let fits = match self.image.tower {
            Tower::Vit { .. } => {
                !matches!(self.architecture, Some(Architecture::MobileClip | Architecture::ClipResnet))
            }
            Tower::Resnet { .. } => self.architecture.is_none(),
            Tower::Fastvit { .. } => self.architecture == Some(Architecture::MobileClip),
            Tower::ModifiedResnet { .. } => self.architecture == Some(Architecture::ClipResnet),
        };
        if !fits {
            let architecture = self.architecture.map_or("none", Architecture::name);
            let found = "a tower of another architecture";
            return Err(ModelError::config(
                "image.tower",
                found,
                format!("one for architecture {architecture}"),
            ));
        }
        Ok(())
    }

    /// That the engine of this crate computes this model.
    pub(crate) fn expect_ours(&self) -> Result<(), ModelError> {
        self.architecture.map_or(Ok(()), |architecture| Err(ModelError::Architecture(architecture.name())))
    }
}

impl TokenizerConfig {
    fn validate(&self) -> Result<(), ModelError> {
        // 512 byte tokens, a merge, start and end; a token is a u16.
        within("tokenizer.vocab_size", self.vocab_size, 515, 65_535)?;
        if self.start as usize != self.vocab_size - 2 {
            return Err(ModelError::config("tokenizer.start", self.start, "the last token but one"));
        }
        if self.end as usize != self.vocab_size - 1 {
            return Err(ModelError::config("tokenizer.end", self.end, "the last token"));
        }
        Ok(())
    }

    /// The same where a `tokenizer.json` says more.
    fn validate_own(&self) -> Result<(), ModelError> {
        within("tokenizer.vocab_size", self.vocab_size, 2, 1 << 20)?;
        within("tokenizer.pad", self.pad as usize, 0, self.vocab_size - 1)
    }
}

impl TextConfig {
    /// Width of a row of the token table.
    pub fn token_width(&self) -> usize {
        self.token_dim.unwrap_or(self.width)
    }

    fn validate(&self) -> Result<(), ModelError> {
        within("text.context_length", self.context_length, 3, 1024)?;
        within("text.token_dim", self.token_width(), 1, 4096)?;
        within("text.width", self.width, 1, 4096)?;
        within("text.layers", self.layers, 1, 64)?;
        within("text.mlp", self.mlp, 1, 16_384)?;
        divides("text.heads", self.heads, self.width)?;
        attention("text.heads", self.heads, self.context_length)?;
        small("text.layer_norm_eps", self.layer_norm_eps)
    }
}

impl ImageConfig {
    fn validate(&self) -> Result<(), ModelError> {
        within("image.image_size", self.image_size, 8, 1024)?;
        if let Some(mean) = self.mean.iter().find(|mean| !(0.0..=1.0).contains(*mean)) {
            return Err(ModelError::config("image.mean", mean, "0 to 1"));
        }
        if let Some(std) = self.std.iter().find(|std| !(0.01..=10.0).contains(*std)) {
            return Err(ModelError::config("image.std", std, "0.01 to 10"));
        }
        match &self.tower {
            Tower::Vit { patch, width, layers, heads, mlp, layer_norm_eps, .. } => {
                divides("image.tower.patch", *patch, self.image_size)?;
                within("image.tower.width", *width, 1, 4096)?;
                within("image.tower.layers", *layers, 1, 64)?;
                within("image.tower.mlp", *mlp, 1, 16_384)?;
                divides("image.tower.heads", *heads, *width)?;
                within("patches of a picture", (self.image_size / patch).pow(2), 1, 1024)?;
                attention("image.tower.heads", *heads, (self.image_size / patch).pow(2))?;
                small("image.tower.layer_norm_eps", *layer_norm_eps)
            }
            Tower::Fastvit { width, blocks, mlp_ratio } => {
                within("image.tower.width", *width, 16, 256)?;
                // Eight times as many in the last stage, which are shared out among heads of 32.
                multiple("image.tower.width", *width, 16)?;
                within("image.tower.mlp_ratio", *mlp_ratio, 1, 8)?;
                multiple("image.image_size", self.image_size, 64)?;
                // No map is larger than the stem's.
                within("numbers of a feature map", width * (self.image_size / 2).pow(2), 1, MAX_MAP)?;
                blocks.iter().try_for_each(|&blocks| within("image.tower.blocks", blocks, 1, 32))
            }
            Tower::ModifiedResnet { width, blocks, heads } => {
                within("image.tower.width", *width, 2, 256)?;
                // The stem begins with half of it.
                multiple("image.tower.width", *width, 2)?;
                multiple("image.image_size", self.image_size, 32)?;
                // No map is larger than the stem's.
                within("numbers of a feature map", width * (self.image_size / 2).pow(2), 1, MAX_MAP)?;
                divides("image.tower.heads", *heads, 32 * width)?;
                blocks.iter().try_for_each(|&blocks| within("image.tower.blocks", blocks, 1, 64))
            }
            Tower::Resnet { stem, stages, kernel } => {
                within("length of image.tower.stem", stem.len(), 1, 4)?;
                within("length of image.tower.stages", stages.len(), 1, 6)?;
                within("image.tower.kernel", *kernel, 1, 7)?;
                if kernel % 2 == 0 {
                    return Err(ModelError::config("image.tower.kernel", kernel, "an odd number"));
                }
                stem.iter().try_for_each(|&width| within("image.tower.stem", width, 1, 4096))?;
                for stage in stages {
                    within("image.tower.stages.width", stage.width, 1, 4096)?;
                    within("image.tower.stages.blocks", stage.blocks, 0, 32)?;
                }
                let first = stages[0].width;
                match stem.last() {
                    Some(&last) if last == first => Ok(()),
                    _ => Err(ModelError::config(
                        "image.tower.stages.0.width",
                        first,
                        "the last width of the stem",
                    )),
                }
            }
        }
    }
}

/// Most numbers of one picture's map that a network holds between two layers: 32 MB in f32.
const MAX_MAP: usize = 1 << 23;
/// Most numbers of attention that a layer holds: 64 MB in f32. The largest towers in use have half of it.
const MAX_ATTENTION: usize = 1 << 24;

/// Every head holds a number for each pair of tokens.
fn attention(field: &'static str, heads: usize, tokens: usize) -> Result<(), ModelError> {
    let numbers = heads.saturating_mul(tokens.saturating_mul(tokens));
    if numbers <= MAX_ATTENTION {
        return Ok(());
    }
    Err(ModelError::config(
        field,
        heads,
        format!("at most {} for {tokens} tokens", MAX_ATTENTION / (tokens * tokens)),
    ))
}

fn within(field: &'static str, value: usize, min: usize, max: usize) -> Result<(), ModelError> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(ModelError::config(field, value, format!("{min} to {max}")))
}

fn divides(field: &'static str, value: usize, whole: usize) -> Result<(), ModelError> {
    if value > 0 && whole.is_multiple_of(value) {
        return Ok(());
    }
    Err(ModelError::config(field, value, format!("a divisor of {whole}")))
}

fn multiple(field: &'static str, value: usize, of: usize) -> Result<(), ModelError> {
    if value.is_multiple_of(of) {
        return Ok(());
    }
    Err(ModelError::config(field, value, format!("a multiple of {of}")))
}

fn small(field: &'static str, eps: f64) -> Result<(), ModelError> {
    if (1e-12..=1e-2).contains(&eps) {
        return Ok(());
    }
    Err(ModelError::config(field, eps, "1e-12 to 1e-2"))
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}
