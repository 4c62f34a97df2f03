//! How long the image tower takes alone: pictures that are prepared, in batches, on so many threads.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clip_rs_search::model::{ImageEncoder, ImagePixels, ModelConfig, ModelError};
use image::{Rgb, RgbImage};
use serde_json::json;

/// Pictures that go through the tower together, as in `clip-rs index`.
const BATCH: usize = 8;

/// Encodes at least `count` pictures, and prints how many it were and how many seconds they took.
pub fn run(package: &Path, count: usize, threads: usize) -> Result<()> {
    ensure!(threads > 0, "THREADS must be at least 1");
    let read =
        |name: &str| fs::read(package.join(name)).with_context(|| format!("{}: {name}", package.display()));
    let config = ModelConfig::from_json(&read("model.json")?)?;
    let encoder = ImageEncoder::from_gguf(&config, &read(&config.image.file)?)?;
    let side = encoder.config().image_size as u32;
    let paint = |x: u32, y: u32| Rgb([(x * 2) as u8, (y * 2) as u8, (x * y / 64) as u8]);
    let picture = ImagePixels::from_rgb(encoder.config(), &RgbImage::from_fn(side, side, paint))?;
    let batch = vec![picture; BATCH];
    let rounds = count.div_ceil(BATCH * threads);
    let start = Instant::now();
    thread::scope(|scope| -> Result<(), ModelError> {
        let work = || (0..rounds).try_for_each(|_| encoder.encode_batch(&batch).map(drop));
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        // A thread that panics has said so.
        running.into_iter().filter_map(|thread| thread.join().ok()).collect()
    })?;
    let seconds = start.elapsed().as_secs_f64();
    println!("{}", json!({ "seconds": seconds, "pictures": rounds * BATCH * threads }));
    Ok(())
}
