//! Which pictures README and docs show, and files of them that are small enough to be kept with the code.

use std::path::Path;

use anyhow::{Context, Result};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat};

use crate::looks::{DARK, DESKTOP, LIGHT, Look, PHONE, Shot};

/// Largest file, bytes.
const MOST_BYTES: usize = 120_000;
/// JPEG qualities that are tried before the picture is made smaller.
const QUALITIES: [u8; 3] = [88, 80, 72];
/// How much smaller it is made, again and again.
const SMALLER: f64 = 0.9;

/// The panel beside the map.
const PANEL: Option<&str> = Some(".panel");

/// A picture of README or docs.
struct Shown {
    file: &'static str,
    state: &'static str,
    look: Look,
    /// Selects the element that is shown of the page; none for all of it.
    crop: Option<&'static str>,
}

const fn shown(
    file: &'static str,
    state: &'static str,
    size: (u32, u32),
    scheme: &'static str,
    crop: Option<&'static str>,
) -> Shown {
    Shown { file, state, look: Look { size, scheme }, crop }
}

const PICTURES: [Shown; 15] = [
    shown("everywhere.jpg", "everywhere", DESKTOP, LIGHT, None),
    shown("results.jpg", "results", DESKTOP, LIGHT, None),
    shown("results-dark.jpg", "results", DESKTOP, DARK, None),
    shown("phone.jpg", "results", PHONE, LIGHT, None),
    shown("picture.jpg", "picture", DESKTOP, LIGHT, None),
    shown("area.jpg", "area", DESKTOP, LIGHT, None),
    shown("detail.jpg", "where", DESKTOP, LIGHT, PANEL),
    shown("compare.jpg", "compare", DESKTOP, LIGHT, None),
    shown("concept.jpg", "concept-10", DESKTOP, LIGHT, PANEL),
    shown("here.jpg", "here", DESKTOP, LIGHT, PANEL),
    shown("take-away.jpg", "take-away", DESKTOP, LIGHT, PANEL),
    shown("offline-choice.jpg", "offline-choice", DESKTOP, LIGHT, PANEL),
    shown("saving.jpg", "saving", DESKTOP, LIGHT, PANEL),
    shown("offline.jpg", "offline", DESKTOP, LIGHT, None),
    shown("embedded.jpg", "embedded-element", DESKTOP, LIGHT, None),
];

fn of(state: &str, look: Look) -> Option<&'static Shown> {
    PICTURES.iter().find(|shown| shown.state == state && shown.look == look)
}

/// The element that is shown of a state in this look.
pub fn crop(state: &str, look: Look) -> Option<&'static str> {
    of(state, look)?.crop
}

/// Writes a picture into `folder` if README or docs show it.
pub fn write(state: &str, look: Look, shot: &Shot, folder: &Path) -> Result<()> {
    let Some(Shown { file, .. }) = of(state, look) else { return Ok(()) };
    let whole = image::load_from_memory_with_format(&shot.png, ImageFormat::Png)?;
    let picture = match shot.part {
        Some([left, top, width, height]) => {
            let [left, top, width, height] =
                [left, top, width, height].map(|edge| edge.max(0.0).round() as u32);
            whole.crop_imm(left, top, width, height)
        }
        None => whole,
    };
    let path = folder.join(file);
    std::fs::write(&path, small(&picture)?).with_context(|| format!("writing {}", path.display()))
}

/// A JPEG file of at most [`MOST_BYTES`]: of lower quality if it must be, then of fewer pixels.
fn small(picture: &DynamicImage) -> Result<Vec<u8>> {
    let mut scaled = DynamicImage::from(picture.to_rgb8());
    loop {
        let mut file = Vec::new();
        for quality in QUALITIES {
            file.clear();
            scaled.write_with_encoder(JpegEncoder::new_with_quality(&mut file, quality))?;
            if file.len() <= MOST_BYTES {
                return Ok(file);
            }
        }
        let smaller = |edge: u32| ((f64::from(edge) * SMALLER) as u32).max(1);
        let (width, height) = (smaller(scaled.width()), smaller(scaled.height()));
        scaled = scaled.resize_exact(width, height, FilterType::CatmullRom);
    }
}
