//! Where in a picture something is: windows to embed one by one, and a grid of what they score.

/// Most windows of a picture: each is a run of the image tower.
pub const MAX_WINDOWS: usize = 64;
/// Cells of a grid along the longer side of the picture.
const CELLS: usize = 32;
/// Scores that differ by less than this are the same: a picture of one colour still gives rounding errors.
const FLAT: f32 = 1e-3;
/// What window and stride grow by while there are too many windows.
const GROWTH: f64 = 1.05;

/// A picture without windows, or scores that are not theirs.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum WindowError {
    /// No pixels, or so long that [`MAX_WINDOWS`] squares cannot cover it.
    #[error("a picture of {width} x {height} pixels cannot be covered by {MAX_WINDOWS} squares")]
    Shape {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// A size or stride that is no share.
    #[error("the {what} of windows is {share}; it must be above 0 and at most 1")]
    Share {
        /// Which of the two.
        what: &'static str,
        /// What it is.
        share: f32,
    },
    /// Another number of scores than of windows.
    #[error("{scores} scores for {windows} windows")]
    Count {
        /// Windows there are.
        windows: usize,
        /// Scores there are.
        scores: usize,
    },
    /// A score that is infinite or not a number.
    #[error("the score of window {0} is not a finite number")]
    NotFinite(usize),
}

/// A square of a picture, in pixels from its left upper corner; all of it is in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Width and height, above 0.
    pub side: u32,
}

/// Windows that cover a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windows {
    width: u32,
    height: u32,
    windows: Vec<Window>,
}

/// What the windows score, spread over the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Rows of cells, 1 to 32.
    pub rows: usize,
    /// Columns of cells, 1 to 32.
    pub columns: usize,
    /// Row after row, from the left upper cell: 0 for the lowest mean score of the windows that cover a cell's middle, 1 for
    /// the highest; all 0 where `flat`.
    pub cells: Vec<f32>,
    /// Whether all windows score nearly the same: then no place is better than another.
    pub flat: bool,
}

impl Windows {
    /// Square windows over a picture of `width` by `height` pixels, row after row, evenly spread from edge to edge. `size` is
    /// their side as a share of the shorter side of the picture, `stride` the longest way from one to the next as a share of
    /// their side; both above 0 and at most 1. Where more than [`MAX_WINDOWS`] would be needed, first the stride grows, up to
    /// windows side by side, then the windows.
    pub fn new(width: u32, height: u32, size: f32, stride: f32) -> Result<Self, WindowError> {
        for (what, share) in [("size", size), ("stride", stride)] {
            if !(share > 0.0 && share <= 1.0) {
                return Err(WindowError::Share { what, share });
            }
        }
        let (shorter, longer) = (width.min(height), width.max(height));
        if shorter == 0 || longer.div_ceil(shorter) as usize > MAX_WINDOWS {
            return Err(WindowError::Shape { width, height });
        }
        let most = f64::from(shorter);
        let (mut side, mut stride) = ((most * f64::from(size)).max(1.0), f64::from(stride));
        loop {
            let pixels = (side.round() as u32).clamp(1, shorter);
            let step = (f64::from(pixels) * stride).max(1.0);
            let [across, down] = [width, height].map(|length| places(length, pixels, step));
            if across.saturating_mul(down) <= MAX_WINDOWS as u64 {
                let x = edges(width, pixels, across);
                let windows = edges(height, pixels, down)
                    .flat_map(|y| x.clone().map(move |x| Window { x, y, side: pixels }))
                    .collect();
                return Ok(Self { width, height, windows });
            }
            // Ends: windows of the shorter side, side by side, are few enough.
            if stride < 1.0 {
                stride = (stride * GROWTH).min(1.0);
            } else {
                side = (side * GROWTH).min(most);
            }
        }
    }

    /// The windows, 1 to [`MAX_WINDOWS`], row after row.
    pub fn as_slice(&self) -> &[Window] {
        &self.windows
    }

    /// Spreads the windows' scores, in their order, over the picture. Every cell is in a window.
    pub fn grid(&self, scores: &[f32]) -> Result<Grid, WindowError> {
        if scores.len() != self.windows.len() {
            return Err(WindowError::Count { windows: self.windows.len(), scores: scores.len() });
        }
        if let Some(at) = scores.iter().position(|score| !score.is_finite()) {
            return Err(WindowError::NotFinite(at));
        }
        let longer = f64::from(self.width.max(self.height));
        let [columns, rows] = [self.width, self.height].map(|length| {
            let cells = (CELLS as f64 * f64::from(length) / longer).round() as usize;
            cells.clamp(1, CELLS.min(length as usize))
        });
        let mut cells = Vec::with_capacity(rows * columns);
        for row in 0..rows {
            let y = middle(row, rows, self.height);
            cells.extend(
                (0..columns).map(|column| self.mean_at(middle(column, columns, self.width), y, scores)),
            );
        }
        let flat = normalise(&mut cells);
        Ok(Grid { rows, columns, cells, flat })
    }

    /// The mean score of the windows that cover a point, in pixels.
    fn mean_at(&self, x: f64, y: f64, scores: &[f32]) -> f32 {
        let within = |from: u32, side: u32, at: f64| {
            (f64::from(from)..f64::from(from) + f64::from(side)).contains(&at)
        };
        let covering = self.windows.iter().zip(scores);
        let covering = covering.filter(|(w, _)| within(w.x, w.side, x) && within(w.y, w.side, y));
        let (sum, count) =
            covering.fold((0.0, 0), |(sum, count), (_, score)| (sum + f64::from(*score), count + 1));
        (sum / f64::from(count.max(1))) as f32
    }
}

/// How many windows of `side` pixels cover `length`, at most `step` pixels from one to the next.
fn places(length: u32, side: u32, step: f64) -> u64 {
    ((f64::from(length.saturating_sub(side)) / step).ceil() as u64).saturating_add(1)
}

/// Where `count` windows begin, from the first pixel to the last at which one fits.
fn edges(length: u32, side: u32, count: u64) -> impl Iterator<Item = u32> + Clone {
    let last = u64::from(length.saturating_sub(side));
    (0..count).map(move |at| (last * at / count.saturating_sub(1).max(1)) as u32)
}

/// The middle of a cell, in pixels.
fn middle(cell: usize, cells: usize, length: u32) -> f64 {
    (cell as f64 + 0.5) / cells as f64 * f64::from(length)
}

/// Brings the lowest to 0 and the highest to 1, or where they are nearly the same all to 0; whether they are.
fn normalise(cells: &mut [f32]) -> bool {
    let lowest = cells.iter().copied().fold(f32::INFINITY, f32::min);
    let range = cells.iter().copied().fold(f32::NEG_INFINITY, f32::max) - lowest;
    let flat = range < FLAT;
    for cell in cells {
        *cell = if flat { 0.0 } else { ((*cell - lowest) / range).clamp(0.0, 1.0) };
    }
    flat
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPES: [(u32, u32); 9] = [
        (1, 1),
        (256, 256),
        (257, 255),
        (640, 480),
        (480, 640),
        (6400, 100),
        (3, 190),
        (u32::MAX, u32::MAX),
        (u32::MAX, u32::MAX / 64 + 1),
    ];

    #[test]
    fn windows_cover_every_pixel_and_are_few_whatever_is_asked_for() {
        for (width, height) in SHAPES {
            for (size, stride) in [(1.0, 1.0), (0.5, 0.5), (0.3, 1.0), (0.25, 0.1), (1e-30, 1e-30)] {
                let windows = Windows::new(width, height, size, stride).expect("windows");
                let all = windows.as_slice();
                let what = format!("{width} x {height}, size {size}, stride {stride}");
                assert!((1..=MAX_WINDOWS).contains(&all.len()), "{what}: {}", all.len());
                for (edge, length) in [(0, width), (1, height)] {
                    let from = |w: &Window| if edge == 0 { w.x } else { w.y };
                    let mut spans: Vec<(u64, u64)> = all
                        .iter()
                        .map(|w| (u64::from(from(w)), u64::from(from(w)) + u64::from(w.side)))
                        .collect();
                    spans.sort_unstable();
                    assert!(spans.iter().all(|(_, end)| *end <= u64::from(length)), "{what}");
                    let reached = spans.iter().fold(0, |reached, (from, end)| {
                        assert!(*from <= reached, "{what}: a gap at {reached}");
                        reached.max(*end)
                    });
                    assert_eq!(reached, u64::from(length), "{what}");
                }
            }
        }
    }

    #[test]
    fn windows_have_the_size_and_the_stride_that_was_asked_for() {
        let windows = Windows::new(400, 200, 0.5, 0.5).expect("windows");
        let edges: Vec<_> = windows.as_slice().iter().map(|w| (w.x, w.y, w.side)).collect();
        let expected: Vec<_> =
            [0, 50, 100].iter().flat_map(|y| (0..7).map(move |x| (x * 50, *y, 100))).collect();
        assert_eq!(edges, expected);
    }

    #[test]
    fn a_grid_is_brightest_within_the_best_window() {
        let windows = Windows::new(300, 200, 0.5, 0.5).expect("windows");
        let (x, y) = (230.0, 60.0);
        let score = |w: &Window| {
            let middle = f64::from(w.side) / 2.0;
            let away = (f64::from(w.x) + middle - x).hypot(f64::from(w.y) + middle - y);
            (0.3 - away / 1000.0) as f32
        };
        let scores: Vec<f32> = windows.as_slice().iter().map(score).collect();
        let grid = windows.grid(&scores).expect("a grid");
        assert_eq!((grid.columns, grid.rows, grid.cells.len(), grid.flat), (32, 21, 32 * 21, false));
        assert!(grid.cells.iter().all(|cell| (0.0..=1.0).contains(cell)));
        let best = grid.cells.iter().position(|cell| *cell == 1.0).expect("a best cell");
        let (row, column) = (best / grid.columns, best % grid.columns);
        let found = (middle(column, grid.columns, 300), middle(row, grid.rows, 200));
        // The best window is the one around (250, 50).
        assert!((200.0..300.0).contains(&found.0) && (0.0..100.0).contains(&found.1), "{found:?}");
        assert!(grid.cells.contains(&0.0));
    }

    #[test]
    fn a_cell_is_the_mean_of_the_windows_that_cover_it() {
        let windows = Windows::new(4, 2, 1.0, 0.5).expect("windows");
        let xs: Vec<u32> = windows.as_slice().iter().map(|w| w.x).collect();
        assert_eq!(xs, [0, 1, 2]);
        let grid = windows.grid(&[0.0, 1.0, 4.0]).expect("a grid");
        assert_eq!((grid.rows, grid.columns), (2, 4));
        // Means 0, 1/2, 5/2, 4, in parts of 4.
        let expected = [0.0, 0.125, 0.625, 1.0];
        assert_eq!(grid.cells, [expected, expected].concat());
    }

    #[test]
    fn a_flat_picture_gives_a_flat_grid_and_says_so() {
        let windows = Windows::new(256, 256, 0.5, 0.5).expect("windows");
        let scores: Vec<f32> = (0..windows.as_slice().len()).map(|at| 0.2 + at as f32 * 1e-6).collect();
        let grid = windows.grid(&scores).expect("a grid");
        assert!(grid.flat && grid.cells.iter().all(|cell| *cell == 0.0));
    }

    #[test]
    fn what_has_no_windows_or_no_grid_is_refused() {
        for (width, height) in [(0, 5), (5, 0), (65, 1), (1, u32::MAX)] {
            let windows = Windows::new(width, height, 0.5, 0.5);
            assert_eq!(windows, Err(WindowError::Shape { width, height }));
        }
        for share in [0.0, -0.5, 1.5, f32::NAN, f32::INFINITY] {
            assert!(matches!(Windows::new(9, 9, share, 0.5), Err(WindowError::Share { what: "size", .. })));
            assert!(matches!(Windows::new(9, 9, 0.5, share), Err(WindowError::Share { what: "stride", .. })));
        }
        let windows = Windows::new(90, 90, 1.0, 1.0).expect("windows");
        assert_eq!(windows.grid(&[]), Err(WindowError::Count { windows: 1, scores: 0 }));
        assert_eq!(windows.grid(&[f32::NAN]), Err(WindowError::NotFinite(0)));
    }
}
