//! What a decoder does with pictures that are cut short or damaged.

use super::*;

/// Small pictures of every kind by name.
fn all() -> Vec<(&'static str, Vec<u8>)> {
    use ::tiff::encoder::colortype::RGB8;
    let pixels = gradient(20, 12);
    let mut all: Vec<_> =
        JPEGS.iter().chain(&WEBPS).map(|(name, bytes, _)| (*name, bytes.to_vec())).collect();
    all.push(("tiff", tiff::<RGB8, u8>(20, 12, pixels.as_raw(), &[])));
    all.push(("png", file(pixels, png)));
    all
}

#[test]
fn a_picture_that_breaks_off_anywhere_is_an_error_and_never_a_grey_part() {
    for (name, bytes) in all() {
        let whole = decode(&bytes);
        for length in 0..bytes.len() {
            match decoder().decode(&bytes[..length]) {
                Err(error) => assert!(!error.to_string().is_empty()),
                // Markers for the end, checksums and padding behind the last pixel may be missing.
                Ok(found) => {
                    assert_eq!(found.rgb, whole.rgb, "{name} cut to {length} of {} bytes", bytes.len())
                }
            }
        }
    }
}

#[test]
fn a_jpeg_without_its_last_rows_says_that_only_a_part_is_there() {
    for (name, bytes, _) in JPEGS {
        let error = decoder().decode(&bytes[..bytes.len() * 3 / 4]).expect_err(name);
        assert_eq!(error, DecodeError::Truncated(Kind::Jpeg), "{name}");
    }
}

#[test]
fn flipped_bits_neither_panic_nor_take_more_than_the_budget() {
    // A panic of the decoders' own would fail the test; what libraries throw must be caught.
    let small = Decoder::new(8 << 20);
    for (name, bytes) in all() {
        for at in 0..bytes.len().min(700) {
            for bit in [0, 3, 7] {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                if let Ok(picture) = small.decode(&damaged) {
                    let pixels = picture.rgb.as_raw().len();
                    assert!(pixels <= 8 << 20, "{name}, byte {at}, bit {bit}: {pixels} bytes");
                }
            }
        }
    }
}

#[test]
fn depths_and_codings_that_are_not_read_are_named() {
    let with_frame = |marker: u8, precision: u8| {
        let mut bytes = JPEGS[2].1.to_vec();
        let at = bytes.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame");
        (bytes[at + 1], bytes[at + 4]) = (marker, precision);
        decoder().decode(&bytes).expect_err("refused").to_string()
    };
    assert!(with_frame(0xc1, 12).contains("12 bits"));
    assert!(with_frame(0xc3, 8).contains("lossless"));
    assert!(with_frame(0xc9, 8).contains("arithmetic"));
}

#[test]
fn more_scans_than_any_encoder_writes_are_refused_before_they_take_time() {
    let progressive = JPEGS[3].1;
    let last = progressive.windows(2).rposition(|pair| pair == [0xff, 0xda]).expect("a scan");
    let scan = &progressive[last..progressive.len() - 2];
    let bomb = [&progressive[..last], &scan.repeat(600), &[0xff, 0xd9]].concat();
    let error = decoder().decode(&bomb).expect_err("refused").to_string();
    assert!(error.contains("scans"), "{error}");
}
