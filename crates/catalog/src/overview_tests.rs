//! Overviews: what they say of each square, written, read, damaged.

use std::collections::BTreeMap;

use super::*;

fn tile(z: u8, x: u32, y: u32) -> Bounds {
    TileId::new(z, x, y).expect("a tile").bounds()
}

/// Neighbouring tiles, each in a cell that a plain sum decides.
fn tiles(z: u8, side: u32, cells: u32) -> Vec<(Bounds, u32)> {
    let corner = (1 << z) / 4;
    (0..side * side).map(|at| (tile(z, corner + at % side, corner + at / side), at * 7 % cells)).collect()
}

fn key(bounds: &Bounds) -> [u64; 4] {
    [bounds.west(), bounds.south(), bounds.east(), bounds.north()].map(f64::to_bits)
}

#[test]
fn each_tile_has_the_value_of_the_cell_that_its_item_is_in() {
    let items = tiles(14, 23, 40);
    let overview = Overview::of(&items).expect("an overview");
    let values: Vec<f32> = (0..40).map(|cell| (cell as f32 * 0.37).sin()).collect();
    let found: BTreeMap<_, f32> =
        overview.pooled(&values, f32::max).map(|(bounds, value)| (key(&bounds), value)).collect();
    assert_eq!((found.len(), overview.len(), overview.cells()), (items.len(), items.len(), 40));
    for (bounds, cell) in &items {
        assert_eq!(found.get(&key(bounds)), Some(&values[*cell as usize]));
    }
}

#[test]
fn with_few_bytes_squares_and_then_cells_are_taken_together_and_have_the_largest_value() {
    let items = tiles(14, 512, 300);
    let values: Vec<f32> = (0..300).map(|cell| (cell as f32 * 1.7).cos()).collect();
    let most = 40_000;
    let overview = Overview::within(&items, most).expect("an overview");
    assert!(overview.groups.len() <= most || overview.groups.len() == overview.len());
    assert_eq!((overview.zoom, overview.len()), (13, 256 * 256), "not below 256 squares on a side");
    let together = 1 << overview.shift;
    assert!(together > 1);
    let mut expected: BTreeMap<_, f32> = BTreeMap::new();
    for (bounds, cell) in &items {
        let square = TileId::from_lng_lat(bounds.centre(), overview.zoom).expect("a tile").bounds();
        let start = *cell as usize / together * together;
        let group = &values[start..(start + together).min(values.len())];
        let best = group.iter().copied().fold(f32::MIN, f32::max);
        let known = expected.entry(key(&square)).or_insert(f32::MIN);
        *known = known.max(best);
    }
    let found: BTreeMap<_, f32> =
        overview.pooled(&values, f32::max).map(|(bounds, value)| (key(&bounds), value)).collect();
    assert!(found == expected);
}

#[test]
fn more_cells_than_have_a_number_of_16_bits_are_taken_together() {
    let items = [(tile(10, 3, 3), 70_000), (tile(10, 4, 3), 0)];
    let overview = Overview::of(&items).expect("an overview");
    assert_eq!((overview.shift, overview.cells()), (1, 70_001));
    let mut values = vec![0.0; 70_001];
    values[70_000] = 0.5;
    assert_eq!(overview.pooled(&values, f32::max).map(|(_, value)| value).collect::<Vec<_>>(), [0.5, 0.0]);
}

#[test]
fn items_of_any_extent_lie_in_squares_also_across_the_antimeridian() {
    let around = Bounds::new(179.9, -1.0, -179.9, -0.8).expect("a box");
    let overview = Overview::of(&[(around, 2)]).expect("an overview");
    assert!(overview.pooled(&[0.0, 0.0, 1.0], f32::max).any(|(bounds, _)| bounds.west() > 179.0));
    assert!(overview.pooled(&[0.0, 0.0, 1.0], f32::max).any(|(bounds, _)| bounds.west() < -179.0));
    let point = |lng: f64, lat: f64| Bounds::new(lng, lat, lng, lat).expect("a position");
    let points = [(point(7.0, 50.0), 0), (point(8.0, 51.0), 1), (point(8.0, 51.0), 1)];
    assert_eq!(Overview::of(&points).expect("an overview").len(), 2);
    assert_eq!(Overview::of(&points[..1]).expect("an overview").len(), 1);
    let world = Bounds::new(-180.0, -85.0, 180.0, 85.0).expect("a box");
    let mut items = tiles(20, 30, 5);
    items.push((world, 4));
    let overview = Overview::of(&items).expect("an overview");
    assert!(overview.len() <= 30 * 30 + 64 * 64, "{} squares", overview.len());
    assert_eq!(Overview::of(&[]), None);
}

#[test]
fn an_overview_survives_being_written() {
    for overview in [Overview::of(&tiles(17, 40, 900)), Overview::within(&tiles(12, 300, 900), 1000)] {
        let overview = overview.expect("an overview");
        let bytes = overview.to_bytes().expect("bytes");
        assert_eq!(Overview::from_bytes(&bytes), Ok(overview));
    }
}

#[test]
fn bytes_that_are_no_overview_are_an_error_and_never_a_panic() {
    let bytes = Overview::of(&tiles(9, 5, 12)).expect("an overview").to_bytes().expect("bytes");
    for end in 0..bytes.len() {
        assert!(Overview::from_bytes(&bytes[..end]).is_err(), "{end} bytes");
    }
    for at in 0..bytes.len() {
        for byte in [0, 1, 0x7f, 0x80, 0xff] {
            let mut other = bytes.clone();
            other[at] = byte;
            if let Ok(overview) = Overview::from_bytes(&other) {
                assert!(overview.pooled(&[0.25; 12], f32::max).count() <= overview.len());
            }
        }
    }
}
