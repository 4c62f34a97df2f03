//! Small pictures for lists and cards, so that a page need not load the large ones.

use image::imageops;
use jpeg_encoder::{ColorType, Encoder, EncodingError};

use super::picture::Picture;

/// JPEG quality, 1 to 100.
const QUALITY: u8 = 80;

/// The picture as a JPEG file whose longer side is at most `edge` pixels; it is never enlarged.
///
/// An error of the encoder is possible only for a picture without pixels.
pub fn thumbnail(picture: &Picture, edge: u16) -> Result<Vec<u8>, EncodingError> {
    let (width, height) = picture.rgb.dimensions();
    let longer = width.max(height).max(1);
    let edge = u32::from(edge.max(1)).min(longer);
    let scaled = |side: u32| {
        let side = (u64::from(side) * u64::from(edge) + u64::from(longer) / 2) / u64::from(longer);
        // At most `edge`.
        side.max(1) as u32
    };
    let small = imageops::thumbnail(&picture.rgb, scaled(width), scaled(height));
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, QUALITY);
    encoder.set_optimized_huffman_tables(true);
    encoder.encode(&small, small.width() as u16, small.height() as u16, ColorType::Rgb)?;
    Ok(file)
}
