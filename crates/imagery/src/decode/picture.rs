//! A decoded picture: upright, red, green and blue, with what it does not show made harmless.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage};

use super::depth;
use super::error::DecodeError;
use super::note::Note;

/// Standard deviation of a channel (levels of 255) below which a picture counts as one colour.
const FLAT: f64 = 1.5;

/// A picture as it is shown: upright, 8 bits a channel, taken as sRGB (colour profiles are not applied).
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// The pixels. Where nothing is shown they have the mean colour of those that are shown, so that what lay below
    /// transparency or beside the data decides nothing. An encoder is given [`Picture::mirrored`].
    pub rgb: RgbImage,
    /// 255 where a pixel is shown, 0 where it is transparent or has no data; none where all are shown.
    pub shown: Option<GrayImage>,
    /// How many of the file's pixels one pixel stands for in each direction: 1, or more where the whole would not
    /// have fitted into the memory that is allowed.
    pub reduced_by: u32,
    /// What was done to it on the way.
    pub notes: Vec<Note>,
}

/// What a format's decoder hands over.
pub(super) struct Raw {
    pub(super) image: DynamicImage,
    /// 0 where there is no data beside what an alpha channel says.
    pub(super) shown: Option<GrayImage>,
    pub(super) orientation: Orientation,
    pub(super) notes: Vec<Note>,
}

impl Raw {
    pub(super) fn new(image: DynamicImage, orientation: Orientation) -> Self {
        Self { image, shown: None, orientation, notes: Vec::new() }
    }
}

impl Picture {
    pub(super) fn finish(raw: Raw) -> Result<Self, DecodeError> {
        let Raw { image, shown, orientation, mut notes } = raw;
        let (image, note) = depth::to_8_bits(image);
        notes.extend(note);
        let shown = both(shown, alpha(&image));
        let mut rgb = image.into_rgb8();
        let shown = match shown {
            Some(shown) => hide(&mut rgb, shown, &mut notes)?,
            None => None,
        };
        let upright = |image: DynamicImage| {
            let mut image = image;
            image.apply_orientation(orientation);
            image
        };
        let rgb = upright(rgb.into()).into_rgb8();
        let shown = shown.map(|shown| upright(shown.into()).into_luma8());
        Ok(Self { rgb, shown, reduced_by: 1, notes })
    }

    /// Share of the pixels that are shown, above 0 and at most 1.
    pub fn shown_share(&self) -> f32 {
        let Some(shown) = &self.shown else { return 1.0 };
        let count = shown.pixels().filter(|Luma([level])| *level != 0).count();
        count as f32 / shown.pixels().len().max(1) as f32
    }

    /// Whether everything that is shown has about one colour: open water, a filled tile, a blank page.
    pub fn is_single_coloured(&self) -> bool {
        let colours = self.rgb.pixels().zip(visible(self.shown.as_ref())).filter(|(_, shown)| *shown);
        let (mut count, mut sums, mut squares) = (0_u64, [0_u64; 3], [0_u64; 3]);
        for (Rgb(levels), _) in colours {
            count += 1;
            for (channel, level) in levels.iter().enumerate() {
                sums[channel] += u64::from(*level);
                squares[channel] += u64::from(*level).pow(2);
            }
        }
        let count = count.max(1) as f64;
        let variance = |(sum, square): (&u64, &u64)| *square as f64 / count - (*sum as f64 / count).powi(2);
        sums.iter().zip(&squares).map(variance).all(|variance| variance < FLAT * FLAT)
    }
}

/// For each pixel whether it is shown.
fn visible(shown: Option<&GrayImage>) -> impl Iterator<Item = bool> {
    let levels = shown.map(|shown| shown.as_raw().as_slice());
    (0..).map(move |at| levels.is_none_or(|levels| levels.get(at).is_some_and(|level| *level != 0)))
}

/// Where a picture with an alpha channel is not fully transparent.
fn alpha(image: &DynamicImage) -> Option<GrayImage> {
    let levels: Vec<u8> = match image {
        DynamicImage::ImageLumaA8(image) => image.pixels().map(|pixel| pixel.0[1]).collect(),
        DynamicImage::ImageRgba8(image) => image.pixels().map(|pixel| pixel.0[3]).collect(),
        _ => return None,
    };
    let levels = levels.into_iter().map(|level| if level == 0 { 0 } else { 255 }).collect();
    GrayImage::from_raw(image.width(), image.height(), levels)
}

/// Shown where both show.
fn both(one: Option<GrayImage>, other: Option<GrayImage>) -> Option<GrayImage> {
    match (one, other) {
        (Some(mut one), Some(other)) => {
            one.iter_mut().zip(other.iter()).for_each(|(one, other)| *one &= *other);
            Some(one)
        }
        (one, other) => one.or(other),
    }
}

/// Gives the pixels that are not shown the mean colour of the others; none where all are shown.
fn hide(
    rgb: &mut RgbImage,
    shown: GrayImage,
    notes: &mut Vec<Note>,
) -> Result<Option<GrayImage>, DecodeError> {
    let (mut count, mut sums) = (0_u64, [0_u64; 3]);
    for (Rgb(levels), _) in rgb.pixels().zip(shown.iter()).filter(|(_, shown)| **shown != 0) {
        count += 1;
        levels.iter().zip(&mut sums).for_each(|(level, sum)| *sum += u64::from(*level));
    }
    let all = shown.len() as u64;
    if count == 0 {
        return Err(DecodeError::NoData);
    }
    if count == all {
        return Ok(None);
    }
    let mean = Rgb(sums.map(|sum| ((sum + count / 2) / count) as u8));
    for (pixel, _) in rgb.pixels_mut().zip(shown.iter()).filter(|(_, shown)| **shown == 0) {
        *pixel = mean;
    }
    notes.push(Note::Hidden { share: (all - count) as f32 / all as f32 });
    Ok(Some(shown))
}
