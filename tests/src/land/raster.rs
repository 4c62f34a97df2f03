//! A land as a GeoTIFF in degrees, which has to be reprojected to become tiles.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context, Result};
use clip_rs_catalog::Bounds;
use tiff::encoder::{TiffEncoder, colortype::RGB8};
use tiff::tags::Tag;

use super::{Land, mercator_y};

/// `GeoKeyDirectoryTag` of a raster in WGS 84 degrees whose pixels are areas (OGC GeoTIFF 1.1, annex B): model type
/// geographic, raster type area, EPSG:4326.
const GEO_KEYS: [u16; 16] = [1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326];
const MODEL_PIXEL_SCALE: Tag = Tag::Unknown(33_550);
const MODEL_TIEPOINT: Tag = Tag::Unknown(33_922);
const GEO_KEY_DIRECTORY: Tag = Tag::Unknown(34_735);

/// Writes what `land` shows within `bounds`, `width` x `height` pixels in equal steps of degrees.
pub fn write_geotiff(path: &Path, land: Land, bounds: Bounds, width: u32, height: u32) -> Result<()> {
    let (step_x, step_y) =
        (bounds.width() / f64::from(width), (bounds.north() - bounds.south()) / f64::from(height));
    let mut pixels = Vec::with_capacity(3 * width as usize * height as usize);
    for (row, column) in (0..height).flat_map(|row| (0..width).map(move |column| (row, column))) {
        let lng = bounds.west() + (f64::from(column) + 0.5) * step_x;
        let lat = bounds.north() - (f64::from(row) + 0.5) * step_y;
        pixels.extend(land.pixel((lng + 180.0) / 360.0, mercator_y(lat)).0);
    }
    let file = BufWriter::new(File::create(path).with_context(|| format!("writing {}", path.display()))?);
    let mut tiff = TiffEncoder::new(file)?;
    let mut image = tiff.new_image::<RGB8>(width, height)?;
    let tags = image.encoder();
    tags.write_tag(MODEL_PIXEL_SCALE, &[step_x, step_y, 0.0][..])?;
    tags.write_tag(MODEL_TIEPOINT, &[0.0, 0.0, 0.0, bounds.west(), bounds.north(), 0.0][..])?;
    tags.write_tag(GEO_KEY_DIRECTORY, &GEO_KEYS[..])?;
    image.write_data(&pixels)?;
    Ok(())
}
