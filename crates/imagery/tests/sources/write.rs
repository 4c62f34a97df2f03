//! Small inputs for the tests.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use clip_rs_imagery::{Kind, Wanted};
use image::{DynamicImage, ImageFormat, RgbImage};

/// An encoded square of one colour.
pub fn picture(edge: u32, colour: [u8; 3], format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    DynamicImage::ImageRgb8(RgbImage::from_pixel(edge, edge, image::Rgb(colour)))
        .write_to(&mut Cursor::new(&mut bytes), format)
        .expect("an encoded picture");
    bytes
}

/// A JPEG of one colour, 16 pixels wide.
pub fn jpeg() -> Vec<u8> {
    picture(16, [90, 120, 60], ImageFormat::Jpeg)
}

/// Writes a file with the folders above it.
pub fn file(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::fs::write(&path, content).expect("a written file");
    path
}

/// A temporary folder.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A request for one path, with nothing said beside.
pub fn wanted(kind: Kind, path: impl AsRef<Path>) -> Wanted {
    Wanted { paths: vec![path.as_ref().to_owned()], kind, scheme: None, exclude: Vec::new() }
}
