//! What a service sent, looked at before it is kept: a whole picture, an empty one, or something else.

use clip_rs_imagery::decode::{DecodeError, Decoder};

/// What a picture is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It shows something.
    Ground,
    /// It has one colour that ground can have: open water, sand, snow in shade.
    Plain,
    /// It is white, black or transparent all over, which is how services say that they have nothing.
    Blank,
}

/// Looks at what came; the error says why it is no picture. Memory is bounded by the decoder.
pub(crate) fn look(decoder: &Decoder, bytes: &[u8]) -> Result<Seen, DecodeError> {
    let seen = decoder.with_picture(bytes, |picture| {
        // JPEG leaves a value or two.
        let all = |limit: fn(u8) -> bool| picture.rgb.as_raw().iter().all(|&value| limit(value));
        if all(|value| value >= 253) || all(|value| value <= 2) {
            Seen::Blank
        } else if picture.is_single_coloured() {
            Seen::Plain
        } else {
            Seen::Ground
        }
    });
    match seen {
        Err(DecodeError::NoData) => Ok(Seen::Blank),
        seen => seen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Rgba, RgbaImage};

    fn png(pixel: impl Fn(u32, u32) -> [u8; 4]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let image = RgbaImage::from_fn(16, 16, |x, y| Rgba(pixel(x, y)));
        image.write_to(&mut std::io::Cursor::new(&mut bytes), ImageFormat::Png).expect("a picture");
        bytes
    }

    #[test]
    fn white_black_and_transparent_pictures_are_blank_and_water_is_not() {
        let decoder = Decoder::new(1 << 24);
        let seen = |bytes: &[u8]| look(&decoder, bytes).expect("a picture");
        for blank in [[255; 4], [0, 0, 0, 255], [10, 20, 30, 0], [254, 253, 255, 255]] {
            assert_eq!(seen(&png(|_, _| blank)), Seen::Blank, "{blank:?}");
        }
        assert_eq!(seen(&png(|_, _| [20, 60, 110, 255])), Seen::Plain);
        assert_eq!(seen(&png(|x, _| if x == 0 { [0, 0, 0, 255] } else { [255; 4] })), Seen::Ground);
    }

    #[test]
    fn what_is_no_whole_picture_is_an_error() {
        let decoder = Decoder::new(1 << 24);
        let whole = png(|x, y| [(x * 16) as u8, (y * 16) as u8, 7, 255]);
        for bytes in [&whole[..whole.len() / 2], b"<html>not here</html>", b"", &[0xff, 0xd8, 0xff]] {
            assert!(look(&decoder, bytes).is_err(), "{} bytes", bytes.len());
        }
    }
}
