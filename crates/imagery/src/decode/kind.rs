//! What bytes are, by what they begin with: names of files are not trusted.

use std::fmt;

use super::error::{DecodeError, Stranger};

/// A kind of picture that is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// JPEG: baseline, extended and progressive, 8 bits.
    Jpeg,
    /// PNG; of an animated one the picture that other programs show.
    Png,
    /// WebP, with and without loss; of an animated one the first frame.
    WebP,
    /// TIFF, the first picture of the file.
    Tiff,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Tiff => "TIFF",
        })
    }
}

impl Kind {
    /// The kind of the picture in `bytes`, or what it is instead.
    pub fn of(bytes: &[u8]) -> Result<Self, DecodeError> {
        match bytes {
            [] => Err(DecodeError::NoBytes),
            [0xff, 0xd8, 0xff, ..] => Ok(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Self::WebP),
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Ok(Self::Tiff),
            other => Err(refusal(other)),
        }
    }
}

/// Names what is not decoded.
fn refusal(bytes: &[u8]) -> DecodeError {
    let unsupported = |what: &str| DecodeError::Unsupported(what.to_owned());
    match bytes {
        [b'G', b'I', b'F', b'8', ..] => unsupported("GIF"),
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => unsupported("BMP"),
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => match brand.get(..4) {
            Some(b"avif" | b"avis") => unsupported("AVIF"),
            Some(b"heic" | b"heix" | b"heim" | b"heis" | b"mif1" | b"msf1") => unsupported("HEIC"),
            _ => unsupported("this kind of film or container"),
        },
        [0, 0, 0, 12, b'j', b'P', b' ', b' ', ..] | [0xff, 0x4f, 0xff, 0x51, ..] => unsupported("JPEG 2000"),
        [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] | [0xff, 0x0a, ..] => unsupported("JPEG XL"),
        _ if begins_with(bytes, b"%PDF") => unsupported("PDF"),
        _ => DecodeError::NotAPicture(stranger(bytes)),
    }
}

fn stranger(bytes: &[u8]) -> Stranger {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    if begins_with(text, b"version https://git-lfs") {
        Stranger::LfsPointer
    } else if begins_with(text, b"<!doctype html") || begins_with(text, b"<html") {
        Stranger::Html
    } else if text.starts_with(b"<") || text.starts_with(b"{") || text.starts_with(b"[") {
        Stranger::Message
    } else {
        Stranger::Unknown
    }
}

fn begins_with(bytes: &[u8], word: &[u8]) -> bool {
    bytes.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_picture_is_named_for_what_it_is() {
        let said = |bytes: &[u8]| Kind::of(bytes).expect_err("no picture").to_string();
        assert!(said(b"").contains("0 bytes"));
        assert!(said(b"\n <!DOCTYPE HTML><title>404</title>").contains("web page"));
        assert!(said(b"version https://git-lfs.github.com/spec/v1\noid").contains("git lfs pull"));
        assert!(said(b"{\"message\": \"over quota\"}").contains("server's message"));
        assert!(said(b"\0\0\0\x20ftypavif\0\0").contains("AVIF"));
        assert!(said(b"\0\0\0\x18ftypheic\0\0").contains("HEIC"));
        assert!(said(b"GIF89a").contains("GIF"));
        assert!(said(b"plain words").contains("no known kind"));
    }
}
