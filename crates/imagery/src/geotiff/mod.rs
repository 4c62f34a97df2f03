//! GeoTIFF and COG: map tiles made on demand from rasters in their own coordinate systems.

mod bands;
mod draw;
mod raster;

use std::collections::{BTreeMap, HashMap};
use std::io::Cursor;
use std::path::{Path, PathBuf};

use clip_rs_catalog::{Date, TileId};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _};

use bands::Stretch;
use draw::{Canvas, EDGE};
use raster::Raster;

use crate::source::spoken;
use crate::{Entry, EntryId, ImageryError, Inventory, Source};

/// The most tiles that rasters may make.
const MOST_TILES: usize = 50_000_000;
/// How much of a zoom's step may be lost: a raster whose pixels are up to 2^0.25 finer than a zoom's is shown
/// at that zoom and not at the next.
const LOSS: f64 = 0.25;

/// A raster file, and the day it was taken where something says so.
pub(crate) type RasterFile = (PathBuf, Option<Date>);

/// Rasters that together make one layer of tiles.
pub(crate) struct GeoTiffs {
    rasters: Vec<Raster>,
    stretch: Stretch,
    inventory: Inventory,
}

impl GeoTiffs {
    /// Opens raster files; those that cannot be used are skipped as long as one can. `inventory` holds what is
    /// known of them already.
    pub fn open(files: &[RasterFile], mut inventory: Inventory) -> Result<Self, ImageryError> {
        let mut rasters = Vec::new();
        let mut first_error = None;
        for (path, captured) in files {
            match Raster::open(path, *captured) {
                Ok(raster) => rasters.push(raster),
                Err(error) => {
                    inventory.skip(name_of(path), reason(&error));
                    first_error.get_or_insert(error);
                }
            }
        }
        if let (true, Some(error)) = (rasters.is_empty(), first_error) {
            return Err(error);
        }
        let mut notes = Notes::default();
        let (stretch, broken) = settle_values(&mut rasters, &mut notes);
        for (path, why) in broken {
            inventory.skip(name_of(&path), &why);
            if rasters.is_empty() {
                return Err(ImageryError::source(path, why));
            }
        }
        let zoom = zoom_of(&rasters, &mut notes);
        let mut source = Self { rasters, stretch, inventory };
        source.inventory.notes.extend(notes.into_sentences());
        source.list(zoom)?;
        Ok(source)
    }

    /// Fills in the tiles that the rasters meet.
    fn list(&mut self, zoom: u8) -> Result<(), ImageryError> {
        let n = 1_i64 << zoom;
        let mut dates: HashMap<TileId, Option<Date>> = HashMap::new();
        for raster in &self.rasters {
            let [left, top, right, bottom] = raster.square.map(|edge| edge * n as f64);
            let rows = (top.floor().max(0.0) as i64)..(bottom.ceil().min(n as f64) as i64);
            let columns = (left.floor() as i64)..(right.ceil() as i64).min(left.floor() as i64 + n);
            let count = (rows.end - rows.start).max(0).saturating_mul((columns.end - columns.start).max(0));
            if count > MOST_TILES as i64 || dates.len() > MOST_TILES {
                let why = format!("would make more than {MOST_TILES} tiles of zoom {zoom}");
                return Err(ImageryError::source(&raster.path, why));
            }
            for row in rows {
                for column in columns.clone() {
                    // Both numbers lie in 0..2^24.
                    let (x, y) = (column.rem_euclid(n) as u32, row as u32);
                    let tile =
                        TileId::new(zoom, x, y).map_err(|error| ImageryError::source(&raster.path, error))?;
                    if raster.meets(tile) {
                        dates.entry(tile).or_insert(raster.captured);
                    }
                }
            }
        }
        for (tile, captured) in dates {
            let mut entry = Entry::new(EntryId::Tile(tile), 0);
            entry.captured = captured;
            self.inventory.entries.push(entry);
        }
        self.inventory.kinds.insert("tiles made of GeoTIFF".to_owned(), self.inventory.entries.len());
        self.inventory.tile_size = Some(EDGE as u32);
        self.inventory.sort();
        Ok(())
    }
}

impl Source for GeoTiffs {
    fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    fn read(&self, entry: &Entry) -> Result<Vec<u8>, ImageryError> {
        let first = || self.rasters.first().map_or_else(PathBuf::new, |raster| raster.path.clone());
        let missing = || ImageryError::entry(first(), &entry.id, "the rasters do not show it");
        let tile = entry.id.tile().ok_or_else(missing)?;
        let mut canvas = Canvas::new();
        let mut met = false;
        for raster in self.rasters.iter().filter(|raster| raster.meets(tile)) {
            met = true;
            let wrong = |why| ImageryError::entry(&raster.path, &entry.id, why);
            canvas.draw(raster, tile, &self.stretch).map_err(wrong)?;
            if canvas.is_full() {
                break;
            }
        }
        if !met {
            return Err(missing());
        }
        encode(&canvas).map_err(|error| ImageryError::entry(first(), &entry.id, error))
    }
}

/// A PNG, with transparency only where it is needed.
fn encode(canvas: &Canvas) -> Result<Vec<u8>, image::ImageError> {
    let mut bytes = Cursor::new(Vec::new());
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive);
    let edge = EDGE as u32;
    if canvas.is_full() {
        let rgb: Vec<u8> =
            canvas.rgba.chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        encoder.write_image(&rgb, edge, edge, ExtendedColorType::Rgb8)?;
    } else {
        encoder.write_image(&canvas.rgba, edge, edge, ExtendedColorType::Rgba8)?;
    }
    Ok(bytes.into_inner())
}

/// Looks at the rasters' values: alpha that is none is dropped, and one stretch for all is settled. Rasters
/// that cannot be decoded are taken out and returned.
fn settle_values(rasters: &mut Vec<Raster>, notes: &mut Notes) -> (Stretch, Vec<(PathBuf, String)>) {
    let mut broken = Vec::new();
    let mut colours: [Vec<f32>; 3] = Default::default();
    let mut plain = true;
    rasters.retain_mut(|raster| {
        let samples = match raster.look() {
            Ok(samples) => samples,
            Err(why) => {
                broken.push((raster.path.clone(), why));
                return false;
            }
        };
        notes.add(&raster.path, raster.bands.spoken.clone());
        if raster.bands.distrust_alpha(&samples) {
            let note =
                "a band is stored as transparency but its values are none; it is left out (near infrared?)";
            notes.add(&raster.path, note.to_owned());
        }
        if let Some(caution) = &raster.projection.caution {
            notes.add(&raster.path, caution.clone());
        }
        plain &= raster.bands.plain;
        for pixel in samples.chunks_exact(raster.bands.samples.max(1)) {
            if raster.bands.has_data(pixel) {
                for (colour, band) in colours.iter_mut().zip(raster.bands.colours) {
                    colour.push(pixel[band]);
                }
            }
        }
        true
    });
    if plain {
        return (Stretch::NONE, broken);
    }
    let stretch = Stretch::of(colours);
    if let Some(raster) = rasters.first() {
        let [red, green, blue] = stretch.0.map(|(black, white)| format!("{black} to {white}"));
        let note = format!(
            "values are stretched to 8 bits, the same for all tiles, from the 2nd to the 98th percentile of a \
             sample: red {red}, green {green}, blue {blue}"
        );
        notes.add(&raster.path, note);
    }
    (stretch, broken)
}

/// The zoom that shows the finest raster with nothing lost.
fn zoom_of(rasters: &[Raster], notes: &mut Notes) -> u8 {
    let zoom = |pixel: f64| {
        let exact = (1.0 / (pixel * EDGE as f64)).log2();
        (exact - LOSS).ceil().clamp(0.0, f64::from(TileId::MAX_ZOOM)) as u8
    };
    let finest = rasters.iter().map(|raster| raster.pixel).fold(f64::INFINITY, f64::min);
    let deepest = zoom(finest);
    for raster in rasters {
        let (width, height) = raster.size();
        let metres = raster
            .middle()
            .map_or(0.0, |middle| raster.pixel * 40_075_016.686 * middle.lat().to_radians().cos());
        if zoom(raster.pixel) != deepest {
            let note =
                format!("its pixels are coarser than the finest raster's: zoom {}", zoom(raster.pixel));
            notes.add(&raster.path, note);
        }
        if rasters.len() == 1 {
            let near = raster.middle().map(spoken).unwrap_or_default();
            let note = format!(
                "{width}x{height} pixels of {metres:.2} m near {near}: tiles are made at zoom {deepest}"
            );
            notes.add(&raster.path, note);
        }
    }
    if rasters.len() > 1
        && let Some(raster) = rasters.first()
    {
        notes.add(&raster.path, format!("{} rasters make tiles of zoom {deepest}", rasters.len()));
    }
    deepest
}

/// What is to be said of rasters; one sentence for all of which the same is true.
#[derive(Default)]
struct Notes {
    said: BTreeMap<String, (String, usize)>,
    order: Vec<String>,
}

impl Notes {
    fn add(&mut self, path: &Path, note: String) {
        let order = &mut self.order;
        let said = self.said.entry(note.clone()).or_insert_with(|| {
            order.push(note);
            (name_of(path), 0)
        });
        said.1 += 1;
    }

    fn into_sentences(self) -> Vec<String> {
        let Self { said, order } = self;
        let sentence = |note: String| match &said[&note] {
            (name, 1) => format!("{name}: {note}"),
            (name, count) => format!("{count} files, such as {name}: {note}"),
        };
        order.into_iter().map(sentence).collect()
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The reason alone, without the path that stands before it.
fn reason(error: &ImageryError) -> String {
    match error {
        ImageryError::Source { why, .. } | ImageryError::Entry { why, .. } => why.clone(),
        other => other.to_string(),
    }
}
