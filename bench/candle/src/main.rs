//! candle's towers as a command, as `clip-rs-bench-native` is ours. Vectors are f32 in the machine's order, one after the other;
//! what was measured is printed as JSON.

#![forbid(unsafe_code)]

use std::env;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use clip_rs_bench_candle::{Image, Text};
use clip_rs_search::model::{ImagePixels, ModelConfig};
use serde_json::json;

const HELP: &str = "\
clip-rs-bench-candle text PACKAGE ROUNDS                 lists of tokens as JSON on standard input
clip-rs-bench-candle embed PACKAGE FOLDER THREADS OUT    all pictures of a folder, in the order of their names";

fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["text", package, rounds] => text(Path::new(package), rounds.parse().context("ROUNDS")?),
        ["embed", package, folder, threads, out] => {
            embed(Path::new(package), Path::new(folder), threads.parse().context("THREADS")?, Path::new(out))
        }
        _ => bail!("{HELP}"),
    }
}

fn read(package: &Path, name: &str) -> Result<Vec<u8>> {
    fs::read(package.join(name)).with_context(|| format!("{}: {name}", package.display()))
}

/// Milliseconds of each list of tokens, so many times, and its vector.
fn text(package: &Path, rounds: usize) -> Result<()> {
    let config = ModelConfig::from_json(&read(package, "model.json")?)?;
    let tower = Text::new(&config, &read(package, &config.text.file)?)?;
    let mut given = String::new();
    io::stdin().read_to_string(&mut given)?;
    let lists: Vec<Vec<u32>> = serde_json::from_str(&given).context("lists of tokens")?;
    let mut found = Vec::new();
    for tokens in lists {
        let vector = tower.encode_tokens(&tokens)?;
        let mut milliseconds = Vec::new();
        for _ in 0..rounds {
            let start = Instant::now();
            tower.encode_tokens(&tokens)?;
            milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        }
        found.push(json!({ "ms": milliseconds, "vector": vector }));
    }
    println!("{}", json!(found));
    Ok(())
}

/// Decodes, prepares and embeds; writes the vectors to `out` and prints how many seconds it took.
fn embed(package: &Path, folder: &Path, threads: usize, out: &Path) -> Result<()> {
    ensure!(threads > 0, "THREADS must be at least 1");
    let config = ModelConfig::from_json(&read(package, "model.json")?)?;
    let tower = Image::new(&config, &read(package, &config.image.file)?)?;
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, Vec<f32>)>> {
        let mut found = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = paths.get(at) else { return Ok(found) };
            let picture = image::open(path).with_context(|| path.display().to_string())?.into_rgb8();
            let pixels = ImagePixels::from_rgb(&config.image, &picture)?;
            found.push((at, tower.encode(&pixels)?));
        }
    };
    let start = Instant::now();
    let found = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        // A thread that panics has said so.
        running.into_iter().filter_map(|thread| thread.join().ok()).collect::<Result<Vec<_>>>()
    })?;
    let seconds = start.elapsed().as_secs_f64();
    let mut vectors: Vec<(usize, Vec<f32>)> = found.into_iter().flatten().collect();
    ensure!(vectors.len() == paths.len(), "a thread broke");
    vectors.sort_by_key(|(at, _)| *at);
    let bytes: Vec<u8> =
        vectors.iter().flat_map(|(_, vector)| vector).flat_map(|number| number.to_ne_bytes()).collect();
    fs::write(out, bytes).with_context(|| format!("writing {}", out.display()))?;
    println!("{}", json!({ "seconds": seconds }));
    Ok(())
}
