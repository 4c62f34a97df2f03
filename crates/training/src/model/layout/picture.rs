//! How a Hugging Face folder's pictures are prepared: `preprocessor_config.json`, of which there are several generations.

use std::path::Path;

use clip_rs_search::model::{Fit, Resize};
use clip_rs_stage::StageError;
use serde::Deserialize;

/// What pictures go through before the tower.
pub(super) struct Prepared {
    /// What is subtracted from red, green and blue.
    pub(super) mean: [f32; 3],
    /// What they are divided by after that.
    pub(super) std: [f32; 3],
    pub(super) resize: Resize,
    pub(super) fit: Fit,
}

#[derive(Default, Deserialize)]
struct Preprocessor {
    do_resize: Option<bool>,
    do_center_crop: Option<bool>,
    size: Option<Size>,
    crop_size: Option<Size>,
    resample: Option<u32>,
    image_mean: Option<[f32; 3]>,
    image_std: Option<[f32; 3]>,
}

#[derive(Deserialize)]
struct Processor {
    image_processor: Preprocessor,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Size {
    Side(usize),
    ShortSide { shortest_edge: usize },
    Both { height: usize, width: usize },
}

impl Prepared {
    /// CLIP's own.
    pub(super) const CLIP: Self = Self {
        mean: [0.481_454_66, 0.457_827_5, 0.408_210_72],
        std: [0.268_629_54, 0.261_302_6, 0.275_777_1],
        resize: Resize::Bicubic,
        fit: Fit::ShortSideCentreCrop,
    };

    /// What the folder says, for a tower that takes `image_size` pixels a side; `self` where it says nothing.
    pub(super) fn of(self, folder: &Path, image_size: usize) -> Result<Self, StageError> {
        let (own, shared) = (folder.join("preprocessor_config.json"), folder.join("processor_config.json"));
        let (path, found): (_, Preprocessor) = if own.is_file() {
            let found = super::read_json(&own)?;
            (own, found)
        } else if shared.is_file() {
            let Processor { image_processor } = super::read_json(&shared)?;
            (shared, image_processor)
        } else {
            return Ok(self);
        };
        let refuse = |what: &str| {
            let why = format!(
                "{what}; supported are a resize of both sides to {image_size} pixels, or one of the short side and a \
                 centre crop to {image_size} x {image_size}, bicubic or bilinear"
            );
            Err(StageError::content(&path, why))
        };
        if found.do_resize == Some(false) {
            return refuse("pictures are not resized");
        }
        let resize = match found.resample {
            None => self.resize,
            // As the Python imaging library numbers them.
            Some(2) => Resize::Bilinear,
            Some(3) => Resize::Bicubic,
            Some(other) => return refuse(&format!("resample is {other}")),
        };
        let fit = match found.size {
            None => self.fit,
            Some(Size::Both { height, width }) if (height, width) == (image_size, image_size) => Fit::Squash,
            Some(Size::ShortSide { shortest_edge }) if shortest_edge == image_size => {
                Fit::ShortSideCentreCrop
            }
            Some(Size::Side(side)) if side == image_size => self.fit,
            Some(_) => return refuse("size is another"),
        };
        if fit == Fit::ShortSideCentreCrop {
            if found.do_center_crop == Some(false) {
                return refuse("pictures are not cropped");
            }
            match found.crop_size {
                None => {}
                Some(Size::Side(side)) if side == image_size => {}
                Some(Size::Both { height, width }) if (height, width) == (image_size, image_size) => {}
                Some(_) => return refuse("crop_size is another"),
            }
        }
        let (mean, std) = (found.image_mean.unwrap_or(self.mean), found.image_std.unwrap_or(self.std));
        Ok(Self { mean, std, resize, fit })
    }
}
