//! PNG of every depth and colour, row by row where it is neither interlaced nor deeper than 8 bits.

use std::io::{Cursor, ErrorKind};

use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer};
use png::{BitDepth, ColorType, Decoder, DecodingError, Limits, Reader, Transformations};

use super::error::DecodeError;
use super::kind::Kind;
use super::note::Note;
use super::picture::Raw;
use super::rows::Rows;

/// Bytes that the decoder itself may take, beside the rows.
pub(super) const DECODER_BYTES: u64 = 1 << 20;

/// A PNG whose header was read.
pub(super) struct Png<'a> {
    reader: Reader<Cursor<&'a [u8]>>,
}

impl<'a> Png<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        // Rows of the widest picture that is read at all, four channels of 16 bits, twice.
        let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: 64 << 20 });
        decoder.set_transformations(Transformations::EXPAND);
        decoder.set_ignore_text_chunk(true);
        let reader = decoder.read_info().map_err(|error| refused(&error))?;
        Ok(Self { reader })
    }

    pub(super) fn size(&self) -> (u32, u32) {
        self.reader.info().size()
    }

    pub(super) fn orientation(&self) -> Orientation {
        let exif = self.reader.info().exif_metadata.as_deref();
        exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
    }

    /// Bytes of a pixel as it is decoded.
    pub(super) fn pixel_bytes(&self) -> u64 {
        let (colour, depth) = self.reader.output_color_type();
        (colour.samples() * if depth == BitDepth::Sixteen { 2 } else { 1 }) as u64
    }

    /// Whether its rows come one after the other, ready to be shown.
    pub(super) fn streams(&self) -> bool {
        !self.reader.info().interlaced && self.reader.output_color_type().1 == BitDepth::Eight
    }

    pub(super) fn decode(mut self) -> Result<Raw, DecodeError> {
        let short = || DecodeError::damaged(Kind::Png, "its size does not hold together");
        let (width, height) = self.size();
        let mut buffer = vec![0; self.reader.output_buffer_size().ok_or_else(short)?];
        self.reader.next_frame(&mut buffer).map_err(|error| refused(&error))?;
        let (colour, depth) = self.reader.output_color_type();
        let image = match (colour, depth) {
            (ColorType::Grayscale, BitDepth::Sixteen) => {
                ImageBuffer::from_raw(width, height, wide(&buffer)).map(DynamicImage::ImageLuma16)
            }
            (ColorType::GrayscaleAlpha, BitDepth::Sixteen) => {
                ImageBuffer::from_raw(width, height, wide(&buffer)).map(DynamicImage::ImageLumaA16)
            }
            (ColorType::Rgb, BitDepth::Sixteen) => {
                ImageBuffer::from_raw(width, height, wide(&buffer)).map(DynamicImage::ImageRgb16)
            }
            (ColorType::Rgba, BitDepth::Sixteen) => {
                ImageBuffer::from_raw(width, height, wide(&buffer)).map(DynamicImage::ImageRgba16)
            }
            (ColorType::Grayscale, _) => {
                ImageBuffer::from_raw(width, height, buffer).map(DynamicImage::ImageLuma8)
            }
            (ColorType::GrayscaleAlpha, _) => {
                ImageBuffer::from_raw(width, height, buffer).map(DynamicImage::ImageLumaA8)
            }
            (ColorType::Rgb, _) => ImageBuffer::from_raw(width, height, buffer).map(DynamicImage::ImageRgb8),
            (ColorType::Rgba, _) => {
                ImageBuffer::from_raw(width, height, buffer).map(DynamicImage::ImageRgba8)
            }
            // Expanded by the decoder.
            (ColorType::Indexed, _) => None,
        };
        let mut raw = Raw::new(image.ok_or_else(short)?, self.orientation());
        raw.notes.extend(self.reader.info().is_animated().then_some(Note::FirstFrame));
        Ok(raw)
    }
}

impl Rows for Png<'_> {
    fn channels(&self) -> usize {
        match self.reader.output_color_type().0 {
            ColorType::GrayscaleAlpha | ColorType::Rgba => 4,
            ColorType::Grayscale | ColorType::Rgb | ColorType::Indexed => 3,
        }
    }

    fn read(&mut self, row: &mut [u8]) -> Result<(), DecodeError> {
        let (colour, _) = self.reader.output_color_type();
        let read = self.reader.next_row().map_err(|error| refused(&error))?;
        let data = read.as_ref().ok_or(DecodeError::Truncated(Kind::Png))?.data();
        match colour {
            ColorType::Grayscale => {
                row.as_chunks_mut::<3>().0.iter_mut().zip(data).for_each(|(to, level)| *to = [*level; 3]);
            }
            ColorType::GrayscaleAlpha => {
                let pairs = data.as_chunks::<2>().0;
                let pixels = row.as_chunks_mut::<4>().0.iter_mut().zip(pixels_of(pairs));
                pixels.for_each(|(to, pixel)| *to = pixel);
            }
            ColorType::Rgb | ColorType::Rgba | ColorType::Indexed => {
                row.iter_mut().zip(data).for_each(|(to, level)| *to = *level);
            }
        }
        Ok(())
    }
}

fn pixels_of(pairs: &[[u8; 2]]) -> impl Iterator<Item = [u8; 4]> {
    pairs.iter().map(|[level, alpha]| [*level, *level, *level, *alpha])
}

/// Values of 16 bits, which PNG stores with the upper byte first.
fn wide(bytes: &[u8]) -> Vec<u16> {
    bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect()
}

fn refused(error: &DecodingError) -> DecodeError {
    match error {
        DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            DecodeError::Truncated(Kind::Png)
        }
        other => DecodeError::damaged(Kind::Png, other),
    }
}
