//! The cells of very many vectors: built, and asked with a budget of bytes and requests, as a browser asks a server.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use clip_rs_catalog::{ItemId, Items, ItemsBuilder, TileId, TileSquare};
use clip_rs_search::cells::{Budget, Cells, CellsBuilder};
use clip_rs_search::{Direction, Embedding};
use serde_json::json;

/// Items of a square of tiles, which neighbours on the ground are named after.
const COLUMNS: usize = 2048;

/// Builds the cells of a file of vectors with codes of so many bits, and writes `centroids.bin` and `cells.bin` in a folder.
pub fn build(vectors: &[Embedding], bits: usize, folder: &Path) -> Result<()> {
    let start = Instant::now();
    let dim = vectors.first().map_or(0, Embedding::dim);
    let mut builder = CellsBuilder::new(dim);
    vectors.iter().for_each(|vector| builder.push(vector));
    let rotated = start.elapsed().as_secs_f64();
    let partition = builder.means().run();
    let trained = start.elapsed().as_secs_f64();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let pieces: Vec<&[f32]> = builder.pieces(vectors.len().div_ceil(threads)).collect();
    let labels: Vec<u32> = thread::scope(|scope| {
        let running: Vec<_> =
            pieces.into_iter().map(|piece| scope.spawn(|| partition.nearest(piece))).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    let assigned = start.elapsed().as_secs_f64();
    let written = builder.write(&partition, &labels, &[names(vectors.len())?], &[], bits)?;
    let seconds = start.elapsed().as_secs_f64();
    fs::create_dir_all(folder)?;
    fs::write(folder.join("centroids.bin"), &written.centroids)?;
    fs::write(folder.join("cells.bin"), &written.cells)?;
    let told = json!({
        "seconds": seconds, "cells": partition.len(), "centroids_bytes": written.centroids.len(),
        "cells_bytes": written.cells.len(),
        "stages": { "rotate": rotated, "train": trained - rotated, "assign": assigned - trained, "write": seconds - assigned },
    });
    println!("{told}");
    Ok(())
}

/// Names like those of neighbouring tiles.
fn names(count: usize) -> Result<Items> {
    let mut builder = ItemsBuilder::default();
    for at in 0..count {
        let tile = TileId::new(20, 300_000 + (at % COLUMNS) as u32, 400_000 + (at / COLUMNS) as u32)?;
        builder.push(&ItemId::Tiles(TileSquare::new(tile, 1)?), None)?;
    }
    Ok(builder.build())
}

/// For each budget, what each query finds, and what it takes: bytes, requests, milliseconds of computing (the reading of cells
/// included).
pub fn search(folder: &Path, queries: &[Embedding], k: usize, budgets: &[Budget]) -> Result<()> {
    let cells = Cells::from_bytes(&fs::read(folder.join("centroids.bin"))?)?;
    let file = fs::read(folder.join("cells.bin"))?;
    let part = |range: Range<u64>| file.get(range.start as usize..range.end as usize).context("a cell");
    let mut told = Vec::new();
    for budget in budgets {
        let (mut ordinals, mut bytes, mut requests, mut milliseconds) = (vec![], vec![], vec![], vec![]);
        for query in queries {
            let start = Instant::now();
            let direction = Direction { embedding: query.clone(), text_share: 0.0, familiarity: None };
            let stretches = cells.plan(&direction, *budget)?;
            let mut read = Vec::new();
            for number in stretches.iter().flat_map(|stretch| stretch.cells.clone()) {
                let place = cells.place(number).context("a cell")?;
                read.push((number, cells.read(number, part(place)?)?));
            }
            let here = read.iter().map(|(number, cell)| (*number, cell));
            let found = cells.nearest(here, &direction, k, |_, _| true)?;
            milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
            bytes.push(stretches.iter().map(|stretch| stretch.bytes.end - stretch.bytes.start).sum::<u64>());
            requests.push(stretches.len());
            let ordinal = |cell: usize, row: usize| {
                read.iter()
                    .find(|(number, _)| *number == cell)
                    .and_then(|(_, cell)| cell.ordinals.get(row).copied())
            };
            ordinals.push(found.iter().filter_map(|hit| ordinal(hit.cell, hit.row)).collect::<Vec<_>>());
        }
        told.push(json!({ "ordinals": ordinals, "bytes": bytes, "requests": requests, "ms": milliseconds }));
    }
    println!("{}", json!(told));
    Ok(())
}
