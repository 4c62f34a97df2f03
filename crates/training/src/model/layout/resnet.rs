//! The image tower of a CLIP with a residual network, in a state dict with OpenAI's names. Its package keeps them.
//!
//! Reference: `ModifiedResNet` in OpenAI's CLIP and in open_clip. Sizes are told from shapes; what cannot be told from them
//! is the number of heads, which follows from the width in all of them.

use clip_rs_search::model::Tower;
use clip_rs_stage::StageError;

use super::state_dict::Shapes;

/// Positions of the attention pooling: the mean's, and those of the last map.
const POSITIONS: &str = "visual.attnpool.positional_embedding";
/// Pixels a side that the last map has one number for.
const STRIDE: usize = 32;
/// Width of a head of the attention pooling.
const HEAD_WIDTH: usize = 64;

/// Whether the image tower is one.
pub(super) fn is_one(shapes: &Shapes<'_>) -> bool {
    shapes.checkpoint.shape(POSITIONS).is_some()
}

/// Whether a tensor of ours is of such a tower, and is called the same there.
pub(super) fn has(name: &str) -> bool {
    name.starts_with("visual.")
}

/// Pixels a side and the tower.
pub(super) fn image(shapes: &Shapes<'_>) -> Result<(usize, Tower), StageError> {
    let [positions, pooled] = shapes.of(POSITIONS)?;
    let [width, _, _, _] = shapes.of("visual.conv3.weight")?;
    let blocks = [1, 2, 3, 4].map(|n| shapes.layers(&format!("visual.layer{n}.")));
    let tower = Tower::ModifiedResnet { width, blocks, heads: pooled / HEAD_WIDTH };
    Ok((shapes.side(POSITIONS, positions)?.saturating_mul(STRIDE), tower))
}
