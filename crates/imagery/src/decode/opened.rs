//! A picture of which only the header was read: what it needs, and the ways to its pixels.

use image::metadata::Orientation;

use super::error::DecodeError;
use super::jpeg::{self, JpegRows};
use super::jpeg_header::Header;
use super::kind::Kind;
use super::picture::Raw;
use super::png::{self, Png};
use super::rows::{self, Held, Rows};
use super::tiff::Tiff;
use super::webp::{self, WebP};

/// Bytes of a pixel while 8 bits a channel become a picture: red, green, blue, and whether it is shown.
const FINISHING: u64 = 4;
/// Most that a picture is reduced, pixels to one in each direction.
const MOST_REDUCTION: u32 = 256;

/// A picture before it is decoded.
pub(super) enum Opened<'a> {
    Jpeg { bytes: &'a [u8], header: Header<'a> },
    Png(Box<Png<'a>>),
    WebP(Box<WebP<'a>>),
    Tiff(Box<Tiff<'a>>),
}

impl<'a> Opened<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let kind = Kind::of(bytes)?;
        let opened = match kind {
            Kind::Jpeg => Self::Jpeg { bytes, header: Header::read(bytes)? },
            Kind::Png => Self::Png(Box::new(Png::open(bytes)?)),
            Kind::WebP => Self::WebP(Box::new(WebP::open(bytes)?)),
            Kind::Tiff => Self::Tiff(Box::new(Tiff::open(bytes)?)),
        };
        match opened.size() {
            (0, _) | (_, 0) => Err(DecodeError::damaged(kind, "it has no pixels")),
            _ => Ok(opened),
        }
    }

    /// Width and height as the picture lies in the file.
    pub(super) fn size(&self) -> (u32, u32) {
        match self {
            Self::Jpeg { header, .. } => (header.width, header.height),
            Self::Png(png) => png.size(),
            Self::WebP(webp) => webp.size(),
            Self::Tiff(tiff) => tiff.size(),
        }
    }

    pub(super) fn orientation(&mut self) -> Orientation {
        match self {
            Self::Jpeg { header, .. } => jpeg::orientation(header),
            Self::Png(png) => png.orientation(),
            Self::WebP(webp) => webp.orientation(),
            Self::Tiff(tiff) => tiff.orientation(),
        }
    }

    /// Bytes that the decoder takes beside pixels.
    fn decoder_bytes(&self) -> u64 {
        match self {
            Self::Jpeg { header, .. } => header.decoder_bytes(),
            Self::Png(png) => png::DECODER_BYTES + u64::from(png.size().0) * png.pixel_bytes() * 4,
            Self::WebP(_) | Self::Tiff(_) => 1 << 20,
        }
    }

    /// Bytes of a pixel while the whole is decoded and made a picture.
    fn pixel_bytes(&self) -> u64 {
        match self {
            Self::Jpeg { .. } => 3,
            Self::Png(png) => match png.pixel_bytes() {
                3 => 3,
                // Values of 16 bits are there twice, once as bytes.
                bytes => (bytes + FINISHING).max(bytes * 2),
            },
            Self::WebP(webp) => webp.pixel_bytes() + webp::DECODER_PIXEL_BYTES,
            Self::Tiff(tiff) => tiff.pixel_bytes() + FINISHING,
        }
    }

    /// Bytes that decoding the whole takes.
    pub(super) fn whole_bytes(&mut self) -> u64 {
        let (width, height) = self.size();
        let turning = if self.orientation() == Orientation::NoTransforms { 0 } else { FINISHING };
        let pixels = u64::from(width) * u64::from(height);
        self.decoder_bytes().saturating_add(pixels.saturating_mul(self.pixel_bytes() + turning))
    }

    /// Whether rows can be decoded one by one, without the others in memory.
    fn streams(&self) -> bool {
        match self {
            Self::Jpeg { header, .. } => !header.buffered(),
            Self::Png(png) => png.streams(),
            Self::WebP(_) | Self::Tiff(_) => false,
        }
    }

    /// The whole picture; `budget` bounds what a library takes that counts by itself.
    pub(super) fn whole(self, budget: u64) -> Result<Raw, DecodeError> {
        let size = self.size();
        match self {
            Self::Jpeg { bytes, header } => {
                let orientation = jpeg::orientation(&header);
                Ok(Raw::new(rows::whole(&mut JpegRows::open(bytes, header)?, size)?, orientation))
            }
            Self::Png(png) => png.decode(),
            Self::WebP(webp) => webp.decode(budget),
            Self::Tiff(tiff) => tiff.decode(budget),
        }
    }

    /// Bytes that decoding at a fraction of the size takes.
    pub(super) fn reduced_bytes(&self, by: u32) -> u64 {
        let (width, height) = self.size();
        let (across, down) = (u64::from((width / by).max(1)), u64::from((height / by).max(1)));
        // A row as it is, and the sums of a row of the result.
        let row = u64::from(width) * 4 + across * 40;
        self.decoder_bytes() + row + across * down * 3 * FINISHING
    }

    /// The least reduction that fits into `allowed` bytes; none where rows do not stream or nothing fits.
    pub(super) fn reduction(&self, allowed: u64) -> Option<u32> {
        let (width, height) = self.size();
        let most = MOST_REDUCTION.min(width).min(height);
        let mut steps = (2..=most).filter(|_| self.streams());
        steps.find(|by| self.reduced_bytes(*by) <= allowed)
    }

    pub(super) fn reduced(mut self, by: u32) -> Result<Raw, DecodeError> {
        let (size, orientation) = (self.size(), self.orientation());
        let image = rows::reduced(self.rows(0)?.as_mut(), size, by)?;
        Ok(Raw::new(image, orientation))
    }

    /// Bytes that a band of windows takes, or the whole and a band where rows do not stream.
    pub(super) fn windows_bytes(&mut self, edge: u32) -> u64 {
        let (width, height) = self.size();
        let band = u64::from(width) * u64::from(edge.min(height)) * 4;
        let window = u64::from(edge.min(width)) * u64::from(edge.min(height)) * 4 * FINISHING;
        let source = if self.streams() { self.decoder_bytes() } else { self.whole_bytes() };
        source.saturating_add(band).saturating_add(window)
    }

    /// The picture row by row, decoded as it is read where that is possible.
    pub(super) fn rows(self, budget: u64) -> Result<Box<dyn Rows + 'a>, DecodeError> {
        match self {
            Self::Jpeg { bytes, header } => Ok(Box::new(JpegRows::open(bytes, header)?)),
            Self::Png(png) if png.streams() => Ok(png),
            other => {
                let raw = other.whole(budget)?;
                let (image, _) = super::depth::to_8_bits(raw.image);
                Ok(Box::new(Held::new(image, raw.shown.as_ref())))
            }
        }
    }
}
