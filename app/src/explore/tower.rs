//! The image tower, fetched when a picture is first asked about, and the pictures that it is shown.

use std::cell::RefCell;
use std::rc::Rc;

use clip_rs_catalog::FileRef;
use clip_rs_search::model::{ImageTower, ModelConfig};
use futures::future::try_join;
use image::RgbImage;

use crate::engine::{self, Pages, refused, unusable};
use crate::protocol::{Failure, Message, Progress};
use crate::serve::say;

/// Most pixels of a picture; the page sends smaller ones.
const MAX_PIXELS: u64 = 1 << 24;

/// The tower, once it is here.
#[derive(Default)]
pub struct Tower(RefCell<Option<(String, Rc<dyn ImageTower>)>>);

impl Tower {
    /// The image tower of the catalog that is open.
    pub async fn get(&self, pages: &Pages) -> Result<Rc<dyn ImageTower>, Failure> {
        let model = &pages.manifest().model;
        if let Some((name, tower)) = &*self.0.borrow()
            && *name == model.image
        {
            return Ok(Rc::clone(tower));
        }
        let file: FileRef =
            pages.manifest().file(&model.image).map_err(|error| unusable(&model.image, &error))?.clone();
        let progress = RefCell::new(Progress::starting([("Image model", &file)]));
        let arrived = |done| {
            progress.borrow_mut().arrived(&file.name, done);
            say(&Message::Progress(progress.borrow().clone()));
        };
        let (config, weights) =
            try_join(pages.file(&model.config, &|_| {}), pages.file(&model.image, &arrived)).await?;
        let config = ModelConfig::from_json(&config).map_err(|error| unusable(&model.config, &error))?;
        let tower: Rc<dyn ImageTower> = engine::tower::image(&config, &model.image, weights)?.into();
        *self.0.borrow_mut() = Some((model.image.clone(), Rc::clone(&tower)));
        Ok(tower)
    }
}

/// A picture from red, green, blue and alpha of each pixel, row by row. What is transparent shows white behind it, as on a page.
pub fn picture(width: u32, height: u32, rgba: &[u8]) -> Result<RgbImage, Failure> {
    let pixels = u64::from(width) * u64::from(height);
    let (rgba, rest) = rgba.as_chunks::<4>();
    if pixels == 0 || pixels > MAX_PIXELS || rgba.len() as u64 != pixels || !rest.is_empty() {
        return Err(refused(&format!("{} pixels are no picture of {width} x {height}.", rgba.len())));
    }
    let over_white = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
    };
    let rgb = rgba.iter().flat_map(|[r, g, b, alpha]| [r, g, b].map(|value| over_white(*value, *alpha)));
    RgbImage::from_raw(width, height, rgb.collect()).ok_or_else(|| refused("That is no picture."))
}

#[cfg(test)]
mod tests {
    use super::picture;

    #[test]
    fn pixels_become_a_picture_on_white() {
        let rgba = [10, 20, 30, 255, 0, 0, 0, 0];
        let made = picture(2, 1, &rgba).expect("a picture");
        assert_eq!(made.as_raw(), &[10, 20, 30, 255, 255, 255]);
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        for (width, height, bytes) in [(0, 0, 0), (2, 2, 15), (2, 2, 17), (u32::MAX, u32::MAX, 4), (1, 2, 4)]
        {
            assert!(picture(width, height, &vec![0; bytes]).is_err(), "{width} x {height}, {bytes}");
        }
    }
}
