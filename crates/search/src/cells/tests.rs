//! Cells against looking at every item.

use clip_rs_catalog::{Bounds, ItemId, ItemsBuilder, TileId, TileSquare};

use super::*;
use crate::dice::Dice;

const DIM: usize = 32;

/// `count` items around some directions, each the next square of a row of tiles.
fn items(count: usize, seed: u64) -> (Vec<Embedding>, Items) {
    let mut dice = Dice::new(seed);
    let mut vector =
        |length: f32| (0..DIM).map(|_| (dice.unit() as f32 - 0.5) * length).collect::<Vec<f32>>();
    let centres: Vec<Vec<f32>> = (0..40).map(|_| vector(1.0)).collect();
    let embeddings = (0..count).map(|at| {
        let near = vector(0.8);
        let sum = centres[at * 7 % 40].iter().zip(near).map(|(a, b)| a + b).collect();
        Embedding::new(sum).expect("a direction")
    });
    let embeddings = embeddings.collect();
    let mut builder = ItemsBuilder::default();
    for x in 0..count {
        let square = TileSquare::new(TileId::new(18, x as u32, 77).expect("a tile"), 1).expect("a square");
        builder.push(&ItemId::Tiles(square), None).expect("an item");
        builder.set_offset(x, (x % 5) as f32 / 100.0).expect("an offset");
    }
    (embeddings, builder.build())
}

/// The day on which an item was captured, by its ordinal; unknown for every seventh.
fn day(ordinal: usize) -> Option<Date> {
    Date::new(2024, 2, 1 + (ordinal % 7) as u8).ok().filter(|_| ordinal % 7 != 3)
}

/// The cells of items in two shards.
fn cells(embeddings: &[Embedding], items: &Items) -> (Cells, Vec<u8>) {
    let mut builder = CellsBuilder::new(DIM);
    embeddings.iter().for_each(|embedding| builder.push(embedding));
    let partition = builder.means().run();
    let labels: Vec<u32> = builder.pieces(100).flat_map(|piece| partition.nearest(piece)).collect();
    let half = items.len() / 3;
    let part = |range: std::ops::Range<usize>| {
        let mut part = ItemsBuilder::default();
        for (row, at) in range.enumerate() {
            part.push(&items.id(at).expect("an item"), items.footprint(at)).expect("an item");
            part.set_offset(row, items.offset(at)).expect("an offset");
        }
        part.build()
    };
    let shards = [part(0..half), part(half..items.len())];
    let captured: Vec<_> = (0..items.len()).map(day).collect();
    let written = builder.write(&partition, &labels, &shards, &captured, bits_of(DIM)).expect("cells");
    (Cells::from_bytes(&written.centroids).expect("centroids"), written.cells)
}

fn direction(embedding: Embedding, text_share: f32) -> Direction {
    Direction { embedding, text_share, familiarity: None }
}

/// The cells of these stretches.
fn read(cells: &Cells, file: &[u8], stretches: &[Stretch]) -> Vec<(usize, Cell)> {
    let numbers = stretches.iter().flat_map(|stretch| stretch.cells.clone());
    let one = |cell| {
        let place = cells.place(cell).expect("a cell");
        let bytes = &file[place.start as usize..place.end as usize];
        (cell, cells.read(cell, bytes).expect("a cell"))
    };
    numbers.map(one).collect()
}

#[test]
fn cells_hold_every_item_once_with_its_name_place_day_and_offset() {
    let (embeddings, items) = items(5000, 1);
    let (cells, file) = cells(&embeddings, &items);
    assert_eq!((cells.count(), cells.dim(), cells.bytes()), (5000, DIM, file.len() as u64));
    let all = Budget { bytes: u64::MAX, requests: 1, gap: 0 };
    let query = direction(embeddings[0].clone(), 0.0);
    let stretches = cells.plan(&query, all).expect("a plan");
    assert_eq!(stretches, [Stretch { cells: 0..cells.len(), bytes: 0..file.len() as u64 }]);
    let mut seen = vec![false; 5000];
    for (number, cell) in read(&cells, &file, &stretches) {
        for (row, ordinal) in cell.ordinals.iter().enumerate() {
            let ordinal = *ordinal as usize;
            assert!(!std::mem::replace(&mut seen[ordinal], true), "item {ordinal} is there twice");
            assert_eq!(cell.items.id(row), items.id(ordinal));
            assert_eq!(cell.items.footprint(row), items.footprint(ordinal));
            assert_eq!(cell.items.offset(row), items.offset(ordinal));
            assert_eq!(cell.captured(row), day(ordinal));
            let remembered = cells.embedding(number, &cell, row).expect("an item").expect("a direction");
            let cosine = remembered.cosine(&embeddings[ordinal]);
            assert!(cosine > 0.9995, "item {ordinal} is remembered to {cosine}");
        }
    }
    assert!(seen.iter().all(|seen| *seen));
}

#[test]
fn a_part_of_the_cells_finds_nearly_what_looking_at_every_item_finds() {
    let seed = 2;
    let (embeddings, items) = items(20_000, seed);
    let (cells, file) = cells(&embeddings, &items);
    for share in [0.0, 1.0] {
        let (mut found_of_ten, mut bytes, mut most_requests) = (0, 0, 0);
        for at in 0..50 {
            let query = direction(embeddings[at * 391].clone(), share);
            let budget = Budget { bytes: cells.bytes() / 5, requests: 6, gap: 0 };
            let stretches = cells.plan(&query, budget).expect("a plan");
            most_requests = most_requests.max(stretches.len());
            bytes += stretches.iter().map(|stretch| stretch.bytes.end - stretch.bytes.start).sum::<u64>();
            let read = read(&cells, &file, &stretches);
            let here = read.iter().map(|(cell, items)| (*cell, items));
            let found = cells.nearest(here, &query, 10, |_, _| true).expect("hits");
            assert!(found.windows(2).all(|pair| pair[0].score >= pair[1].score));
            let cell = |found: &Found| &read.iter().find(|(cell, _)| *cell == found.cell).expect("read").1;
            let score = |at: usize| embeddings[at].cosine(&query.embedding) - items.offset(at) * share;
            let mut exact: Vec<usize> = (0..embeddings.len()).collect();
            exact.sort_by(|a, b| score(*b).total_cmp(&score(*a)));
            for hit in &found {
                let ordinal = cell(hit).ordinals[hit.row] as usize;
                assert!((hit.score - score(ordinal)).abs() < 0.01, "seed {seed}: {hit:?} of {ordinal}");
                found_of_ten += usize::from(exact[..10].contains(&ordinal));
            }
        }
        assert!(found_of_ten >= 460, "seed {seed}, share {share}: {found_of_ten} of 500");
        assert!(most_requests <= 6, "{most_requests} requests");
        assert!(bytes / 50 < cells.bytes() / 2, "{bytes} bytes");
    }
}

#[test]
fn only_items_in_an_area_are_found_in_it() {
    let (embeddings, items) = items(3000, 3);
    let (cells, file) = cells(&embeddings, &items);
    let [first, last] = [1000, 1100].map(|at| items.footprint(at).expect("a footprint"));
    let area = Bounds::new(first.west(), first.south(), last.east(), first.north()).expect("a box");
    let query = direction(embeddings[5].clone(), 0.0);
    let all = Budget { bytes: u64::MAX, requests: 1, gap: 0 };
    let read = read(&cells, &file, &cells.plan(&query, all).expect("a plan"));
    let here = || read.iter().map(|(cell, items)| (*cell, items));
    let cell = |number: usize| &read.iter().find(|(cell, _)| *cell == number).expect("read").1;
    let areas = [area.into()];
    let lies_there = |number: usize, row: usize| cell(number).lies_in(row, &areas);
    let found = cells.nearest(here(), &query, 500, lies_there).expect("hits");
    assert_eq!(found.len(), 101);
    assert!(found.iter().all(|hit| (1000..=1100).contains(&cell(hit.cell).ordinals[hit.row])));
}

#[test]
fn many_items_that_are_all_alike_are_several_cells_of_which_none_is_large() {
    let (mut embeddings, items) = items(6000, 4);
    let same = embeddings[0].clone();
    embeddings.fill(same.clone());
    let (cells, file) = cells(&embeddings, &items);
    let query = direction(same, 0.0);
    let stretches = cells.plan(&query, Budget { bytes: 30_000, requests: 3, gap: 0 }).expect("a plan");
    let read = read(&cells, &file, &stretches);
    assert!(read.iter().all(|(_, cell)| cell.ordinals.len() <= 2048));
    let found = {
        let here = read.iter().map(|(cell, items)| (*cell, items));
        cells.nearest(here, &query, 20, |_, _| true).expect("hits")
    };
    assert!(found.len() == 20 && found.iter().all(|hit| hit.cosine > 0.999), "{found:?}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let (embeddings, items) = items(700, 5);
    let (cells, file) = cells(&embeddings, &items);
    let other = direction(Embedding::new(vec![1.0; DIM + 1]).expect("a direction"), 0.0);
    assert!(matches!(cells.plan(&other, Budget::of(0)), Err(EngineError::Dimension { .. })));
    assert!(cells.nearest([], &other, 3, |_, _| true).is_err());
    let place = cells.place(0).expect("a cell");
    let mut bytes = file[place.start as usize..place.end as usize].to_vec();
    assert!(cells.read(1, &bytes).is_err() && cells.read(cells.len(), &bytes).is_err());
    bytes[20] ^= 4;
    assert!(cells.read(0, &bytes).is_err(), "damage");
    assert_eq!(cells.place(cells.len()), None);
}

#[test]
fn the_same_items_give_the_same_bytes() {
    let (embeddings, items) = items(2000, 6);
    let [first, second] = [(); 2].map(|()| cells(&embeddings, &items));
    assert!(first.1 == second.1 && first.0.centroids == second.0.centroids);
}
