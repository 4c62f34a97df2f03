//! What preparing a picture promises.

use image::{Rgb, RgbImage};

use super::*;
use crate::model::{Fit, ImageConfig, Resize, Stage, Tower};

fn config(size: usize) -> ImageConfig {
    ImageConfig {
        file: String::new(),
        image_size: size,
        mean: [0.0; 3],
        std: [1.0 / 255.0; 3],
        resize: Resize::Bicubic,
        fit: Fit::ShortSideCentreCrop,
        average_transpose: false,
        tower: Tower::Resnet { stem: vec![4], stages: vec![Stage { width: 4, blocks: 0 }], kernel: 3 },
    }
}

fn levels(pixels: &ImagePixels, channel: usize) -> Vec<i32> {
    pixels.values().iter().skip(channel).step_by(3).map(|value| value.round() as i32).collect()
}

#[test]
fn a_picture_of_the_right_size_is_not_touched() {
    let picture = RgbImage::from_fn(8, 8, |x, y| Rgb([x as u8 * 30, y as u8 * 30, (x * y) as u8]));
    let pixels = ImagePixels::from_rgb(&config(8), &picture).expect("a picture");
    let same: Vec<i32> = picture.as_raw().iter().map(|value| i32::from(*value)).collect();
    let found: Vec<i32> = pixels.values().iter().map(|value| value.round() as i32).collect();
    assert_eq!(found, same);
}

#[test]
fn the_transpose_has_rows_for_columns() {
    let picture = |turned: bool| {
        RgbImage::from_fn(8, 8, |x, y| {
            let (x, y) = if turned { (y, x) } else { (x, y) };
            Rgb([x as u8 * 30, y as u8 * 30, (x * 9 + y) as u8])
        })
    };
    let pixels = |turned| ImagePixels::from_rgb(&config(8), &picture(turned)).expect("a picture");
    assert_eq!(pixels(false).transposed(), pixels(true));
    assert_ne!(pixels(false).transposed(), pixels(false));
}

#[test]
fn the_middle_of_a_long_picture_is_used() {
    // 24 x 8 with three colours side by side: only the middle one is left.
    let picture = RgbImage::from_fn(24, 8, |x, _| Rgb([[10, 20, 30][x as usize / 8]; 3]));
    let pixels = ImagePixels::from_rgb(&config(8), &picture).expect("a picture");
    assert_eq!(levels(&pixels, 0), vec![20; 64]);
    let upright = image::imageops::rotate90(&picture);
    let pixels = ImagePixels::from_rgb(&config(8), &upright).expect("a picture");
    assert_eq!(levels(&pixels, 2), vec![20; 64]);
}

#[test]
fn an_extremely_long_picture_takes_no_extreme_memory() {
    let picture = RgbImage::from_pixel(20_000, 1, Rgb([9, 9, 9]));
    let pixels = ImagePixels::from_rgb(&config(64), &picture).expect("a picture");
    assert_eq!(levels(&pixels, 1), vec![9; 64 * 64]);
}

#[test]
fn shrinking_averages_instead_of_skipping() {
    // Stripes of one pixel: without a widened kernel one of the two colours would win.
    let picture = RgbImage::from_fn(64, 64, |x, _| Rgb([if x % 2 == 0 { 0 } else { 200 }; 3]));
    let pixels = ImagePixels::from_rgb(&config(8), &picture).expect("a picture");
    assert!(levels(&pixels, 0).iter().all(|level| (95..=105).contains(level)), "{:?}", levels(&pixels, 0));
}

#[test]
fn resizing_repeats_the_reference_to_a_level() {
    // What Pillow's BICUBIC and a centre crop make of the same picture, shrunk (all of it) and grown (one row).
    #[rustfmt::skip]
    let shrunk = [
        127, 174, 128, 159, 149, 144, 108, 96, 116, 79, 131, 161, 147, 121, 114,
        85, 117, 133, 124, 154, 128, 142, 156, 160, 125, 111, 116, 90, 112, 139,
        137, 128, 121, 87, 117, 121, 124, 146, 130, 133, 156, 167, 133, 121, 117,
        115, 142, 164, 138, 137, 129, 94, 120, 112, 126, 140, 130, 121, 152, 169,
        140, 133, 107, 93, 123, 175, 138, 153, 146, 110, 127, 95, 126, 125, 127,
    ];
    let row_of_grown = [
        91, 145, 40, 106, 174, 55, 135, 166, 85, 165, 85, 116, 134, 60, 146, 55, 91, 177, 49, 128, 208, 83,
        168, 221, 122, 200, 164, 159, 198, 124, 189, 132, 157, 170, 112, 138, 103, 147, 57, 98, 103, 45, 128,
        30, 78, 159, 37, 117,
    ];
    let level = |x: u32, y: u32, c: u32| (x * 37 + y * 91 + c * 53) as u8;
    let picture = RgbImage::from_fn(13, 9, |x, y| Rgb([level(x, y, 0), level(x, y, 1), level(x, y, 2)]));
    for (size, start, expected) in [(5, 0, &shrunk[..]), (16, 3 * 48, &row_of_grown)] {
        let pixels = ImagePixels::from_rgb(&config(size), &picture).expect("a picture");
        for (at, (found, expected)) in pixels.values()[start..].iter().zip(expected).enumerate() {
            let found = found.round() as i32;
            assert!((found - expected).abs() <= 1, "size {size}, number {at}: {found}, expected {expected}");
        }
    }
}

#[test]
fn a_picture_without_pixels_is_an_error() {
    for (width, height) in [(0, 0), (0, 9), (9, 0)] {
        assert!(ImagePixels::from_rgb(&config(8), &RgbImage::new(width, height)).is_err());
    }
}
