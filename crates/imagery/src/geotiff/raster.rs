//! One GeoTIFF or COG: where its pixels lie on the Web Mercator square, and windows of its samples.

use std::path::{Path, PathBuf};

use clip_rs_catalog::{Date, LngLat, TileId};
use geotiff_reader::transform::GeoTransform;
use geotiff_reader::{GeoTiffFile, GeoTiffOpenOptions};
use tiff_reader::TiffSample;

use super::bands::Bands;
use crate::ImageryError;
use crate::projection::{CONVERT, Projection, around};

/// The most that one window may take when decoded, bytes; also of one strip or tile of the file.
const DECODED_BYTES: usize = 256 << 20;
/// Decoded strips and tiles that are kept, bytes a file.
const CACHE_BYTES: usize = 32 << 20;
/// Windows along each side that are looked at to know a raster's values.
const LOOKS: usize = 8;
/// Edge of such a window, pixels.
const LOOK_EDGE: usize = 32;
/// Points along each edge of a raster that its outline is computed from.
const OUTLINE: u32 = 24;
/// NewSubfileType's bit of a transparency mask (TIFF 6.0, tag 254).
const MASK_BIT: u32 = 4;
const NEW_SUBFILE_TYPE: u16 = 254;

/// A raster file that is open.
pub(super) struct Raster {
    pub path: PathBuf,
    file: GeoTiffFile,
    transform: GeoTransform,
    pub projection: Projection,
    pub bands: Bands,
    /// Place of the transparency mask among the file's images.
    mask: Option<usize>,
    /// Longitude of its middle, degrees.
    centre: f64,
    /// Its outline's box on the Web Mercator square: left, top, right, bottom, where the world is 0..1 and the
    /// left edge may be below 0 or the right one above 1 across the antimeridian.
    pub square: [f64; 4],
    /// Ground covered by a pixel at its middle, as a share of the square's edge.
    pub pixel: f64,
    /// The day it was taken, where a catalog of it says.
    pub captured: Option<Date>,
}

/// Samples of a part of a raster, pixel by pixel.
pub(super) struct Window {
    pub column: usize,
    pub row: usize,
    pub columns: usize,
    pub rows: usize,
    pub samples: Vec<f32>,
    /// One value a pixel, 0 where there is no data; empty when there is no mask.
    pub mask: Vec<u8>,
}

impl Raster {
    /// Opens a file and finds where it lies.
    pub fn open(path: &Path, captured: Option<Date>) -> Result<Self, ImageryError> {
        let wrong = |why: String| ImageryError::source(path, why);
        let options = GeoTiffOpenOptions {
            block_cache_bytes: CACHE_BYTES,
            decode_output_bytes: DECODED_BYTES,
            ..GeoTiffOpenOptions::default()
        };
        let file = GeoTiffFile::open_with_options(path, options)
            .map_err(|error| wrong(format!("cannot be read as GeoTIFF: {error}")))?;
        let transform = *file.transform().ok_or_else(|| {
            wrong("has no position on the ground (no tie points): it is no GeoTIFF".to_owned())
        })?;
        let projection = match file.crs().horizontal().and(file.epsg()) {
            Some(code) => Projection::from_epsg(code).map_err(wrong)?,
            None => {
                let crs = file.crs();
                let name = crs.projection_citation().or(crs.geodetic_citation()).unwrap_or_default();
                let name = if name.is_empty() { String::new() } else { format!(" ({name})") };
                return Err(wrong(format!("its coordinate system{name} has no EPSG code; {CONVERT}")));
            }
        };
        let bands = Bands::of(&file).map_err(wrong)?;
        let mask = mask_of(&file);
        let mut raster = Self {
            path: path.to_owned(),
            file,
            transform,
            projection,
            bands,
            mask,
            centre: 0.0,
            square: [0.0; 4],
            pixel: 0.0,
            captured,
        };
        raster.find_place().ok_or_else(|| wrong(format!("its corners lie outside the map; {CONVERT}")))?;
        Ok(raster)
    }

    /// Width and height, pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.file.width(), self.file.height())
    }

    fn find_place(&mut self) -> Option<()> {
        let (width, height) = (f64::from(self.file.width()), f64::from(self.file.height()));
        let middle = self.transform.pixel_to_geo(width / 2.0, height / 2.0);
        self.centre = self.projection.to_degrees(middle.0, middle.1)?.0;
        let mut square = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        for step in 0..=OUTLINE {
            let share = f64::from(step) / f64::from(OUTLINE);
            let (x, y) = (share * width, share * height);
            for (column, row) in [(x, 0.0), (x, height), (0.0, y), (width, y), (x, height / 2.0)] {
                let Some((x, y)) = self.to_square(column, row) else { continue };
                square = [square[0].min(x), square[1].min(y), square[2].max(x), square[3].max(y)];
            }
        }
        self.square = square;
        let here = self.to_square(width / 2.0, height / 2.0)?;
        let right = self.to_square(width / 2.0 + 1.0, height / 2.0)?;
        let below = self.to_square(width / 2.0, height / 2.0 + 1.0)?;
        let distance = |there: (f64, f64)| (there.0 - here.0).hypot(there.1 - here.1);
        self.pixel = distance(right).min(distance(below));
        (self.pixel > 0.0 && square.iter().all(|edge| edge.is_finite())).then_some(())
    }

    /// The place of a pixel on the Web Mercator square, x near the raster's middle; latitudes that the square
    /// does not hold are put to its edge.
    fn to_square(&self, column: f64, row: f64) -> Option<(f64, f64)> {
        let (x, y) = self.transform.pixel_to_geo(column, row);
        let (lng, lat) = self.projection.to_degrees(x, y)?;
        let lng = self.centre + around(lng - self.centre);
        let lat = lat.clamp(-MOST_LATITUDE, MOST_LATITUDE).to_radians();
        Some(((lng + 180.0) / 360.0, (1.0 - lat.tan().asinh() / std::f64::consts::PI) / 2.0))
    }

    /// The pixel (fractions count from the corner of pixel 0, 0) at a place on the square.
    pub fn pixel_at(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        let lng = around(x * 360.0 - 180.0);
        let lat = (std::f64::consts::PI * (1.0 - 2.0 * y)).sinh().atan().to_degrees();
        let near = self.centre;
        let (x, y) = self.projection.to_own(lng, lat, near)?;
        self.transform.geo_to_pixel(x, y)
    }

    /// The middle of the raster.
    pub fn middle(&self) -> Option<LngLat> {
        let (width, height) = (f64::from(self.file.width()), f64::from(self.file.height()));
        let (x, y) = self.transform.pixel_to_geo(width / 2.0, height / 2.0);
        let (lng, lat) = self.projection.to_degrees(x, y)?;
        LngLat::new(around(lng), lat).ok()
    }

    /// Whether a tile may show a part of the raster.
    pub fn meets(&self, tile: TileId) -> bool {
        let n = f64::from(1_u32 << tile.z());
        let (top, bottom) = (f64::from(tile.y()) / n, f64::from(tile.y() + 1) / n);
        let [left, raster_top, right, raster_bottom] = self.square;
        // The tile's columns in the turn of the world that the raster lies in.
        let meets = |turn: f64| {
            let (west, east) = (f64::from(tile.x()) / n + turn, f64::from(tile.x() + 1) / n + turn);
            west < right && left < east
        };
        top < raster_bottom && raster_top < bottom && [-1.0, 0.0, 1.0].into_iter().any(meets)
    }

    /// A window of samples and of the mask, which must lie within the raster.
    pub fn window(&self, column: usize, row: usize, columns: usize, rows: usize) -> Result<Window, String> {
        let samples = self.samples(self.file.base_ifd_index(), column, row, columns, rows)?;
        let mask = match self.mask {
            None => Vec::new(),
            Some(mask) => {
                let ifd = self.file.tiff().ifd(mask).map_err(|error| error.to_string())?;
                let read =
                    self.file.tiff().read_decoded_window_from_ifd::<u8>(ifd, row, column, rows, columns);
                read.map_err(|error| error.to_string())?.into_iter().collect()
            }
        };
        if samples.len() != columns * rows * self.bands.samples
            || !(mask.is_empty() || mask.len() == columns * rows)
        {
            return Err("its samples are not laid out as it says".to_owned());
        }
        Ok(Window { column, row, columns, rows, samples, mask })
    }

    fn samples(
        &self,
        image: usize,
        column: usize,
        row: usize,
        columns: usize,
        rows: usize,
    ) -> Result<Vec<f32>, String> {
        let ifd = self.file.tiff().ifd(image).map_err(|error| error.to_string())?;
        let layout = ifd.decoded_raster_layout().map_err(|error| error.to_string())?;
        let at = (row, column, rows, columns);
        match (layout.sample_format, layout.bits_per_sample) {
            (1, 8) => self.typed::<u8>(image, at),
            (1, 16) => self.typed::<u16>(image, at),
            (1, 32) => self.typed::<u32>(image, at),
            (2, 8) => self.typed::<i8>(image, at),
            (2, 16) => self.typed::<i16>(image, at),
            (2, 32) => self.typed::<i32>(image, at),
            (3, 32) => self.typed::<f32>(image, at),
            (3, 64) => self.typed::<f64>(image, at),
            (format, bits) => {
                Err(format!("samples of {bits} bits (TIFF sample format {format}) are not read"))
            }
        }
    }

    fn typed<T: TiffSample + Into<f64>>(
        &self,
        image: usize,
        (row, column, rows, columns): (usize, usize, usize, usize),
    ) -> Result<Vec<f32>, String> {
        let read = self.file.tiff().read_decoded_window::<T>(image, row, column, rows, columns);
        let samples = read.map_err(|error| error.to_string())?;
        Ok(samples.into_iter().map(|sample| Into::<f64>::into(sample) as f32).collect())
    }

    /// Some of the raster's samples, from all over it.
    pub fn look(&self) -> Result<Vec<f32>, String> {
        let (width, height) = (self.file.width() as usize, self.file.height() as usize);
        let starts = |length: usize| {
            let last = length.saturating_sub(LOOK_EDGE);
            let mut starts: Vec<usize> = (0..LOOKS).map(|step| last * step / (LOOKS - 1)).collect();
            starts.dedup();
            starts
        };
        let mut samples = Vec::new();
        for row in starts(height) {
            for column in starts(width) {
                let (columns, rows) = (LOOK_EDGE.min(width - column), LOOK_EDGE.min(height - row));
                samples.extend(self.window(column, row, columns, rows)?.samples);
            }
        }
        Ok(samples)
    }
}

/// Latitude of the upper edge of the Web Mercator square, degrees.
const MOST_LATITUDE: f64 = 85.051_128_779_806_59;

/// The transparency mask of the base image: of its size, marked as a mask.
fn mask_of(file: &GeoTiffFile) -> Option<usize> {
    file.tiff().ifds().iter().position(|ifd| {
        let kind = ifd.tag(NEW_SUBFILE_TYPE).and_then(|tag| tag.value.as_u32()).unwrap_or_default();
        kind & MASK_BIT != 0 && (ifd.width(), ifd.height()) == (file.width(), file.height())
    })
}
