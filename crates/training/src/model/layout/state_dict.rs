//! What open_clip's descriptions and state dicts have in common, whichever networks they are of.

use clip_rs_search::model::{Fit, Resize};
use clip_rs_stage::StageError;
use serde::Deserialize;

use super::picture::Prepared;
use crate::model::checkpoint::Checkpoint;

/// What pictures go through, in open_clip's description.
#[derive(Default, Deserialize)]
pub(super) struct Preprocessing {
    pub(super) mean: Option<[f32; 3]>,
    pub(super) std: Option<[f32; 3]>,
    pub(super) interpolation: Option<String>,
    pub(super) resize_mode: Option<String>,
}

impl Preprocessing {
    /// What pictures go through, as in `usual` where nothing is said.
    pub(super) fn or(self, usual: Prepared) -> Prepared {
        Prepared {
            mean: self.mean.unwrap_or(usual.mean),
            std: self.std.unwrap_or(usual.std),
            resize: match self.interpolation.as_deref() {
                None => usual.resize,
                Some("bilinear") => Resize::Bilinear,
                Some(_) => Resize::Bicubic,
            },
            fit: match self.resize_mode.as_deref() {
                None => usual.fit,
                Some("squash") => Fit::Squash,
                Some(_) => Fit::ShortSideCentreCrop,
            },
        }
    }
}

/// What the shapes of a state dict tell.
pub(super) struct Shapes<'a> {
    pub(super) checkpoint: &'a Checkpoint,
}

impl Shapes<'_> {
    /// The shape of a tensor that has to have `N` dimensions.
    pub(super) fn of<const N: usize>(&self, name: &str) -> Result<[usize; N], StageError> {
        let refuse =
            |why: String| StageError::content(self.checkpoint.path(), format!("tensor {name}: {why}"));
        let shape = self.checkpoint.shape(name);
        let shape = shape.ok_or_else(|| refuse("missing; a CLIP in OpenAI's names has it".to_owned()))?;
        shape.try_into().map_err(|_| refuse(format!("expected {N} dimensions, found shape {shape:?}")))
    }

    /// The side of the square that positions are of, which has one row more for all of it: the class, or the mean.
    pub(super) fn side(&self, name: &str, positions: usize) -> Result<usize, StageError> {
        let side = positions.saturating_sub(1).isqrt();
        if side.saturating_mul(side).saturating_add(1) != positions {
            let why = format!(
                "tensor {name}: expected a row for the whole picture and one for each place of a square, \
                 found {positions} rows"
            );
            return Err(StageError::content(self.checkpoint.path(), why));
        }
        Ok(side)
    }

    /// Number of `{prefix}0.`, `{prefix}1.`, ...
    pub(super) fn layers(&self, prefix: &str) -> usize {
        let numbers = self.checkpoint.names().filter_map(|name| name.strip_prefix(prefix)?.split('.').next());
        numbers.filter_map(|number| number.parse().ok()).max().map_or(0, |last: usize| last.saturating_add(1))
    }
}
