//! Files of centroids and cells: written, read, damaged.

use super::*;
use crate::{ItemsBuilder, TileId, TileSquare};

fn centroids() -> Centroids {
    let (first, second) = (block(), vec![7; 30]);
    let first = first.to_bytes().expect("a block");
    let cells = vec![
        CellRef::of(&first, 0, 2, 0.003, -70).expect("a cell"),
        CellRef::of(&second, first.len() as u64, 5, 0.0, 12).expect("a cell"),
    ];
    let signs = (0..8).collect();
    Centroids { dim: 9, bits: 4, signs, cells, codes: (-9..9).collect() }
}

fn block() -> CellBlock {
    let mut items = ItemsBuilder::default();
    for x in [3, 900] {
        let square = TileSquare::new(TileId::new(17, x, 5).expect("a tile"), 1).expect("a square");
        items.push(&crate::ItemId::Tiles(square), None).expect("an item");
    }
    let codes = (0..2 * code_bytes(9, 4)).map(|byte| byte as u8 * 17).collect();
    let ordinals = vec![4, u32::MAX];
    let captured = vec![None, Date::new(2024, 2, 29).ok()];
    CellBlock { ordinals, codes, scales: vec![65_535, 1], unit: 0.25, captured, items: items.build() }
}

#[test]
fn centroids_and_cells_survive_being_written() {
    let centroids = centroids();
    let read = Centroids::from_bytes(&centroids.to_bytes().expect("bytes")).expect("centroids");
    assert_eq!(read, centroids);
    assert_eq!((read.count(), read.code(1).map(<[i8]>::len), read.code(2)), (7, Some(9), None));
    let block = block();
    let bytes = block.to_bytes().expect("bytes");
    assert_eq!(CellBlock::from_bytes(&bytes, 2, 9, 4).as_ref(), Ok(&block));
    assert_eq!(read.cells[0].check(&bytes), Ok(()));
    assert_eq!(read.length(), bytes.len() as u64 + 30);
    // Days that nobody knows take no byte.
    let undated = |captured| CellBlock { captured, ..block.clone() }.to_bytes().expect("bytes");
    let bytes = undated(vec![None; 2]);
    assert_eq!(bytes, undated(Vec::new()));
    assert_eq!(CellBlock::from_bytes(&bytes, 2, 9, 4).expect("a block").captured, []);
}

#[test]
fn a_block_that_was_changed_in_any_byte_is_noticed() {
    let bytes = block().to_bytes().expect("bytes");
    let cell = centroids().cells[0];
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(cell.check(&damaged).is_err(), "byte {at}");
    }
    assert!(cell.check(&bytes[1..]).is_err() && cell.check(&[]).is_err());
}

#[test]
fn bytes_that_are_no_centroids_or_cell_are_an_error_and_never_a_panic() {
    let (centroids, cell) = (centroids().to_bytes().expect("bytes"), block().to_bytes().expect("bytes"));
    for end in 0..centroids.len() {
        assert!(Centroids::from_bytes(&centroids[..end]).is_err(), "{end} bytes");
    }
    for end in 0..cell.len() {
        assert!(CellBlock::from_bytes(&cell[..end], 2, 9, 4).is_err(), "{end} bytes");
    }
    for (count, dim, bits) in [(1, 9, 4), (3, 9, 4), (2, 11, 4), (2, 9, 6)] {
        assert!(CellBlock::from_bytes(&cell, count, dim, bits).is_err(), "{count} {dim} {bits}");
    }
    for at in 0..centroids.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut other = centroids.clone();
            other[at] = value;
            // Whatever comes of it, it holds together.
            if let Ok(read) = Centroids::from_bytes(&other) {
                assert_eq!(read.codes.len(), read.cells.len() * read.dim);
            }
        }
    }
}

#[test]
fn centroids_that_cannot_be_are_refused() {
    let refused = |change: &dyn Fn(&mut Centroids)| {
        let mut centroids = centroids();
        change(&mut centroids);
        centroids.to_bytes().is_err()
    };
    assert!(refused(&|centroids| centroids.bits = 9));
    assert!(refused(&|centroids| centroids.bits = 0));
    assert!(refused(&|centroids| centroids.signs.truncate(3)));
    assert!(refused(&|centroids| centroids.codes[3] = -128));
    assert!(refused(&|centroids| centroids.cells[0].scale = f32::NAN));
    assert!(!refused(&|_| ()));
}
