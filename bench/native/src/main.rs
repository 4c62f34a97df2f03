//! The engine as a command, for what the benchmarks need of it natively. Vectors are f32 in the machine's order, one
//! after the other; what was measured is printed as JSON.

#![forbid(unsafe_code)]

mod cells;
mod tower;

use std::env;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail, ensure};
use clip_rs_search::cells::Budget;
use clip_rs_search::index::IndexParams;
use clip_rs_search::model::{ModelConfig, TextEncoder};
use clip_rs_search::{Code, Embedding, Index};
use serde_json::json;

const HELP: &str = "\
clip-rs-bench-native encode PACKAGE              texts, one a line, on standard input; vectors on standard output
clip-rs-bench-native text PACKAGE ROUNDS         lists of tokens as JSON on standard input
clip-rs-bench-native build VECTORS DIM INDEX     builds an index, on RAYON_NUM_THREADS threads
clip-rs-bench-native search INDEX QUERIES K      the nearest of each query, by the graph and by looking at all
clip-rs-bench-native cells VECTORS DIM BITS FOLDER   builds cells
clip-rs-bench-native ask FOLDER QUERIES DIM K BYTES,REQUESTS,GAP..   the nearest of each query within budgets
clip-rs-bench-native tower PACKAGE COUNT THREADS [KERNEL] the image tower alone on so many pictures, by the kernel of this name";

fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["encode", package] => encode(Path::new(package)),
        ["text", package, rounds] => text(Path::new(package), rounds.parse().context("ROUNDS")?),
        ["build", vectors, dim, index] => build(vectors, dim.parse().context("DIM")?, index),
        ["search", index, queries, k] => search(index, queries, k.parse().context("K")?),
        ["cells", vectors, dim, bits, folder] => {
            let embeddings = read_vectors(vectors, dim.parse().context("DIM")?)?;
            cells::build(&embeddings, bits.parse().context("BITS")?, Path::new(folder))
        }
        ["ask", folder, queries, dim, k, budgets @ ..] => {
            let queries = read_vectors(queries, dim.parse().context("DIM")?)?;
            let budgets = budgets.iter().map(|budget| read_budget(budget)).collect::<Result<Vec<_>>>()?;
            cells::search(Path::new(folder), &queries, k.parse().context("K")?, &budgets)
        }
        ["tower", package, count, threads, kernel @ ..] if kernel.len() < 2 => {
            if let Some(kernel) = kernel.first() {
                let named = |known: Vec<_>| anyhow!("KERNEL must be one of {}", known.join(", "));
                clip_rs_search::compute_by(kernel).map_err(named)?;
            }
            tower::run(
                Path::new(package),
                count.parse().context("COUNT")?,
                threads.parse().context("THREADS")?,
            )
        }
        _ => bail!("{HELP}"),
    }
}

fn text_encoder(package: &Path) -> Result<TextEncoder> {
    let read =
        |name: &str| fs::read(package.join(name)).with_context(|| format!("{}: {name}", package.display()));
    let config = ModelConfig::from_json(&read("model.json")?)?;
    Ok(TextEncoder::from_gguf(&config, read(&config.text.file)?, &read(&config.tokenizer.file)?)?)
}

/// Milliseconds of each list of tokens, so many times, and its vector.
fn text(package: &Path, rounds: usize) -> Result<()> {
    let encoder = text_encoder(package)?;
    let mut given = String::new();
    io::stdin().read_to_string(&mut given)?;
    let lists: Vec<Vec<u32>> = serde_json::from_str(&given).context("lists of tokens")?;
    let mut found = Vec::new();
    for tokens in lists {
        let vector = encoder.encode_tokens(&tokens)?;
        let mut milliseconds = Vec::new();
        for _ in 0..rounds {
            let start = Instant::now();
            encoder.encode_tokens(&tokens)?;
            milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        }
        found.push(json!({ "ms": milliseconds, "vector": vector.as_slice() }));
    }
    println!("{}", json!(found));
    Ok(())
}

fn encode(package: &Path) -> Result<()> {
    let encoder = text_encoder(package)?;
    let mut texts = String::new();
    io::stdin().read_to_string(&mut texts)?;
    let mut out = io::stdout().lock();
    for text in texts.lines() {
        for number in encoder.encode(text)?.as_slice() {
            out.write_all(&number.to_ne_bytes())?;
        }
    }
    Ok(())
}

fn build(vectors: &str, dim: usize, out: &str) -> Result<()> {
    let embeddings = read_vectors(vectors, dim)?;
    let start = Instant::now();
    let index = Index::build(&embeddings, IndexParams::default())?;
    let seconds = start.elapsed().as_secs_f64();
    let bytes = index.to_bytes();
    fs::write(out, &bytes).with_context(|| format!("writing {out}"))?;
    println!("{}", json!({ "seconds": seconds, "bytes": bytes.len() }));
    Ok(())
}

fn search(index: &str, queries: &str, k: usize) -> Result<()> {
    let bytes = fs::read(index).with_context(|| format!("reading {index}"))?;
    let start = Instant::now();
    let index = Index::from_bytes(bytes.clone())?;
    let load_ms = start.elapsed().as_secs_f64() * 1e3;
    let queries = read_vectors(queries, index.dim())?;
    let graph = timed(&queries, |code| index.search(code, k))?;
    let exact = timed(&queries, |code| index.exact(code, k, |_| true))?;
    println!("{}", json!({ "load_ms": load_ms, "graph": graph, "exact": exact }));
    Ok(())
}

/// Each query's milliseconds, rounding to a code included, and the ordinals found; the first round is not timed.
fn timed(
    queries: &[Embedding],
    nearest: impl Fn(&Code) -> Vec<clip_rs_search::index::Neighbour>,
) -> Result<serde_json::Value> {
    for query in queries {
        nearest(&Code::new(query)?);
    }
    let (mut milliseconds, mut ordinals) = (Vec::new(), Vec::new());
    for query in queries {
        let start = Instant::now();
        let found = nearest(&Code::new(query)?);
        milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        ordinals.push(found.into_iter().map(|neighbour| neighbour.ordinal).collect::<Vec<_>>());
    }
    Ok(json!({ "ms": milliseconds, "ordinals": ordinals }))
}

/// Bytes, requests and the widest gap, with commas between.
fn read_budget(text: &str) -> Result<Budget> {
    let numbers: Vec<u64> =
        text.split(',').map(str::parse).collect::<Result<_, _>>().context("BYTES,REQUESTS,GAP")?;
    let [bytes, requests, gap] = numbers[..] else { bail!("{text:?} is not BYTES,REQUESTS,GAP") };
    Ok(Budget { bytes, requests: requests as usize, gap })
}

fn read_vectors(path: &str, dim: usize) -> Result<Vec<Embedding>> {
    let bytes = fs::read(path).with_context(|| format!("reading {path}"))?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    ensure!(
        rest.is_empty() && dim > 0 && numbers.len().is_multiple_of(dim),
        "{path} holds no vectors of {dim}"
    );
    let vectors = numbers.chunks_exact(dim);
    Ok(vectors
        .map(|vector| Embedding::new(vector.iter().map(|bytes| f32::from_ne_bytes(*bytes)).collect()))
        .collect::<Result<_, _>>()?)
}
