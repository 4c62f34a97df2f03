//! Pictures as a stream of rows, for those that are too large to be held at once.

use image::metadata::Orientation;
use image::{DynamicImage, RgbImage, RgbaImage};

use super::error::DecodeError;

/// A picture of which one row after the other is decoded, from the top, as it lies in the file.
pub(super) trait Rows {
    /// 3: red, green, blue; 4: alpha as well.
    fn channels(&self) -> usize;

    /// The next row, `(width, channels)`.
    fn read(&mut self, row: &mut [u8]) -> Result<(), DecodeError>;
}

/// All rows of a picture.
pub(super) fn whole(rows: &mut dyn Rows, (width, height): (u32, u32)) -> Result<DynamicImage, DecodeError> {
    let stride = width as usize * rows.channels();
    let mut pixels = vec![0; stride * height as usize];
    for row in pixels.chunks_exact_mut(stride) {
        rows.read(row)?;
    }
    Ok(image_of(rows.channels(), width, height, pixels))
}

/// The picture with squares of `by` pixels made one by their mean; the mean of what is not fully transparent, where
/// there is alpha. Rows and columns beyond the last whole square are left out.
pub(super) fn reduced(
    rows: &mut dyn Rows,
    (width, height): (u32, u32),
    by: u32,
) -> Result<DynamicImage, DecodeError> {
    let channels = rows.channels();
    let (across, down) = ((width / by).max(1), (height / by).max(1));
    let mut row = vec![0; width as usize * channels];
    let mut pixels = Vec::with_capacity(across as usize * down as usize * channels);
    for _ in 0..down {
        let mut sums = vec![[0_u64; 4]; across as usize];
        let mut counts = vec![0_u64; across as usize];
        for _ in 0..by {
            rows.read(&mut row)?;
            let squares = row.chunks_exact(by as usize * channels);
            for ((square, sum), count) in squares.zip(&mut sums).zip(&mut counts) {
                let shown = square.chunks_exact(channels).filter(|pixel| pixel.get(3) != Some(&0));
                for pixel in shown {
                    *count += 1;
                    pixel.iter().zip(sum.iter_mut()).for_each(|(level, sum)| *sum += u64::from(*level));
                }
            }
        }
        for (sum, count) in sums.iter().zip(&counts) {
            let half = count / 2;
            pixels.extend(sum[..channels].iter().map(|sum| ((sum + half) / (*count).max(1)) as u8));
        }
    }
    // To the end, so that a file that breaks off there is found out.
    for _ in down * by..height {
        rows.read(&mut row)?;
    }
    Ok(image_of(channels, across, down, pixels))
}

/// A picture of as many pixels as `pixels` holds.
pub(super) fn image_of(channels: usize, width: u32, height: u32, pixels: Vec<u8>) -> DynamicImage {
    let image = match channels {
        4 => RgbaImage::from_raw(width, height, pixels).map(DynamicImage::from),
        _ => RgbImage::from_raw(width, height, pixels).map(DynamicImage::from),
    };
    // The callers give as many bytes as the size asks for.
    image.unwrap_or_default()
}

/// Whether turning upright exchanges width and height.
pub(super) fn swaps(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

/// A decoded picture as rows.
pub(super) struct Held {
    channels: usize,
    stride: usize,
    pixels: Vec<u8>,
    at: usize,
}

impl Held {
    /// Of a picture with 8 bits a channel; `shown` is 0 where a pixel has no data.
    pub(super) fn new(image: DynamicImage, shown: Option<&image::GrayImage>) -> Self {
        let width = image.width() as usize;
        let (channels, mut pixels) = match shown.is_some() || image.color().has_alpha() {
            true => (4, image.into_rgba8().into_raw()),
            false => (3, image.into_rgb8().into_raw()),
        };
        if let Some(shown) = shown {
            let pixels = pixels.as_chunks_mut::<4>().0.iter_mut().zip(shown.iter());
            pixels.for_each(|(pixel, shown)| pixel[3] &= *shown);
        }
        Self { channels, stride: width * channels, pixels, at: 0 }
    }
}

impl Rows for Held {
    fn channels(&self) -> usize {
        self.channels
    }

    fn read(&mut self, row: &mut [u8]) -> Result<(), DecodeError> {
        let rest = self.pixels.get(self.at..).unwrap_or_default();
        row.iter_mut().zip(rest).for_each(|(to, level)| *to = *level);
        self.at += self.stride;
        Ok(())
    }
}
