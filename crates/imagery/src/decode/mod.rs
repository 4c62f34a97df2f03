//! The one place where bytes become a picture: upright, red, green and blue, within one bound on memory.
//!
//! | module | what it does |
//! |---|---|
//! | `kind` | what bytes are, or what they are instead of a picture |
//! | `jpeg`, `png`, `webp`, `tiff` | a format each, over a library |
//! | `rows`, `windows` | pictures that are too large to be held: reduced or cut while their rows stream past |
//! | `depth` | 16 bits to 8 |
//! | `picture`, `note` | what comes out: pixels, what of them is shown; what was done to them |
//! | `budget` | the bytes that all threads share |
//! | `thumbnail` | small JPEG files |
//!
//! A picture that is only partly there is an error, never a picture with a grey part. Sizes and positions are those
//! of the upright picture.

mod budget;
mod depth;
mod error;
mod jpeg;
mod jpeg_header;
mod kind;
mod mirror;
mod note;
mod opened;
mod picture;
mod png;
mod rows;
mod thumbnail;
mod tiff;
mod webp;
mod windows;

use budget::Budget;
use opened::Opened;

pub use error::{DecodeError, Stranger};
pub use kind::Kind;
pub use note::Note;
pub use picture::Picture;
pub use thumbnail::thumbnail;
pub use windows::Window;

/// Decodes pictures. There is one for the process, because its threads share the memory that decoding may take.
#[derive(Debug)]
pub struct Decoder {
    budget: Budget,
}

impl Decoder {
    /// All threads together take at most `bytes` for decoding.
    pub fn new(bytes: u64) -> Self {
        Self { budget: Budget::new(bytes) }
    }

    /// With a quarter of the machine's memory, at most 2 GiB.
    pub fn for_this_machine() -> Self {
        Self::new(budget::of_this_machine())
    }

    /// The picture. One that would not fit into the memory allowed is read at a fraction of its size where its rows
    /// can be streamed ([`Picture::reduced_by`]), and refused otherwise.
    ///
    /// What is returned no longer counts against the bound; who works on pictures in many threads uses
    /// [`Decoder::with_picture`].
    pub fn decode(&self, bytes: &[u8]) -> Result<Picture, DecodeError> {
        self.with_picture(bytes, |picture| picture)
    }

    /// Whether all of a picture can be shown. A transparent one can: it shows nothing.
    pub fn check(&self, bytes: &[u8]) -> Result<(), DecodeError> {
        match self.with_picture(bytes, drop) {
            Ok(()) | Err(DecodeError::NoData) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// As [`Decoder::decode`], but the memory counts until `work` is done. `work` must not decode by the same
    /// decoder: it could wait for what it holds itself.
    pub fn with_picture<T>(&self, bytes: &[u8], work: impl FnOnce(Picture) -> T) -> Result<T, DecodeError> {
        let mut opened = Opened::open(bytes)?;
        let needed = opened.whole_bytes();
        let allowed = self.budget.total();
        if needed <= allowed {
            let _share = self.budget.take(needed)?;
            return Ok(work(Picture::finish(opened.whole(allowed)?)?));
        }
        let Some(by) = opened.reduction(allowed) else {
            return Err(DecodeError::TooLarge { needed, allowed });
        };
        let _share = self.budget.take(opened.reduced_bytes(by))?;
        let mut picture = Picture::finish(opened.reduced(by)?)?;
        picture.reduced_by = by;
        picture.notes.push(Note::Reduced { by });
        Ok(work(picture))
    }

    /// Width and height of the upright picture in pixels, from its header alone.
    pub fn dimensions(&self, bytes: &[u8]) -> Result<(u32, u32), DecodeError> {
        let mut opened = Opened::open(bytes)?;
        let (width, height) = opened.size();
        Ok(if rows::swaps(opened.orientation()) { (height, width) } else { (width, height) })
    }

    /// Gives `each` the squares of `edge` pixels, `step` pixels from one to the next, at full size; those at the far
    /// sides end where the picture ends, and a side shorter than `edge` is taken whole. Windows that show nothing are
    /// left out. Of a picture whose rows can be streamed only a band is held at a time, so it may be of any size.
    ///
    /// The first error of `each` ends it. `each` must not decode by the same decoder.
    pub fn windows<E: From<DecodeError>>(
        &self,
        bytes: &[u8],
        edge: u32,
        step: u32,
        each: impl FnMut(Window, Picture) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut opened = Opened::open(bytes)?;
        let cut = windows::Cut { size: opened.size(), orientation: opened.orientation(), edge, step };
        let _share = self.budget.take(opened.windows_bytes(edge))?;
        cut.windows(opened.rows(self.budget.total())?.as_mut(), each)
    }
}

#[cfg(test)]
mod tests;
