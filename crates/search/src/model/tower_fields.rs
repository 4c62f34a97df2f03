//! The network of an image tower as `model.json` has it: one object whose `kind` says which of its fields count.
//!
//! The derived reading of a tagged enum keeps a copy of all fields until it knows the tag, with code for each kind of value. That is
//! more than the rest of `model.json` takes in the worker that a first visit loads.

use serde::Deserialize;

use super::config::{Activation, Stage, Tower};

/// All fields of all networks.
#[derive(Deserialize)]
pub(super) struct TowerFields {
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
