//! JPEG row by row, by the library that browsers use: what they show is what is embedded.
//!
//! The library repairs what it can and only warns: a missing part becomes grey. Here a warning while rows are decoded
//! is an error, because a picture that is half grey must not be searched as if it were whole.

use std::any::Any;
use std::cell::Cell;
use std::io::{Chain, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use image::metadata::Orientation;
use mozjpeg::decompress::{Decompress, DecompressStarted};
use mozjpeg_sys::{jpeg_common_struct, jpeg_error_mgr};

use super::error::DecodeError;
use super::jpeg_header::Header;
use super::kind::Kind;
use super::rows::Rows;

/// The marker for the end. Behind a file whose last two bytes are missing it makes the picture whole; behind one that
/// misses more, the decoder warns.
const END: &[u8] = &[0xff, 0xd9];

thread_local! {
    /// Warnings of the library since the last call into it.
    static WARNINGS: Cell<u32> = const { Cell::new(0) };
}

/// A JPEG whose rows are read from the top.
pub(super) struct JpegRows<'a> {
    decoder: DecompressStarted<Chain<&'a [u8], &'static [u8]>>,
    header: Header<'a>,
    /// A row of inks.
    inks: Vec<[u8; 4]>,
}

/// The way to turn a JPEG upright.
pub(super) fn orientation(header: &Header<'_>) -> Orientation {
    header.exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}

impl<'a> JpegRows<'a> {
    pub(super) fn open(bytes: &'a [u8], header: Header<'a>) -> Result<Self, DecodeError> {
        let start = || {
            let decoder = Decompress::with_err(errors()).from_reader(bytes.chain(END))?;
            match header.has_inks() {
                true => decoder.to_colorspace(mozjpeg::ColorSpace::JCS_CMYK),
                false => decoder.rgb(),
            }
        };
        let decoder = fenced(header.buffered(), header.ends, start)?;
        let right = (decoder.width(), decoder.height()) == (header.width as usize, header.height as usize);
        if !right {
            return Err(DecodeError::damaged(Kind::Jpeg, "it gives two sizes"));
        }
        let inks = if header.has_inks() { vec![[0; 4]; header.width as usize] } else { Vec::new() };
        Ok(Self { decoder, header, inks })
    }
}

impl Rows for JpegRows<'_> {
    fn channels(&self) -> usize {
        3
    }

    fn read(&mut self, row: &mut [u8]) -> Result<(), DecodeError> {
        let ends = self.header.ends;
        if !self.header.has_inks() {
            return fenced(true, ends, || self.decoder.read_scanlines_into(row).map(drop));
        }
        fenced(true, ends, || self.decoder.read_scanlines_into(&mut self.inks).map(drop))?;
        for (pixel, inks) in row.as_chunks_mut::<3>().0.iter_mut().zip(&self.inks) {
            *pixel = light(if self.header.adobe { *inks } else { inks.map(|ink| 255 - ink) });
        }
        Ok(())
    }
}

/// Red, green and blue of what inks leave: cyan, magenta, yellow and black, 255 where there is none.
fn light([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    let through = |ink: u8| {
        let product = u32::from(ink) * u32::from(black) + 128;
        ((product + (product >> 8)) >> 8) as u8
    };
    [through(cyan), through(magenta), through(yellow)]
}

/// Calls the library; its fatal errors, and in `strict` calls its warnings, become errors.
fn fenced<T>(strict: bool, ends: bool, call: impl FnOnce() -> std::io::Result<T>) -> Result<T, DecodeError> {
    WARNINGS.set(0);
    let done = catch_unwind(AssertUnwindSafe(call));
    let damaged = match done {
        Ok(Ok(done)) if !strict || WARNINGS.get() == 0 => return Ok(done),
        Ok(Ok(_)) => "a part of its data is missing or unreadable".to_owned(),
        Ok(Err(error)) => error.to_string(),
        Err(payload) => why(payload.as_ref()),
    };
    match ends {
        true => Err(DecodeError::damaged(Kind::Jpeg, damaged)),
        false => Err(DecodeError::Truncated(Kind::Jpeg)),
    }
}

/// What was thrown out of the library.
struct Fatal;

fn why(payload: &(dyn Any + Send)) -> String {
    match payload.downcast_ref::<Fatal>() {
        Some(Fatal) => "its tables or sizes do not hold together".to_owned(),
        None => "the decoder failed on it".to_owned(),
    }
}

extern "C-unwind" fn exit(_: &mut jpeg_common_struct) {
    // Unwinds without the words of a panic.
    resume_unwind(Box::new(Fatal));
}

extern "C-unwind" fn emit(_: &mut jpeg_common_struct, level: i32) {
    if level < 0 {
        WARNINGS.set(WARNINGS.get().saturating_add(1));
    }
}

extern "C-unwind" fn quiet(_: &mut jpeg_common_struct) {}

extern "C-unwind" fn unformatted(_: &mut jpeg_common_struct, _: &[u8; 80]) {}

/// How the library reports: it throws what is fatal and counts warnings.
fn errors() -> jpeg_error_mgr {
    jpeg_error_mgr {
        error_exit: Some(exit),
        emit_message: Some(emit),
        output_message: Some(quiet),
        format_message: Some(unformatted),
        reset_error_mgr: Some(quiet),
        msg_code: 0,
        msg_parm: Default::default(),
        trace_level: 0,
        num_warnings: 0,
        jpeg_message_table: std::ptr::null(),
        last_jpeg_message: 0,
        addon_message_table: std::ptr::null(),
        first_addon_message: 0,
        last_addon_message: 0,
    }
}
