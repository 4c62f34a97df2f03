//! Pictures of every kind against the pixels that other programs read from them, and against damage.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, Rgb, RgbImage};

use super::*;

#[path = "damage_tests.rs"]
mod damage;
#[path = "memory_tests.rs"]
mod memory;

/// Size of the fixtures, pixels.
const SIZE: (u32, u32) = (41, 27);

/// A picture and what Pillow reads from it, made by `fixtures/make.py`.
macro_rules! fixture {
    ($name:literal, $ending:literal) => {
        (
            $name,
            include_bytes!(concat!("fixtures/", $name, ".", $ending)).as_slice(),
            include_bytes!(concat!("fixtures/", $name, ".rgb")).as_slice(),
        )
    };
}

type Fixture = (&'static str, &'static [u8], &'static [u8]);

const JPEGS: [Fixture; 6] = [
    fixture!("apart_420", "jpg"),
    fixture!("apart_440", "jpg"),
    fixture!("together_422", "jpg"),
    fixture!("progressive", "jpg"),
    fixture!("grey", "jpg"),
    fixture!("inks", "jpg"),
];
const WEBPS: [Fixture; 4] = [
    fixture!("lossy", "webp"),
    fixture!("lossless", "webp"),
    fixture!("lossy_alpha", "webp"),
    fixture!("animated", "webp"),
];

fn decoder() -> Decoder {
    Decoder::new(64 << 20)
}

fn decode(bytes: &[u8]) -> Picture {
    decoder().decode(bytes).expect("a picture")
}

/// A gradient on which every pixel is unlike its neighbours.
fn gradient(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 7) as u8, (y * 11) as u8, (x * 3 + y * 5) as u8]))
}

/// The picture as a file.
fn file(image: impl Into<DynamicImage>, write: fn(&DynamicImage, &mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&image.into(), &mut bytes);
    bytes
}

/// A PNG file of the picture, with its depth and channels.
fn png(image: &DynamicImage, to: &mut Vec<u8>) {
    use ::png::{BitDepth, ColorType};
    let mut encoder = ::png::Encoder::new(to, image.width(), image.height());
    let channels = image.color().channel_count();
    encoder.set_color(match channels {
        1 => ColorType::Grayscale,
        2 => ColorType::GrayscaleAlpha,
        3 => ColorType::Rgb,
        _ => ColorType::Rgba,
    });
    let wide = image.color().bytes_per_pixel() > channels;
    encoder.set_depth(if wide { BitDepth::Sixteen } else { BitDepth::Eight });
    let mut data = image.as_bytes().to_vec();
    if wide {
        data.as_chunks_mut::<2>()
            .0
            .iter_mut()
            .for_each(|pair| *pair = u16::from_ne_bytes(*pair).to_be_bytes());
    }
    encoder.write_header().expect("a header").write_image_data(&data).expect("written");
}

/// The JPEG with an EXIF segment that says how it is held.
fn held(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let exif = [
        b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(),
        &[orientation, 0, 0, 0, 0, 0, 0],
    ]
    .concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

/// The largest difference of any level.
fn difference(found: &RgbImage, expected: &[u8]) -> u8 {
    assert_eq!(found.as_raw().len(), expected.len());
    found.as_raw().iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max().expect("pixels")
}

#[test]
fn jpegs_of_every_layout_have_the_pixels_that_libjpeg_turbo_reads() {
    for (name, bytes, expected) in JPEGS {
        let picture = decode(bytes);
        assert_eq!(picture.rgb.dimensions(), SIZE, "{name}");
        assert_eq!(difference(&picture.rgb, expected), 0, "{name}");
        assert_eq!(picture.notes, [], "{name}");
    }
}

#[test]
fn webps_have_the_pixels_that_libwebp_reads_where_they_are_shown() {
    for (name, bytes, expected) in WEBPS {
        let picture = decode(bytes);
        let pixels = picture.rgb.as_raw().as_chunks::<3>().0.iter().zip(expected.as_chunks::<3>().0);
        for (at, (found, expected)) in pixels.enumerate() {
            let hidden = name.ends_with("less") || name.ends_with("alpha");
            if !(hidden && at as u32 % SIZE.0 < 12) {
                let most = found.iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).max();
                assert!(most <= Some(2), "{name}, pixel {at}: {found:?}, expected {expected:?}");
            }
        }
    }
    assert!(decode(WEBPS[3].1).notes.contains(&Note::FirstFrame));
    assert_eq!(decode(WEBPS[1].1).shown_share(), 29.0 / 41.0);
}

#[test]
fn all_eight_orientations_are_turned_upright() {
    let bytes = JPEGS[0].1;
    let plain = DynamicImage::from(decode(bytes).rgb);
    for orientation in 1..=8 {
        let turned = held(bytes, orientation);
        let mut expected = plain.clone();
        expected.apply_orientation(Orientation::from_exif(orientation).expect("one of eight"));
        assert_eq!(decode(&turned).rgb, expected.to_rgb8(), "orientation {orientation}");
        let size = (expected.width(), expected.height());
        assert_eq!(decoder().dimensions(&turned), Ok(size), "orientation {orientation}");
    }
}

#[test]
fn the_orientation_is_what_exif_means_by_it() {
    // Held with its right side down (6): what lies at the left of the file is at the top of the picture.
    let turned = decode(&held(JPEGS[0].1, 6)).rgb;
    let file = decode(JPEGS[0].1).rgb;
    assert_eq!(turned.dimensions(), (SIZE.1, SIZE.0));
    assert_eq!(turned.get_pixel(SIZE.1 - 1, 0), file.get_pixel(0, 0));
    assert_eq!(turned.get_pixel(0, 0), file.get_pixel(0, SIZE.1 - 1));
}

#[test]
fn twelve_bits_in_sixteen_become_their_8_bit_twin_and_sixteen_are_rounded() {
    let narrow = image::ImageBuffer::from_fn(16, 16, |x, y| image::Luma([((x * 16 + y) * 16 + 7) as u16]));
    let picture = decode(&file(DynamicImage::ImageLuma16(narrow), png));
    assert!(picture.rgb.enumerate_pixels().all(|(x, y, pixel)| pixel.0 == [(x * 16 + y) as u8; 3]));
    assert_eq!(picture.notes, [Note::Stretched { bits: 12 }]);
    let full = image::ImageBuffer::from_fn(256, 1, |x, _| Rgb([(x * 257) as u16; 3]));
    let picture = decode(&file(DynamicImage::ImageRgb16(full), png));
    assert!(picture.rgb.enumerate_pixels().all(|(x, _, pixel)| pixel.0 == [x as u8; 3]));
    assert_eq!(picture.notes, []);
}

#[test]
fn what_lies_below_full_transparency_decides_nothing() {
    let paint = |below: [u8; 3]| {
        image::RgbaImage::from_fn(8, 8, |x, y| {
            let [r, g, b] = if x < 4 { below } else { [(y * 20) as u8, 100, 60] };
            image::Rgba([r, g, b, if x < 4 { 0 } else { 255 }])
        })
    };
    let picture = decode(&file(paint([255, 0, 255]), png));
    assert_eq!(picture, decode(&file(paint([0, 9, 0]), png)));
    assert_eq!(picture.rgb.get_pixel(0, 0).0, [70, 100, 60], "the mean of what is shown");
    assert_eq!(picture.shown_share(), 0.5);
    assert!(picture.notes.iter().any(|note| note.to_string().contains("50 %")));
    let nothing = image::RgbaImage::from_pixel(8, 8, image::Rgba([9, 9, 9, 0]));
    assert_eq!(decoder().decode(&file(nothing, png)), Err(DecodeError::NoData));
}

#[test]
fn palettes_and_grey_with_alpha_are_expanded() {
    let mut bytes = Vec::new();
    let mut encoder = ::png::Encoder::new(&mut bytes, 2, 1);
    encoder.set_color(::png::ColorType::Indexed);
    encoder.set_palette([200, 10, 20, 30, 40, 50].as_slice());
    encoder.set_trns([255, 0].as_slice());
    encoder.write_header().expect("a header").write_image_data(&[0, 1]).expect("written");
    let picture = decode(&bytes);
    assert_eq!(picture.rgb.as_raw().as_slice(), [200, 10, 20, 200, 10, 20]);
    assert_eq!(picture.shown, GrayImage::from_raw(2, 1, vec![255, 0]));
    let grey = image::GrayAlphaImage::from_raw(2, 1, vec![90, 255, 10, 0]).expect("two pixels");
    assert_eq!(decode(&file(grey, png)).rgb.as_raw().as_slice(), [90; 6]);
}

#[test]
fn one_colour_is_told_from_a_picture_whatever_is_hidden() {
    let flat = RgbImage::from_fn(32, 32, |x, y| Rgb([40 + ((x + y) % 2) as u8, 80, 120]));
    assert!(decode(&file(flat, png)).is_single_coloured());
    assert!(!decode(&file(gradient(32, 32), png)).is_single_coloured());
    let half = image::RgbaImage::from_fn(32, 32, |x, y| match x {
        0..16 => image::Rgba([(y * 8) as u8, 0, 0, 0]),
        _ => image::Rgba([40, 80, 120, 255]),
    });
    assert!(decode(&file(half, png)).is_single_coloured());
}

#[test]
fn thumbnails_are_bounded_keep_their_shape_and_are_never_enlarged() {
    let picture = decode(&file(gradient(200, 100), png));
    for (edge, size) in [(128, (128, 64)), (50, (50, 25)), (512, (200, 100)), (1, (1, 1))] {
        let small = decode(&thumbnail(&picture, edge).expect("a thumbnail")).rgb;
        assert_eq!(small.dimensions(), size, "edge {edge}");
    }
    let strip = decode(&file(gradient(300, 1), png));
    assert_eq!(decode(&thumbnail(&strip, 128).expect("a thumbnail")).rgb.dimensions(), (128, 1));
}

/// A TIFF with these bands.
fn tiff<C, V>(width: u32, height: u32, values: &[V], tags: &[(u16, &str)]) -> Vec<u8>
where
    C: ::tiff::encoder::colortype::ColorType<Inner = V>,
    [V]: ::tiff::encoder::TiffValue,
{
    use ::tiff::tags::Tag;
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = ::tiff::encoder::TiffEncoder::new(&mut bytes).expect("an encoder");
    let mut image = encoder.new_image::<C>(width, height).expect("a picture");
    for (tag, text) in tags {
        image.encoder().write_tag(Tag::from_u16_exhaustive(*tag), *text).expect("a tag");
    }
    image.write_data(values).expect("written");
    bytes.into_inner()
}

#[test]
fn tiffs_leave_no_data_and_near_infrared_out() {
    use ::tiff::encoder::colortype::{Gray32Float, RGB8, RGB16};
    let picture = decode(&tiff::<RGB8, u8>(2, 1, &[10, 20, 30, 0, 0, 0], &[(42113, "0")]));
    assert_eq!(picture.rgb.as_raw().as_slice(), [10, 20, 30, 10, 20, 30]);
    assert_eq!(picture.shown_share(), 0.5);
    let words = [16, 32, 4080, 65535, 65535, 65535];
    let picture = decode(&tiff::<RGB16, u16>(2, 1, &words, &[(42113, "65535")]));
    assert_eq!(picture.rgb.get_pixel(0, 0).0, [1, 2, 255], "the value for no data is no brightness");
    let heights = [-9999.0, 100.0, 300.0, f32::NAN];
    let picture = decode(&tiff::<Gray32Float, f32>(4, 1, &heights, &[(42113, "-9999")]));
    let shown = GrayImage::from_raw(4, 1, vec![0, 255, 255, 0]);
    assert_eq!((picture.rgb.get_pixel(1, 0).0, picture.rgb.get_pixel(2, 0).0), ([0; 3], [255; 3]));
    assert_eq!(picture.shown, shown);
    assert!(picture.notes.contains(&Note::Ranged { least: 100.0, most: 300.0 }));
}
