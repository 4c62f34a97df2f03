//! Pictures larger than the memory allowed: reduced, cut, or refused with both sizes.

use std::collections::BTreeMap;

use super::*;

/// A JPEG of one scan.
fn jpeg(image: &DynamicImage, to: &mut Vec<u8>) {
    let encoder = jpeg_encoder::Encoder::new(to, 90);
    let (width, height) = (image.width() as u16, image.height() as u16);
    encoder.encode(image.as_bytes(), width, height, jpeg_encoder::ColorType::Rgb).expect("written");
}

/// The pixels of all windows, by their places; where they overlap they must agree.
fn pasted(decoder: &Decoder, bytes: &[u8], edge: u32, step: u32) -> BTreeMap<(u32, u32), Rgb<u8>> {
    let mut pixels = BTreeMap::new();
    let each = |window: Window, picture: Picture| {
        assert_eq!(picture.rgb.dimensions(), (window.width, window.height));
        for (x, y, pixel) in picture.rgb.enumerate_pixels() {
            let former = pixels.insert((window.x + x, window.y + y), *pixel);
            assert!(former.is_none_or(|former| former == *pixel), "{window:?} at {x}, {y}");
        }
        Ok::<(), DecodeError>(())
    };
    decoder.windows(bytes, edge, step, each).expect("windows");
    pixels
}

#[test]
fn windows_put_together_are_the_picture_however_it_is_held() {
    let plain = file(gradient(61, 47), jpeg);
    let turned = (1..=8).map(|orientation| held(&plain, orientation));
    let others = [JPEGS[0].1.to_vec(), JPEGS[5].1.to_vec(), file(gradient(61, 47), png)];
    for (at, bytes) in turned.chain(others).enumerate() {
        let whole = decode(&bytes).rgb;
        let found = pasted(&decoder(), &bytes, 16, 9);
        assert_eq!(found.len(), whole.pixels().len(), "picture {at}");
        assert!(found.iter().all(|((x, y), pixel)| whole.get_pixel(*x, *y) == pixel), "picture {at}");
    }
}

#[test]
fn a_picture_above_the_budget_is_cut_at_full_size_and_read_reduced() {
    let picture = gradient(900, 800);
    let tight = Decoder::new(1_800_000);
    for bytes in [file(picture.clone(), jpeg), file(picture.clone(), png)] {
        let whole = decode(&bytes).rgb;
        let found = pasted(&tight, &bytes, 64, 64);
        assert!(found.iter().all(|((x, y), pixel)| whole.get_pixel(*x, *y) == pixel));
        let reduced = tight.decode(&bytes).expect("a smaller picture");
        assert!(reduced.reduced_by > 1 && reduced.notes.contains(&Note::Reduced { by: reduced.reduced_by }));
        assert_eq!(reduced.rgb.width(), 900 / reduced.reduced_by);
        let by = reduced.reduced_by;
        let square = (0..by * by).map(|at| whole.get_pixel(at % by, at / by).0[1]).map(u32::from);
        let mean = (square.sum::<u32>() + by * by / 2) / (by * by);
        assert_eq!(u32::from(reduced.rgb.get_pixel(0, 0).0[1]), mean);
    }
}

#[test]
fn what_cannot_be_streamed_and_does_not_fit_is_refused_with_what_to_do() {
    let words = image::ImageBuffer::from_fn(900, 800, |x, y| image::Luma([(x * y) as u16]));
    let bytes = file(DynamicImage::ImageLuma16(words), png);
    let error = Decoder::new(1_500_000).decode(&bytes).expect_err("too large").to_string();
    assert!(error.contains("cut it into tiles") && error.contains("2 MB allowed"), "{error}");
    assert!(decoder().decode(&bytes).is_ok());
}

#[test]
fn a_header_that_promises_a_huge_picture_takes_no_memory() {
    let mut bytes = JPEGS[3].1.to_vec();
    let at = bytes.windows(2).position(|pair| pair == [0xff, 0xc2]).expect("a frame");
    bytes[at + 5..at + 9].copy_from_slice(&[0xff, 0xdc, 0xff, 0xdc]);
    let error = decoder().decode(&bytes).expect_err("too large");
    assert!(matches!(error, DecodeError::TooLarge { needed, .. } if needed > 10_000_000_000), "{error}");
}

#[test]
fn a_broken_end_is_found_when_a_picture_is_read_reduced() {
    let bytes = file(gradient(901, 803), jpeg);
    let error = Decoder::new(1_800_000).decode(&bytes[..bytes.len() - 40]);
    assert_eq!(error, Err(DecodeError::Truncated(Kind::Jpeg)));
}
