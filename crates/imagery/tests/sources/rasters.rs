//! GeoTIFF: tiles made of rasters that the tests write with the crate `tiff`.

use std::fs::File;
use std::path::Path;

use clip_rs_catalog::TileId;
use clip_rs_imagery::{Entry, EntryId, Kind, Source, Wanted, open};
use image::{GenericImageView as _, RgbaImage};
use tiff::encoder::TiffEncoder;
use tiff::encoder::colortype::{ColorType, Gray16, RGB8, RGBA8};
use tiff::tags::Tag;

use crate::suite::{check, names, says};
use crate::write::{folder, wanted};

/// Half the length of the equator on the Web Mercator map, metres.
const HALF: f64 = 20_037_508.342_789_244;

/// Where a raster lies: EPSG code, left and top edge, edge of a pixel, all in the system's units.
pub struct Place {
    pub epsg: u16,
    pub left: f64,
    pub top: f64,
    pub pixel: f64,
}

/// Writes a raster whose rows are all `width` pixels long.
pub fn write<C: ColorType>(path: &Path, place: &Place, width: u32, samples: &[C::Inner], nodata: Option<&str>)
where
    [C::Inner]: tiff::encoder::TiffValue,
{
    let mut encoder = TiffEncoder::new(File::create(path).expect("a file")).expect("an encoder");
    let height = samples.len() as u32 / C::BITS_PER_SAMPLE.len() as u32 / width;
    let mut image = encoder.new_image::<C>(width, height).expect("an image");
    let model = if place.epsg == 4326 { 2 } else { 1 };
    let system = if model == 2 { 2048 } else { 3072 };
    let keys = [1_u16, 1, 0, 3, 1024, 0, 1, model, 1025, 0, 1, 1, system, 0, 1, place.epsg];
    let tags = image.encoder();
    tags.write_tag(Tag::ModelPixelScaleTag, &[place.pixel, place.pixel, 0.0][..]).expect("a tag");
    tags.write_tag(Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, place.left, place.top, 0.0][..]).expect("a tag");
    if C::BITS_PER_SAMPLE.len() == 4 {
        // Unassociated alpha, as all writers of four bands say.
        tags.write_tag(Tag::ExtraSamples, &[2_u16][..]).expect("a tag");
    }
    if place.epsg != 0 {
        tags.write_tag(Tag::GeoKeyDirectoryTag, &keys[..]).expect("a tag");
    }
    if let Some(nodata) = nodata {
        tags.write_tag(Tag::GdalNodata, nodata).expect("a tag");
    }
    image.write_data(samples).expect("written samples");
}

/// A colour for each pixel that tells where it is.
pub fn ramp(width: u32, height: u32) -> Vec<u8> {
    (0..height).flat_map(|row| (0..width).flat_map(move |column| [column as u8, row as u8, 77])).collect()
}

fn tile(source: &dyn Source, id: &str) -> RgbaImage {
    let id = EntryId::Tile(id.parse::<TileId>().expect("a tile"));
    let entry = source.inventory().entries.iter().find(|entry| entry.id == id).expect("the tile is there");
    image::load_from_memory(&source.read(entry).expect("readable")).expect("a picture").to_rgba8()
}

/// A place on the pixel grid of a zoom, at the corner of a tile.
pub fn on_grid(z: u8, x: u32, y: u32) -> Place {
    let tile_edge = 2.0 * HALF / f64::from(1_u32 << z);
    let (left, top) = (f64::from(x) * tile_edge - HALF, HALF - f64::from(y) * tile_edge);
    Place { epsg: 3857, left, top, pixel: tile_edge / 256.0 }
}

#[test]
fn a_raster_on_the_pixel_grid_of_a_zoom_comes_out_unchanged() {
    let root = folder();
    let path = root.path().join("a.tif");
    write::<RGB8>(&path, &on_grid(17, 37488, 50142), 256, &ramp(256, 256), None);
    let source = check(&wanted(Kind::Tiles, &path));
    assert_eq!(names(source.as_ref()), ["17/37488/50142"]);
    let made = tile(source.as_ref(), "17/37488/50142");
    for (x, y, pixel) in made.enumerate_pixels() {
        assert_eq!(pixel.0, [x as u8, y as u8, 77, 255], "{x},{y}");
    }
    assert!(says(source.as_ref(), "tiles are made at zoom 17"));
}

#[test]
fn a_raster_across_tiles_is_transparent_beside_itself() {
    let root = folder();
    let path = root.path().join("a.tif");
    let corner = on_grid(17, 37488, 50142);
    let place =
        Place { left: corner.left + 200.0 * corner.pixel, top: corner.top - 10.0 * corner.pixel, ..corner };
    write::<RGB8>(&path, &place, 100, &ramp(100, 40), None);
    let source = check(&wanted(Kind::Tiles, &path));
    assert_eq!(names(source.as_ref()), ["17/37488/50142", "17/37489/50142"]);
    let left = tile(source.as_ref(), "17/37488/50142");
    assert_eq!(left.get_pixel(200, 10).0, [0, 0, 77, 255]);
    assert_eq!(left.get_pixel(199, 10).0[3], 0);
    assert_eq!(left.get_pixel(255, 49).0, [55, 39, 77, 255]);
    assert_eq!(left.get_pixel(255, 50).0[3], 0);
    assert_eq!(tile(source.as_ref(), "17/37489/50142").get_pixel(0, 10).0, [56, 0, 77, 255]);
}

#[test]
fn a_raster_in_utm_lies_where_it_belongs() {
    let root = folder();
    let path = root.path().join("a.tif");
    // 200 x 150 pixels of 5 m with the corner on the central meridian of zone 14.
    write::<RGB8>(
        &path,
        &Place { epsg: 26914, left: 500_000.0, top: 5_200_000.0, pixel: 5.0 },
        200,
        &ramp(200, 150),
        None,
    );
    let source = check(&wanted(Kind::Tiles, &path));
    assert!(says(source.as_ref(), "EPSG:26914: its datum is taken as WGS 84"));
    assert_eq!(source.inventory().zooms(), Some((15, 15)), "{:?}", source.inventory().notes);
    // By PROJ 9: easting 500500, northing 5199650 is at these degrees: the corner of pixel 100, 70.
    let (lng, lat) = (-98.993_429_35_f64, 46.950_379_42_f64);
    let n = f64::from(1_u32 << 15) * 256.0;
    let x = (lng + 180.0) / 360.0 * n;
    let y = (1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * n;
    let id = format!("15/{}/{}", x as u32 / 256, y as u32 / 256);
    let pixel = tile(source.as_ref(), &id).get_pixel(x as u32 % 256, y as u32 % 256).0;
    assert!(pixel[0].abs_diff(100) <= 1 && pixel[1].abs_diff(70) <= 1, "{id}: {pixel:?}");
}

#[test]
fn values_that_mean_no_data_and_true_transparency_are_transparent() {
    let root = folder();
    let path = root.path().join("a.tif");
    let place = on_grid(17, 37488, 50142);
    let mut samples = ramp(256, 256);
    samples[..3].copy_from_slice(&[9, 9, 9]);
    write::<RGB8>(&path, &place, 256, &samples, Some("9"));
    let made = tile(check(&wanted(Kind::Tiles, &path)).as_ref(), "17/37488/50142");
    assert_eq!((made.get_pixel(0, 0).0[3], made.get_pixel(9, 9).0), (0, [9, 9, 77, 255]));

    let half: Vec<u8> =
        (0..256 * 256).flat_map(|i| if i % 256 < 128 { [5, 6, 7, 0] } else { [5, 6, 7, 255] }).collect();
    write::<RGBA8>(&path, &place, 256, &half, None);
    let made = tile(check(&wanted(Kind::Tiles, &path)).as_ref(), "17/37488/50142");
    assert_eq!((made.get_pixel(127, 3).0[3], made.get_pixel(128, 3).0), (0, [5, 6, 7, 255]));
}

#[test]
fn near_infrared_stored_as_alpha_is_no_transparency() {
    let root = folder();
    let path = root.path().join("naip.tif");
    let samples: Vec<u8> = (0..256 * 256_u32).flat_map(|i| [90, 80, 70, (i % 100) as u8]).collect();
    write::<RGBA8>(&path, &on_grid(17, 37488, 50142), 256, &samples, None);
    let source = check(&wanted(Kind::Tiles, &path));
    assert!(says(source.as_ref(), "near infrared"));
    let made = tile(source.as_ref(), "17/37488/50142");
    assert!(made.pixels().all(|pixel| pixel.0 == [90, 80, 70, 255]));
}

#[test]
fn sixteen_bits_are_stretched_alike_in_all_tiles() {
    let root = folder();
    let path = root.path().join("a.tif");
    let samples: Vec<u16> = (0..256_u16).flat_map(|_| (0..512_u16).map(|column| 1000 + column * 2)).collect();
    write::<Gray16>(&path, &on_grid(17, 37488, 50142), 512, &samples, None);
    let source = check(&wanted(Kind::Tiles, &path));
    assert!(says(source.as_ref(), "2nd to the 98th percentile"));
    let (left, right) = (tile(source.as_ref(), "17/37488/50142"), tile(source.as_ref(), "17/37489/50142"));
    assert_eq!((left.get_pixel(0, 0).0[0], right.get_pixel(255, 0).0[0]), (0, 255));
    let step = right.get_pixel(0, 9).0[0].abs_diff(left.get_pixel(255, 9).0[0]);
    assert!(step <= 1, "no seam between tiles: {step}");
    assert!((110..145).contains(&right.get_pixel(0, 9).0[0]));
}

#[test]
fn rasters_of_a_folder_fill_each_others_gaps_and_bad_ones_are_skipped() {
    let root = folder();
    let corner = on_grid(17, 37488, 50142);
    let pixel = corner.pixel;
    let beside = Place { left: corner.left + 100.0 * pixel, ..on_grid(17, 37488, 50142) };
    write::<RGB8>(&root.path().join("1.tif"), &corner, 100, &ramp(100, 256), None);
    write::<RGB8>(&root.path().join("2.tif"), &beside, 156, &ramp(156, 256), None);
    write::<RGB8>(
        &root.path().join("lost.tif"),
        &Place { epsg: 0, ..on_grid(17, 0, 0) },
        8,
        &ramp(8, 8),
        None,
    );
    std::fs::write(root.path().join("bad.tif"), b"II*\0").expect("write");
    let source = check(&wanted(Kind::Tiles, root.path()));
    assert_eq!(names(source.as_ref()), ["17/37488/50142"]);
    let made = tile(source.as_ref(), "17/37488/50142");
    assert_eq!((made.get_pixel(99, 5).0, made.get_pixel(100, 5).0), ([99, 5, 77, 255], [0, 5, 77, 255]));
    let skipped: Vec<&str> = source.inventory().skipped.iter().map(|s| s.subject.as_str()).collect();
    assert_eq!(skipped, ["bad.tif", "lost.tif"]);
    let alone =
        open(&wanted(Kind::Tiles, root.path().join("lost.tif"))).err().expect("no system").to_string();
    assert!(alone.contains("no EPSG code") && alone.contains("gdalwarp"), "{alone}");
}

#[test]
fn a_raster_across_the_antimeridian_makes_tiles_on_both_sides() {
    let root = folder();
    let path = root.path().join("a.tif");
    write::<RGB8>(
        &path,
        &Place { epsg: 4326, left: 179.5, top: 1.0, pixel: 0.01 },
        100,
        &ramp(100, 100),
        None,
    );
    let source = check(&wanted(Kind::Tiles, &path));
    let (least, most) = source
        .inventory()
        .entries
        .iter()
        .filter_map(|entry| entry.id.tile())
        .fold((u32::MAX, 0), |(least, most), tile| (least.min(tile.x()), most.max(tile.x())));
    let zoom = source.inventory().zooms().expect("tiles").0;
    assert_eq!((least, most), (0, (1 << zoom) - 1), "zoom {zoom}");
    for entry in &source.inventory().entries {
        let made = image::load_from_memory(&source.read(entry).expect("readable")).expect("a picture");
        assert!(made.pixels().any(|(_, _, pixel)| pixel.0[3] > 0), "{} shows nothing", entry.id);
    }
}

#[test]
fn a_tile_that_no_raster_shows_is_an_error() {
    let root = folder();
    let path = root.path().join("a.tif");
    write::<RGB8>(&path, &on_grid(17, 37488, 50142), 16, &ramp(16, 16), None);
    let source = open(&Wanted { ..wanted(Kind::Tiles, &path) }).expect("a raster");
    let other = Entry {
        id: EntryId::Tile(TileId::new(17, 0, 0).expect("a tile")),
        ..source.inventory().entries[0].clone()
    };
    assert!(source.read(&other).is_err());
}
