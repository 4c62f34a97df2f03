//! The folder of a sample area: written beside its final place under another name, then renamed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use rayon::prelude::*;
use serde_json::{Value, json};

use crate::labels::Labels;
use crate::pyramid::{Grid, Pyramid};
use crate::scene::{Address, Scene};
use crate::texture::Texture;
use crate::tile::TILE;
use crate::{SampleError, SampleOptions, SampleReport, addresses, captions};
use clip_rs_stage::dice::mix;

/// A sample folder that is being written.
pub struct Output {
    target: PathBuf,
    draft: PathBuf,
}

pub fn fault(path: &Path) -> impl FnOnce(std::io::Error) -> SampleError + '_ {
    move |source| SampleError::Write { path: path.to_owned(), source }
}

impl Output {
    /// Starts a draft beside `target`. A folder that is neither empty nor a sample area is refused.
    pub fn begin(target: &Path) -> Result<Output, SampleError> {
        let filled = fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_some());
        if filled && !target.join("sample.json").is_file() {
            return Err(SampleError::Occupied { folder: target.to_owned() });
        }
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(format!(".draft-{}", std::process::id()));
        let draft = target.with_file_name(name);
        fs::create_dir_all(&draft).map_err(fault(&draft))?;
        Ok(Output { target: target.to_owned(), draft })
    }

    /// The folder that is being written.
    pub fn draft(&self) -> &Path {
        &self.draft
    }

    /// Draws everything into the draft.
    pub fn write(
        &self,
        grid: &Grid,
        options: &SampleOptions,
        scene: &Scene,
        texture: &Texture,
        houses: &[Address],
        progress: &(dyn Fn(usize) + Sync),
    ) -> Result<SampleReport, SampleError> {
        let (pictures, bytes) = (AtomicUsize::new(0), AtomicU64::new(0));
        for z in grid.min_zoom..=grid.zoom {
            let filled = grid.tiles(z).into_iter().filter(|(x, y)| grid.fills(z, *x, *y));
            for x in filled.map(|(x, _)| x).collect::<std::collections::BTreeSet<_>>() {
                let folder = self.draft.join(format!("tiles/{z}/{x}"));
                fs::create_dir_all(&folder).map_err(fault(&folder))?;
            }
        }
        let write = |z: u8, x: u32, y: u32, rgb: &[u8]| {
            let path = self.draft.join(format!("tiles/{z}/{x}/{y}.jpg"));
            let quality =
                if z == grid.zoom { options.quality } else { options.quality.saturating_add(6).min(100) };
            let jpeg =
                encode(rgb, quality).ok_or_else(|| SampleError::Draw { tile: format!("{z}/{x}/{y}") })?;
            pictures.fetch_add(1, Ordering::Relaxed);
            bytes.fetch_add(jpeg.len() as u64, Ordering::Relaxed);
            fs::write(&path, jpeg).map_err(fault(&path))
        };
        let done = AtomicUsize::new(0);
        let pyramid = Pyramid { grid: *grid, scene, texture, write: &write, done: &done, progress };
        let drawn: Result<Vec<_>, SampleError> = grid
            .tiles(grid.min_zoom)
            .into_par_iter()
            .map(|(x, y)| pyramid.draw(grid.min_zoom, x, y).map(|(_, truths)| truths))
            .collect();
        let mut truths: Vec<_> = drawn?.into_iter().flatten().collect();
        truths.sort_by_key(|((x, y), _)| (*y, *x));
        self.text("labels.jsonl", &labels_text(grid, &truths))?;
        self.text("dataset.json", &dataset(grid, options, &truths).to_string())?;
        let (csv, rows) = addresses::csv(grid, houses);
        self.text("addresses.csv", &csv)?;
        let bounds = addresses::bounds(grid);
        // Last: a folder with a sample.json is a whole one.
        let about = format!("{:#}\n", about(grid, options, bounds));
        self.text("sample.json", &about)?;
        Ok(SampleReport {
            folder: self.target.clone(),
            tiles: truths.len(),
            pictures: pictures.into_inner(),
            picture_bytes: bytes.into_inner(),
            addresses: rows,
            bounds,
        })
    }

    /// Writes a file of text into the draft.
    pub fn text(&self, name: &str, text: &str) -> Result<(), SampleError> {
        let path = self.draft.join(name);
        fs::write(&path, text).map_err(fault(&path))
    }

    /// Puts the draft in its place.
    pub fn finish(self, report: SampleReport) -> Result<SampleReport, SampleError> {
        if self.target.exists() {
            fs::remove_dir_all(&self.target).map_err(fault(&self.target))?;
        }
        fs::rename(&self.draft, &self.target).map_err(fault(&self.target))?;
        Ok(report)
    }
}

impl Drop for Output {
    /// What a failure left behind is of no use; when all went well the draft is gone already.
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.draft);
    }
}

pub fn encode(rgb: &[u8], quality: u8) -> Option<Vec<u8>> {
    let mut jpeg = Vec::with_capacity(24 * 1024);
    let mut encoder = jpeg_encoder::Encoder::new(&mut jpeg, quality);
    // Half the colour across, not down as well: some decoders get this encoder's 4:2:0 wrong.
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_1);
    encoder.encode(rgb, TILE as u16, TILE as u16, jpeg_encoder::ColorType::Rgb).ok()?;
    Some(jpeg)
}

fn labels_text(grid: &Grid, truths: &[((u32, u32), Labels)]) -> String {
    let mut text = String::new();
    for ((x, y), labels) in truths {
        text.push_str(&labels.to_json(&format!("{}/{x}/{y}", grid.zoom)));
        text.push('\n');
    }
    text
}

fn dataset(grid: &Grid, options: &SampleOptions, truths: &[((u32, u32), Labels)]) -> Value {
    let images: Vec<Value> = truths
        .iter()
        .enumerate()
        .map(|(k, ((x, y), labels))| {
            let seed = mix(options.seed ^ mix(u64::from(*x) << 32 | u64::from(*y)));
            let sentences: Vec<Value> =
                captions::captions(labels, seed).into_iter().map(|raw| json!({ "raw": raw })).collect();
            json!({
                "filename": format!("{}/{x}/{y}.jpg", grid.zoom),
                "imgid": k,
                "split": "train",
                "sentences": sentences,
            })
        })
        .collect();
    json!({ "dataset": "clip-rs-sample", "image_folder": "tiles", "synthetic": true, "images": images })
}

fn about(grid: &Grid, options: &SampleOptions, bounds: [f64; 4]) -> Value {
    json!({
        "title": format!("Sample county {}", options.seed),
        "synthetic": true,
        "seed": options.seed,
        "size": options.size,
        "zoom": grid.zoom,
        "min_zoom": grid.min_zoom,
        "tile_size": TILE,
        "bounds": bounds,
        "attribution": "Synthetic imagery drawn by CLIP-RS; no real place is shown",
        "licence": "CC0-1.0",
    })
}
