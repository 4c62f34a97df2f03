//! The networks that an image tower may be, and how `model.json` has them: one object whose `kind` says which of its fields count.

use serde::{Deserialize, Serialize};

/// Activation function of an MLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `x * Phi(x)`, with the error function.
    Gelu,
    /// `x * sigmoid(1.702 x)`.
    QuickGelu,
}

/// The network of an image tower.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", try_from = "TowerFields")]
pub enum Tower {
    /// Vision transformer (<https://arxiv.org/abs/2010.11929>) as in CLIP.
    Vit {
        /// Pixels a side of a patch; divides the image size.
        patch: usize,
        /// Width of the residual stream.
        width: usize,
        /// Number of layers.
        layers: usize,
        /// Attention heads; divides `width`.
        heads: usize,
        /// Width of the hidden layer of each MLP.
        mlp: usize,
        /// Activation of the MLPs.
        activation: Activation,
        /// Added to the variance in layer norms.
        layer_norm_eps: f64,
    },
    /// Residual convolutions with the batch norms folded in.
    Resnet {
        /// Channels after each convolution of the stem; each halves the size.
        stem: Vec<usize>,
        /// Stages; each but the first halves the size.
        stages: Vec<Stage>,
        /// Side of the residual blocks' kernels, odd.
        kernel: usize,
    },
    /// FastViT (<https://arxiv.org/abs/2303.14189>) with the branches that it was trained with, as MobileCLIP has it.
    Fastvit {
        /// Channels of the first of four stages; each doubles them and halves the size.
        width: usize,
        /// Blocks of each stage; those of the last are attention, 32 channels a head.
        blocks: [usize; 4],
        /// How many times as many channels the hidden layers have.
        mlp_ratio: usize,
    },
    /// The residual network of CLIP's paper: average pools in the place of strides, attention in that of the last pool.
    ModifiedResnet {
        /// Channels after the stem; the four stages have 4, 8, 16 and 32 times as many. Each but the first halves the size.
        width: usize,
        /// Bottleneck blocks of each stage.
        blocks: [usize; 4],
        /// Attention heads of the pooling; divides 32 times `width`.
        heads: usize,
    },
}

/// A run of residual blocks at one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Channels.
    pub width: usize,
    /// Residual blocks.
    pub blocks: usize,
}

/// All fields of all networks.
///
/// The derived reading of a tagged enum keeps a copy of all fields until it knows the tag, with code for each kind of value. That is
/// more than the rest of `model.json` takes in the worker that a first visit loads.
#[derive(Deserialize)]
struct TowerFields {
    kind: Kind,
    patch: Option<usize>,
    width: Option<usize>,
    layers: Option<usize>,
    heads: Option<usize>,
    mlp: Option<usize>,
    activation: Option<Activation>,
    layer_norm_eps: Option<f64>,
    stem: Option<Vec<usize>>,
    stages: Option<Vec<Stage>>,
    kernel: Option<usize>,
    blocks: Option<Vec<usize>>,
    mlp_ratio: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Vit,
    Resnet,
    Fastvit,
    ModifiedResnet,
}

impl TryFrom<TowerFields> for Tower {
    type Error = String;

    fn try_from(fields: TowerFields) -> Result<Self, String> {
        fn given<T>(field: Option<T>, name: &str) -> Result<T, String> {
            field.ok_or_else(|| format!("missing field `{name}` of image.tower"))
        }
        let width = || given(fields.width, "width");
        Ok(match fields.kind {
            Kind::Vit => Self::Vit {
                patch: given(fields.patch, "patch")?,
                width: width()?,
                layers: given(fields.layers, "layers")?,
                heads: given(fields.heads, "heads")?,
                mlp: given(fields.mlp, "mlp")?,
                activation: given(fields.activation, "activation")?,
                layer_norm_eps: given(fields.layer_norm_eps, "layer_norm_eps")?,
            },
            Kind::Resnet => Self::Resnet {
                stem: given(fields.stem, "stem")?,
                stages: given(fields.stages, "stages")?,
                kernel: given(fields.kernel, "kernel")?,
            },
            Kind::Fastvit => Self::Fastvit {
                width: width()?,
                blocks: four(given(fields.blocks, "blocks")?)?,
                mlp_ratio: given(fields.mlp_ratio, "mlp_ratio")?,
            },
            Kind::ModifiedResnet => Self::ModifiedResnet {
                width: width()?,
                blocks: four(given(fields.blocks, "blocks")?)?,
                heads: given(fields.heads, "heads")?,
            },
        })
    }
}

fn four(blocks: Vec<usize>) -> Result<[usize; 4], String> {
    blocks.try_into().map_err(|_| "image.tower.blocks are not four numbers".to_owned())
}
