//! Squares of a large picture, cut while its rows stream past.

use image::metadata::Orientation;

use super::error::DecodeError;
use super::picture::{Picture, Raw};
use super::rows::{Rows, image_of};

/// A part of the upright picture, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// Of its left edge, from the left.
    pub x: u32,
    /// Of its upper edge, from the top.
    pub y: u32,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// How a picture is cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    /// Width and height of the picture as it lies in the file.
    pub(super) size: (u32, u32),
    pub(super) orientation: Orientation,
    /// Most pixels a side of a window.
    pub(super) edge: u32,
    /// Pixels from one window to the next.
    pub(super) step: u32,
}

impl Cut {
    /// Gives each window to `each`, except those that show nothing.
    pub(super) fn windows<E: From<DecodeError>>(
        &self,
        rows: &mut dyn Rows,
        mut each: impl FnMut(Window, Picture) -> Result<(), E>,
    ) -> Result<(), E> {
        let (width, height) = self.size;
        let stride = width as usize * rows.channels();
        // The rows from `first` on.
        let (mut first, mut band) = (0, Vec::new());
        for (y, down) in places(height, self.edge, self.step) {
            band.drain(..((y - first) as usize * stride).min(band.len()));
            first = y;
            while band.len() < down as usize * stride {
                let at = band.len();
                band.resize(at + stride, 0);
                rows.read(&mut band[at..])?;
            }
            for (x, across) in places(width, self.edge, self.step) {
                let columns = x as usize * rows.channels()..(x + across) as usize * rows.channels();
                let pixels =
                    band.chunks_exact(stride).take(down as usize).flat_map(|row| &row[columns.clone()]);
                let image = image_of(rows.channels(), across, down, pixels.copied().collect());
                let window = Window { x, y, width: across, height: down };
                match Picture::finish(Raw::new(image, self.orientation)) {
                    Ok(picture) => each(self.upright(window), picture)?,
                    Err(DecodeError::NoData) => {}
                    Err(other) => return Err(other.into()),
                }
            }
        }
        Ok(())
    }

    /// Where a part of the file's picture is when it is upright.
    fn upright(&self, Window { x, y, width, height }: Window) -> Window {
        let right = self.size.0 - x - width;
        let below = self.size.1 - y - height;
        let (x, y, swapped) = match self.orientation {
            Orientation::NoTransforms => (x, y, false),
            Orientation::FlipHorizontal => (right, y, false),
            Orientation::FlipVertical => (x, below, false),
            Orientation::Rotate180 => (right, below, false),
            Orientation::Rotate90FlipH => (y, x, true),
            Orientation::Rotate90 => (below, x, true),
            Orientation::Rotate270FlipH => (below, right, true),
            Orientation::Rotate270 => (y, right, true),
        };
        let (width, height) = if swapped { (height, width) } else { (width, height) };
        Window { x, y, width, height }
    }
}

/// Start and length of the windows along one side: the last one ends where the side does.
fn places(length: u32, edge: u32, step: u32) -> impl Iterator<Item = (u32, u32)> {
    let (edge, step) = (edge.clamp(1, length.max(1)), step.max(1));
    let last = length.saturating_sub(edge);
    (0..last).step_by(step as usize).chain([last]).map(move |start| (start, edge.min(length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_a_side_to_its_end_and_never_reach_beyond() {
        let starts = |length, edge, step| places(length, edge, step).collect::<Vec<_>>();
        assert_eq!(starts(10, 4, 3), [(0, 4), (3, 4), (6, 4)]);
        assert_eq!(starts(11, 4, 3), [(0, 4), (3, 4), (6, 4), (7, 4)]);
        assert_eq!(starts(3, 4, 2), [(0, 3)]);
        assert_eq!(starts(4, 4, 2), [(0, 4)]);
    }
}
