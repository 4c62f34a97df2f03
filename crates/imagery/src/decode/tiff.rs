//! TIFF as a picture: grey or colour, 8 or 16 bits, other numbers by their range, with no-data values.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Primitive, Rgb};
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError};

use super::error::DecodeError;
use super::kind::Kind;
use super::note::Note;
use super::picture::Raw;

/// What `ExtraSamples` says of a band that is an alpha channel, premultiplied or not.
const ALPHA: [u16; 2] = [1, 2];

/// A TIFF whose first directory was read.
pub(super) struct Tiff<'a> {
    decoder: Decoder<Cursor<&'a [u8]>>,
    size: (u32, u32),
    colour: ColorType,
    /// Samples a pixel in the file.
    samples: usize,
}

impl<'a> Tiff<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(refused)?;
        let size = decoder.dimensions().map_err(refused)?;
        let colour = decoder.colortype().map_err(refused)?;
        let samples = decoder.find_tag_unsigned::<u16>(Tag::SamplesPerPixel).map_err(refused)?;
        let samples = usize::from(samples.unwrap_or(1)).max(1);
        if !matches!(colour.bit_depth(), 8 | 16 | 32 | 64) {
            return Err(DecodeError::Unsupported(format!("TIFF with {} bits a sample", colour.bit_depth())));
        }
        let drawn = matches!(
            colour,
            ColorType::Gray(_)
                | ColorType::GrayA(_)
                | ColorType::RGB(_)
                | ColorType::RGBA(_)
                | ColorType::Multiband { .. }
        );
        if !drawn {
            return Err(DecodeError::Unsupported(format!("TIFF of colours {colour:?}")));
        }
        Ok(Self { decoder, size, colour, samples })
    }

    pub(super) fn size(&self) -> (u32, u32) {
        self.size
    }

    pub(super) fn orientation(&mut self) -> Orientation {
        let tag = self.decoder.find_tag_unsigned::<u8>(Tag::Orientation).ok().flatten();
        tag.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms)
    }

    /// Bytes of a pixel as it is decoded, and while its planes are put together.
    pub(super) fn pixel_bytes(&self) -> u64 {
        let bytes = self.samples as u64 * u64::from(self.colour.bit_depth() / 8);
        // Numbers that are no levels become floats first.
        bytes * 2 + if self.colour.bit_depth() > 16 { 16 } else { 0 }
    }

    pub(super) fn decode(mut self, budget: u64) -> Result<Raw, DecodeError> {
        let orientation = self.orientation();
        let bytes = usize::try_from(budget).unwrap_or(usize::MAX);
        let mut limits = Limits::default();
        (limits.decoding_buffer_size, limits.intermediate_buffer_size) = (bytes, bytes);
        self.decoder = self.decoder.with_limits(limits);
        let mut values = DecodingResult::U8(Vec::new());
        let layout = self.decoder.read_image_to_buffer(&mut values).map_err(refused)?;
        let bands =
            Bands { size: self.size, planes: layout.planes, alpha: self.alpha(), nodata: self.nodata() };
        let mut raw = match values {
            DecodingResult::U8(values) => bands.raw(values, |colours, _, _| colours),
            DecodingResult::U16(values) => bands.raw(values, |colours, _, _| colours),
            other => bands.raw(numbers(other), ranged),
        }?;
        raw.orientation = orientation;
        Ok(raw)
    }

    /// The band that is an alpha channel. A fourth band that is not said to be one is not: it is near infrared.
    fn alpha(&mut self) -> Option<usize> {
        let extra = self.decoder.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples).ok().flatten()?;
        let at = extra.iter().position(|meaning| ALPHA.contains(meaning))?;
        Some(self.samples.checked_sub(extra.len())? + at)
    }

    /// The value that stands for "no data".
    fn nodata(&mut self) -> Option<f64> {
        let text = self.decoder.get_tag_ascii_string(Tag::GdalNodata).ok()?;
        text.trim_matches(|c: char| c == '\0' || c.is_whitespace()).parse().ok()
    }
}

/// How the numbers of a file become a picture.
struct Bands {
    size: (u32, u32),
    planes: usize,
    alpha: Option<usize>,
    nodata: Option<f64>,
}

impl Bands {
    /// The colours as `levels` makes them of the numbers, which pixels are shown and the notes so far.
    fn raw<T, L>(
        &self,
        values: Vec<T>,
        levels: impl FnOnce(Vec<T>, &[u8], &mut Vec<Note>) -> Vec<L>,
    ) -> Result<Raw, DecodeError>
    where
        T: Copy + Default + Into<f64>,
        L: Level,
    {
        let (width, height) = self.size;
        let pixels = width as usize * height as usize;
        let values = interleaved(values, self.planes, pixels);
        let count = values.len() / pixels.max(1);
        if pixels == 0 || count == 0 || values.len() != pixels * count {
            return Err(DecodeError::damaged(Kind::Tiff, "its size does not hold together"));
        }
        let colours = if count - usize::from(self.alpha.is_some()) >= 3 { 3 } else { 1 };
        let mut kept = Vec::with_capacity(pixels * colours);
        let mut shown = Vec::with_capacity(pixels);
        for pixel in values.chunks_exact(count) {
            let visible = self.shows(pixel, colours);
            shown.push(if visible { 255 } else { 0 });
            // What is hidden must not decide the range of the others.
            kept.extend(pixel[..colours].iter().map(|value| if visible { *value } else { T::default() }));
        }
        let mut notes = Vec::new();
        let left_out = count - colours - usize::from(self.alpha.is_some());
        notes.extend((left_out > 0).then_some(Note::BandsLeftOut { count: left_out }));
        let image = L::image(colours, self.size, levels(kept, &shown, &mut notes));
        let image =
            image.ok_or_else(|| DecodeError::damaged(Kind::Tiff, "its size does not hold together"))?;
        let shown = GrayImage::from_raw(width, height, shown);
        Ok(Raw { shown, notes, ..Raw::new(image, Orientation::NoTransforms) })
    }

    fn shows<T: Copy + Into<f64>>(&self, pixel: &[T], colours: usize) -> bool {
        let opaque = self.alpha.and_then(|at| pixel.get(at)).is_none_or(|alpha| (*alpha).into() != 0.0);
        let mut numbers = pixel[..colours].iter().map(|value| -> f64 { (*value).into() });
        // A float in the file is compared as one, as the value is written with fewer digits than it has.
        let hidden =
            |value: f64| self.nodata.is_some_and(|none| value == none || value == f64::from(none as f32));
        opaque && numbers.clone().all(f64::is_finite) && !numbers.all(hidden)
    }
}

/// Bits that a picture can be of.
trait Level: Sized {
    fn image(colours: usize, size: (u32, u32), levels: Vec<Self>) -> Option<DynamicImage>;
}

impl Level for u8 {
    fn image(colours: usize, size: (u32, u32), levels: Vec<Self>) -> Option<DynamicImage> {
        picture(colours, size, levels, DynamicImage::ImageLuma8, DynamicImage::ImageRgb8)
    }
}

impl Level for u16 {
    fn image(colours: usize, size: (u32, u32), levels: Vec<Self>) -> Option<DynamicImage> {
        picture(colours, size, levels, DynamicImage::ImageLuma16, DynamicImage::ImageRgb16)
    }
}

fn picture<L: Primitive>(
    colours: usize,
    (width, height): (u32, u32),
    levels: Vec<L>,
    grey: fn(ImageBuffer<Luma<L>, Vec<L>>) -> DynamicImage,
    colour: fn(ImageBuffer<Rgb<L>, Vec<L>>) -> DynamicImage,
) -> Option<DynamicImage>
where
    Luma<L>: image::Pixel<Subpixel = L>,
    Rgb<L>: image::Pixel<Subpixel = L>,
{
    match colours {
        1 => ImageBuffer::from_raw(width, height, levels).map(grey),
        _ => ImageBuffer::from_raw(width, height, levels).map(colour),
    }
}

/// Levels of numbers: 0 to 1 and 0 to 255 are what they seem, all others are brought to their range.
fn ranged(values: Vec<f32>, shown: &[u8], notes: &mut Vec<Note>) -> Vec<u8> {
    let colours = values.len() / shown.len().max(1);
    let visible = values.chunks(colours.max(1)).zip(shown).filter(|(_, shown)| **shown != 0);
    let (mut least, mut most) = (f32::INFINITY, f32::NEG_INFINITY);
    for value in visible.flat_map(|(pixel, _)| pixel) {
        (least, most) = (least.min(*value), most.max(*value));
    }
    let (least, most) = match (least, most) {
        (least, most) if least >= 0.0 && most <= 1.0 => (0.0, 1.0),
        (least, most) if least >= 0.0 && most <= 255.0 => (0.0, 255.0),
        other => other,
    };
    notes.extend((least <= most).then_some(Note::Ranged { least, most }));
    let span = f64::from(most) - f64::from(least);
    let scale = if span > 0.0 { 255.0 / span } else { 0.0 };
    // The cast saturates.
    values.iter().map(|value| ((f64::from(*value) - f64::from(least)) * scale).round() as u8).collect()
}

/// Pixel by pixel what lies plane by plane.
fn interleaved<T: Copy>(values: Vec<T>, planes: usize, pixels: usize) -> Vec<T> {
    if planes < 2 || pixels == 0 {
        return values;
    }
    let planes: Vec<&[T]> = values.chunks_exact(pixels).collect();
    (0..pixels).flat_map(|at| planes.iter().map(move |plane| plane[at])).collect()
}

/// Numbers of every other type as floats.
fn numbers(values: DecodingResult) -> Vec<f32> {
    match values {
        DecodingResult::U8(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::U16(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::U32(values) => values.into_iter().map(|value| value as f32).collect(),
        DecodingResult::U64(values) => values.into_iter().map(|value| value as f32).collect(),
        DecodingResult::F16(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::F32(values) => values,
        DecodingResult::F64(values) => values.into_iter().map(|value| value as f32).collect(),
        DecodingResult::I8(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::I16(values) => values.into_iter().map(f32::from).collect(),
        DecodingResult::I32(values) => values.into_iter().map(|value| value as f32).collect(),
        DecodingResult::I64(values) => values.into_iter().map(|value| value as f32).collect(),
    }
}

fn refused(error: TiffError) -> DecodeError {
    match error {
        TiffError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            DecodeError::Truncated(Kind::Tiff)
        }
        TiffError::UnsupportedError(what) => DecodeError::Unsupported(format!("this TIFF ({what})")),
        other => DecodeError::damaged(Kind::Tiff, other),
    }
}
