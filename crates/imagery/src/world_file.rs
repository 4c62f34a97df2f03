//! World files: six numbers beside a picture that say where its pixels lie, with a `.prj` for the system.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clip_rs_catalog::{Bounds, LngLat};
use clip_rs_stage::files;

use crate::projection::{Projection, around};

/// The most that a world file or a `.prj` may hold, bytes.
const MOST: u64 = 1 << 16;
/// Points along each edge that a picture's box is computed from.
const STEPS: u32 = 8;

/// World files and `.prj` files of a folder by their name in lower case.
#[derive(Debug, Default)]
pub(crate) struct WorldFiles(HashMap<String, PathBuf>);

impl WorldFiles {
    /// Remembers a file if it is one of these. `name` is its path below the folder.
    pub fn note(&mut self, name: &str, path: &Path) {
        let lower = name.to_lowercase();
        let ending = lower.rsplit('.').next().unwrap_or_default();
        if ending == "prj" || ending.ends_with('w') || ending == "wld" {
            self.0.insert(lower, path.to_owned());
        }
    }

    /// The box of ground that a picture shows, if a world file lies beside it; the error says why it cannot be
    /// used. `size` gives the picture's width and height in pixels.
    pub fn footprint(
        &self,
        name: &str,
        size: impl FnOnce() -> Option<(u32, u32)>,
    ) -> Option<Result<Bounds, String>> {
        let lower = name.to_lowercase();
        let (stem, extension) = lower.rsplit_once('.')?;
        // `.jgw` for `.jpg`: the first and the last letter, and a w.
        let letters: Vec<char> = extension.chars().collect();
        let short: String = [*letters.first()?, *letters.last()?, 'w'].iter().collect();
        let endings = [short, format!("{extension}w"), "wld".to_owned()];
        let found = endings.iter().find_map(|ending| self.0.get(&format!("{stem}.{ending}")))?;
        let prj = self.0.get(&format!("{stem}.prj"));
        Some(size().ok_or_else(|| "the picture's size is not known".to_owned()).and_then(|size| {
            let affine = numbers(found)?;
            footprint(&affine, prj.map(PathBuf::as_path), size)
        }))
    }
}

/// The file's six numbers: x of a column, y of a column, x of a row, y of a row, and the place of the first
/// pixel's centre.
fn numbers(path: &Path) -> Result<[f64; 6], String> {
    let numbers: Option<Vec<f64>> =
        text(path)?.split_whitespace().map(|number| number.replace(',', ".").parse().ok()).collect();
    let numbers = numbers.and_then(|numbers| <[f64; 6]>::try_from(numbers).ok());
    numbers
        .filter(|numbers| numbers.iter().all(|number| number.is_finite()))
        .ok_or_else(|| "it has not six numbers".to_owned())
}

fn text(path: &Path) -> Result<String, String> {
    let bytes = files::read_at_most(path, MOST).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').to_owned())
}

fn footprint(affine: &[f64; 6], prj: Option<&Path>, (width, height): (u32, u32)) -> Result<Bounds, String> {
    let [a, d, b, e, c, f] = *affine;
    // The sixth number is the centre of the first pixel; edges lie half a pixel further out.
    let at = |column: f64, row: f64| {
        let (column, row) = (column - 0.5, row - 0.5);
        (a * column + b * row + c, d * column + e * row + f)
    };
    let (width, height) = (f64::from(width), f64::from(height));
    let projection = match prj {
        Some(prj) => Projection::from_wkt(&text(prj)?)?,
        None => {
            let corners = [at(0.0, 0.0), at(width, 0.0), at(0.0, height), at(width, height)];
            if corners.iter().any(|(x, y)| x.abs() > 360.0 || y.abs() > 90.0) {
                return Err("it has no .prj beside it, and its numbers are no degrees".to_owned());
            }
            Projection::degrees()?
        }
    };
    let outside = || "it puts the picture outside the map".to_owned();
    let (x, y) = at(width / 2.0, height / 2.0);
    let (middle, _) = projection.to_degrees(x, y).ok_or_else(outside)?;
    let (mut west, mut south, mut east, mut north) = (0.0_f64, f64::INFINITY, 0.0_f64, f64::NEG_INFINITY);
    for step in 0..=STEPS {
        let share = f64::from(step) / f64::from(STEPS);
        for (column, row) in [(share, 0.0), (share, 1.0), (0.0, share), (1.0, share)] {
            let (x, y) = at(column * width, row * height);
            let (lng, lat) = projection.to_degrees(x, y).ok_or_else(outside)?;
            let aside = around(lng - middle);
            (west, east) = (west.min(aside), east.max(aside));
            (south, north) = (south.min(lat), north.max(lat));
        }
    }
    let south_west = LngLat::new(around(middle + west), south).map_err(|_| outside())?;
    // `around` gives -180 for the meridian itself, which is the east edge's 180.
    let right = around(middle + east);
    let right = if right == -180.0 { 180.0 } else { right };
    Bounds::new(south_west.lng(), south, right, north).map_err(|_| outside())
}
