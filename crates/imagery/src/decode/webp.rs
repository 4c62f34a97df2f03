//! WebP, with and without loss; of an animation the first frame.

use std::io::{Cursor, ErrorKind};

use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer};
use image_webp::{DecodingError, WebPDecoder};

use super::error::DecodeError;
use super::kind::Kind;
use super::note::Note;
use super::picture::Raw;

/// Bytes that decoding takes for each pixel beside the result: planes of brightness and colour, or a second copy.
pub(super) const DECODER_PIXEL_BYTES: u64 = 4;

/// A WebP whose header was read.
pub(super) struct WebP<'a> {
    decoder: WebPDecoder<Cursor<&'a [u8]>>,
}

impl<'a> WebP<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(|error| refused(&error))?;
        Ok(Self { decoder })
    }

    pub(super) fn size(&self) -> (u32, u32) {
        self.decoder.dimensions()
    }

    pub(super) fn orientation(&mut self) -> Orientation {
        // What cannot be read says nothing of how the picture is held.
        let exif = self.decoder.exif_metadata().ok().flatten();
        let exif = exif.as_deref().map(|exif| exif.strip_prefix(b"Exif\0\0").unwrap_or(exif));
        exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
    }

    /// Bytes of a pixel as it is decoded.
    pub(super) fn pixel_bytes(&self) -> u64 {
        if self.decoder.has_alpha() { 4 } else { 3 }
    }

    pub(super) fn decode(mut self, budget: u64) -> Result<Raw, DecodeError> {
        let short = || DecodeError::damaged(Kind::WebP, "its size does not hold together");
        self.decoder.set_memory_limit(usize::try_from(budget).unwrap_or(usize::MAX));
        let (width, height) = self.size();
        let orientation = self.orientation();
        let mut buffer = vec![0; self.decoder.output_buffer_size().ok_or_else(short)?];
        self.decoder.read_image(&mut buffer).map_err(|error| refused(&error))?;
        let image = match self.decoder.has_alpha() {
            true => ImageBuffer::from_raw(width, height, buffer).map(DynamicImage::ImageRgba8),
            false => ImageBuffer::from_raw(width, height, buffer).map(DynamicImage::ImageRgb8),
        };
        let mut raw = Raw::new(image.ok_or_else(short)?, orientation);
        raw.notes.extend(self.decoder.is_animated().then_some(Note::FirstFrame));
        Ok(raw)
    }
}

fn refused(error: &DecodingError) -> DecodeError {
    match error {
        DecodingError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            DecodeError::Truncated(Kind::WebP)
        }
        other => DecodeError::damaged(Kind::WebP, other),
    }
}
