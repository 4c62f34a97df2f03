//! An area as large as a state out of one county: it is laid side by side, mirrored and turned, and equal pictures are one
//! file with many names, so that a million tiles take the room of eight counties.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use rayon::prelude::*;
use serde_json::{Value, json};

use crate::output::{Output, encode, fault};
use crate::pyramid::Grid;
use crate::tile::TILE;
use crate::{MAX_TIMES, SampleError, SampleOptions, SampleReport, addresses, grid};

/// Ways to lay a county: as it is, mirrored at three lines, and these four turned by a quarter.
pub const WAYS: usize = 8;

/// One of the [`WAYS`], by its number.
#[derive(Clone, Copy)]
struct Way(usize);

impl Way {
    /// The way of the copy in some column and row, out of the first so many. Neighbours are laid differently.
    fn of((column, row): (u32, u32), ways: usize) -> Self {
        Self((3 * column as usize + 5 * row as usize) % ways)
    }

    /// Which place of the county lies at `(x, y)` of a copy, both counted from the north-west of `side` places.
    fn source(self, x: usize, y: usize, side: usize) -> (usize, usize) {
        let flip = |at: usize, is_flipped: bool| if is_flipped { side - 1 - at } else { at };
        let (x, y) = (flip(x, self.0 & 2 != 0), flip(y, self.0 & 4 != 0));
        if self.0 & 1 != 0 { (y, x) } else { (x, y) }
    }

    /// A tile's picture, laid this way.
    fn picture(self, rgb: &[u8]) -> Vec<u8> {
        let mut laid = Vec::with_capacity(rgb.len());
        for y in 0..TILE {
            for x in 0..TILE {
                let (from_x, from_y) = self.source(x, y, TILE);
                let at = (from_y * TILE + from_x) * 3;
                laid.extend_from_slice(rgb.get(at..at + 3).unwrap_or_default());
            }
        }
        laid
    }
}

/// A county that is drawn, and where its copies go.
struct Repeated<'a> {
    county: &'a Path,
    draft: &'a Path,
    grid: Grid,
    times: u32,
    ways: usize,
}

impl Repeated<'_> {
    /// A tile of the copy in some column and row: its place in the copy is `(x, y)`.
    fn path(&self, z: u8, copy: (u32, u32), (x, y): (u32, u32)) -> PathBuf {
        let (side, left, top) = self.at(z);
        let (x, y) = (left + copy.0 * side + x, top + copy.1 * side + y);
        self.draft.join(format!("tiles/{z}/{x}/{y}.jpg"))
    }

    /// Tiles on a side of the county at a zoom, and the first column and row.
    fn at(&self, z: u8) -> (u32, u32, u32) {
        let k = self.grid.zoom - z;
        (self.grid.side >> k, self.grid.left >> k, self.grid.top >> k)
    }

    /// The copies in the order in which they are made.
    fn copies(&self) -> Vec<(u32, u32)> {
        (0..self.times).flat_map(|row| (0..self.times).map(move |column| (column, row))).collect()
    }

    /// Writes the tiles of a zoom: those of the first copy of each way as files, all others as further names of them. Returns
    /// the bytes that were written.
    fn zoom(&self, z: u8, quality: u8, progress: &(dyn Fn(usize) + Sync)) -> Result<u64, SampleError> {
        let (side, left, _) = self.at(z);
        for x in left..left + side * self.times {
            let folder = self.draft.join(format!("tiles/{z}/{x}"));
            fs::create_dir_all(&folder).map_err(fault(&folder))?;
        }
        let places: Vec<(u32, u32)> = (0..side).flat_map(|y| (0..side).map(move |x| (x, y))).collect();
        let mut first = [None; WAYS];
        let copies = self.copies();
        for copy in &copies {
            first[Way::of(*copy, self.ways).0].get_or_insert(*copy);
        }
        let bytes = AtomicU64::new(0);
        for (way, copy) in first.iter().enumerate().filter_map(|(way, copy)| Some((Way(way), (*copy)?))) {
            places.par_iter().try_for_each(|place| {
                let jpeg = self.laid(z, way, *place, quality)?;
                bytes.fetch_add(jpeg.len() as u64, Ordering::Relaxed);
                let path = self.path(z, copy, *place);
                fs::write(&path, jpeg).map_err(fault(&path))
            })?;
        }
        let done = AtomicUsize::new(0);
        copies.par_iter().try_for_each(|copy| {
            let original = first[Way::of(*copy, self.ways).0].unwrap_or(*copy);
            if original != *copy {
                for place in &places {
                    let path = self.path(z, *copy, *place);
                    fs::hard_link(self.path(z, original, *place), &path).map_err(fault(&path))?;
                }
            }
            progress(done.fetch_add(places.len(), Ordering::Relaxed) + places.len());
            Ok(())
        })?;
        Ok(bytes.into_inner())
    }

    /// A tile's file, laid some way; as it is, the very bytes of the county's.
    fn laid(&self, z: u8, way: Way, (x, y): (u32, u32), quality: u8) -> Result<Vec<u8>, SampleError> {
        let (side, left, top) = self.at(z);
        let (x, y) = way.source(x as usize, y as usize, side as usize);
        let tile = format!("{z}/{}/{}", left as usize + x, top as usize + y);
        let path = self.county.join(format!("tiles/{tile}.jpg"));
        let jpeg = fs::read(&path).map_err(|source| SampleError::Read { path: path.clone(), source })?;
        if way.0 == 0 {
            return Ok(jpeg);
        }
        let picture = image::load_from_memory(&jpeg).map_err(|_| SampleError::Draw { tile: tile.clone() })?;
        let rgb = picture.into_rgb8();
        if rgb.dimensions() != (TILE as u32, TILE as u32) {
            return Err(SampleError::Draw { tile });
        }
        encode(&way.picture(&rgb), quality).ok_or(SampleError::Draw { tile })
    }
}

/// Lays the sample area in the folder `county` side by side into the folder `out`, `times` times each way.
///
/// Copies are laid in the first `ways` of [`WAYS`], and equal pictures share one file by hard links. There are neither captions nor addresses. As in [`generate`](crate::generate), the folder appears when it is complete, and
/// `progress` is told how many of the finest tiles are done, and of how many.
pub fn repeat(
    county: &Path,
    out: &Path,
    times: u32,
    ways: usize,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<SampleReport, SampleError> {
    let ways = ways.clamp(1, WAYS);
    if !(1..=MAX_TIMES).contains(&times) {
        return Err(SampleError::Option {
            option: "times",
            value: times.into(),
            low: 1,
            high: MAX_TIMES.into(),
        });
    }
    let path = county.join("sample.json");
    let text = fs::read(&path).map_err(|source| SampleError::Read { path: path.clone(), source })?;
    let no_county = || SampleError::NoCounty { folder: county.to_owned() };
    let mut about: Value = serde_json::from_slice(&text).map_err(|_| no_county())?;
    let number = |key: &str| about.get(key).and_then(Value::as_u64);
    let side = number("size").and_then(|side| u32::try_from(side).ok()).ok_or_else(no_county)?;
    if !(1..=crate::MAX_SIZE).contains(&side) || about.get("times").is_some() {
        return Err(no_county());
    }
    let grid = grid(side);
    // Zooms in which copies meet at the edges of tiles.
    let whole = side.trailing_zeros().min(grid.left.trailing_zeros()).min(grid.top.trailing_zeros());
    let min_zoom = grid.zoom.saturating_sub(whole as u8).max(grid.min_zoom);
    let output = Output::begin(out)?;
    let repeated = Repeated { county, draft: output.draft(), grid, times, ways };
    let quality = SampleOptions::default().quality;
    let tiles = (side * times) as usize * (side * times) as usize;
    let (mut pictures, mut picture_bytes) = (0, 0);
    for z in min_zoom..=grid.zoom {
        let is_finest = z == grid.zoom;
        let quality = if is_finest { quality } else { quality.saturating_add(6) };
        picture_bytes += repeated.zoom(z, quality, &|done| {
            if is_finest {
                progress(done, tiles);
            }
        })?;
        let side = (repeated.at(z).0 * times) as usize;
        pictures += side * side;
    }
    let bounds = addresses::bounds(&Grid { side: side * times, ..grid });
    let county_title = about.get("title").and_then(Value::as_str).unwrap_or("Sample county").to_owned();
    about["title"] = json!(format!("{county_title}, {times} x {times} times"));
    about["times"] = json!(times);
    about["min_zoom"] = json!(min_zoom);
    about["bounds"] = json!(bounds);
    output.text("sample.json", &format!("{about:#}\n"))?;
    output.finish(SampleReport {
        folder: out.to_owned(),
        tiles,
        pictures,
        picture_bytes,
        addresses: 0,
        bounds,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::generate;

    #[test]
    fn copies_meet_and_equal_pictures_are_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let (county, out) = (folder.path().join("county"), folder.path().join("state"));
        let options = SampleOptions { size: 4, seed: 5, ..SampleOptions::default() };
        generate(&county, &options, &|_, _| {}).unwrap();
        let report = repeat(&county, &out, 5, WAYS, &|_, _| {}).unwrap();
        assert_eq!((report.tiles, report.pictures), (400, 400 + 100 + 25));
        let grid = grid(4);
        let tile = |x: u32, y: u32| {
            let path = out.join(format!("tiles/17/{}/{}.jpg", grid.left + x, grid.top + y));
            fs::read(path).unwrap()
        };
        let all: HashSet<Vec<u8>> =
            (0..20).flat_map(|y| (0..20).map(move |x| (x, y))).map(|(x, y)| tile(x, y)).collect();
        assert!(all.len() <= WAYS * 16, "{} different pictures", all.len());
        assert!(all.len() > 64, "{} different pictures: copies are laid in different ways", all.len());
        for (x, y) in [(0, 0), (3, 2), (1, 3)] {
            let original = county.join(format!("tiles/17/{}/{}.jpg", grid.left + x, grid.top + y));
            assert_eq!(tile(x, y), fs::read(original).unwrap(), "the first copy is the county itself");
        }
        let about: Value = serde_json::from_slice(&fs::read(out.join("sample.json")).unwrap()).unwrap();
        assert_eq!((about["synthetic"].as_bool(), about["min_zoom"].as_u64()), (Some(true), Some(15)));
    }

    /// A coarse tile shows what the four finer ones below it show, in every copy: pictures and places are laid alike.
    #[test]
    fn every_way_lays_coarse_and_fine_tiles_alike() {
        let folder = tempfile::tempdir().unwrap();
        let (county, out) = (folder.path().join("county"), folder.path().join("state"));
        let options = SampleOptions { size: 2, seed: 6, ..SampleOptions::default() };
        generate(&county, &options, &|_, _| {}).unwrap();
        repeat(&county, &out, 8, WAYS, &|_, _| {}).unwrap();
        let mean = |z: u8, x: u32, y: u32, quarter: Option<(u32, u32)>| {
            let picture = image::open(out.join(format!("tiles/{z}/{x}/{y}.jpg"))).unwrap().into_rgb8();
            let half = TILE as u32 / 2;
            let (left, top, side) = quarter.map_or((0, 0, 2 * half), |(x, y)| (x * half, y * half, half));
            let part = image::imageops::crop_imm(&picture, left, top, side, side).to_image();
            let sum: u64 = part.pixels().flat_map(|pixel| pixel.0).map(u64::from).sum();
            sum as f64 / f64::from(side * side * 3)
        };
        let grid = grid(2);
        for (column, row) in (0..8).flat_map(|column| (0..8).map(move |row| (column, row))) {
            let (x, y) = (grid.left / 2 + column, grid.top / 2 + row);
            for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let (coarse, fine) = (mean(16, x, y, Some((dx, dy))), mean(17, 2 * x + dx, 2 * y + dy, None));
                assert!(
                    (coarse - fine).abs() < 2.5,
                    "copy {column}, {row}, quarter {dx}, {dy}: {coarse:.1} and {fine:.1}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_county_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let nothing = repeat(&folder.path().join("none"), &folder.path().join("out"), 2, WAYS, &|_, _| {});
        assert!(matches!(nothing, Err(SampleError::Read { .. })), "{nothing:?}");
        fs::write(folder.path().join("sample.json"), r#"{"size": 0}"#).unwrap();
        let empty = repeat(folder.path(), &folder.path().join("out"), 2, WAYS, &|_, _| {});
        assert!(matches!(empty, Err(SampleError::NoCounty { .. })), "{empty:?}");
        let often = repeat(folder.path(), &folder.path().join("out"), MAX_TIMES + 1, WAYS, &|_, _| {});
        assert!(matches!(often, Err(SampleError::Option { option: "times", .. })), "{often:?}");
    }
}
