//! From the depths that files have to 8 bits.
//!
//! Sensors of 10, 12 or 14 bits are often stored in 16: shown as they are, they would be nearly black. Where the
//! upper two bits are unused, values are brightened by a power of two, so that neighbouring tiles of one survey keep
//! their relative brightness and a 12-bit picture equals its 8-bit twin.

use image::{DynamicImage, GrayAlphaImage, GrayImage, RgbImage, RgbaImage};

use super::note::Note;

/// The picture with 8 bits a channel, and what was done beyond dropping the lower bits.
pub(super) fn to_8_bits(image: DynamicImage) -> (DynamicImage, Option<Note>) {
    let (width, height) = (image.width(), image.height());
    let (channels, alpha, values) = match image {
        DynamicImage::ImageLuma16(image) => (1, false, image.into_raw()),
        DynamicImage::ImageLumaA16(image) => (2, true, image.into_raw()),
        DynamicImage::ImageRgb16(image) => (3, false, image.into_raw()),
        DynamicImage::ImageRgba16(image) => (4, true, image.into_raw()),
        other => return (other, None),
    };
    let bits = used_bits(&values, channels, alpha);
    let narrow = bits <= 14;
    let level = |value: u16| match narrow {
        true => (value >> (bits - 8)).min(255) as u8,
        false => ((u32::from(value) + 128) / 257) as u8,
    };
    let full = |value: u16| value.div_ceil(257) as u8;
    let levels = values.chunks_exact(channels).flat_map(|pixel| {
        let last = pixel.len() - 1;
        pixel.iter().enumerate().map(move |(at, value)| match alpha && at == last {
            true => full(*value),
            false => level(*value),
        })
    });
    let levels: Vec<u8> = levels.collect();
    let image = match channels {
        1 => GrayImage::from_raw(width, height, levels).map(DynamicImage::from),
        2 => GrayAlphaImage::from_raw(width, height, levels).map(DynamicImage::from),
        3 => RgbImage::from_raw(width, height, levels).map(DynamicImage::from),
        _ => RgbaImage::from_raw(width, height, levels).map(DynamicImage::from),
    };
    // As many values came as go, so there is always a picture.
    (image.unwrap_or_default(), narrow.then_some(Note::Stretched { bits }))
}

/// Bits of the largest value that is shown, at least 8.
fn used_bits(values: &[u16], channels: usize, alpha: bool) -> u32 {
    let colours = channels - usize::from(alpha);
    let shown = values.chunks_exact(channels).filter(|pixel| !alpha || pixel[colours] != 0);
    let most = shown.flat_map(|pixel| &pixel[..colours]).max().copied().unwrap_or(0);
    (16 - most.leading_zeros()).max(8)
}
