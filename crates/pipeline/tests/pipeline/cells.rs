//! Catalogs whose items lie in cells as well.

use std::collections::BTreeSet;
use std::fs;

use clip_rs_catalog::{CellsRef, Overview};
use clip_rs_pipeline::catalog::Catalog;
use clip_rs_pipeline::index::{HasCells, Request, index};
use clip_rs_pipeline::verify::verify;
use clip_rs_search::cells::Cells;

use crate::support::{clip_rs, request, said, snapshot, tiles};

#[test]
fn cells_hold_the_items_of_the_shards_and_damage_to_them_is_named() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let request =
        Request { tiles: vec![tiles(folder.path())], cells: HasCells::Always, ..request(folder.path()) };
    index(&request).expect("a catalog");
    assert_eq!(verify(&request.out).expect("checked").faults, []);
    let catalog = Catalog::open(&request.out).expect("a catalog");
    let CellsRef { centroids, cells: name, overview } = catalog.manifest.cells.clone().expect("cells");
    let cells = Cells::from_bytes(&catalog.read(&centroids).expect("centroids")).expect("centroids");
    let file = catalog.read(&name).expect("cells");
    let mut found = BTreeSet::new();
    for number in 0..cells.len() {
        let place = cells.place(number).expect("a cell");
        let cell = cells.read(number, &file[place.start as usize..place.end as usize]).expect("a cell");
        found.extend(cell.items.ids().map(|id| id.to_string()));
    }
    let shard = catalog.items(&catalog.manifest.shards[0]).expect("items");
    assert_eq!(found, shard.ids().map(|id| id.to_string()).collect());

    let whole = snapshot(&request.out);
    let overview = overview.expect("tiles have places");
    let found = Overview::from_bytes(&catalog.read(&overview).expect("an overview")).expect("an overview");
    assert_eq!((found.len(), found.cells()), (shard.len(), cells.len()), "a square for each tile");
    for name in [&centroids, &name, &overview] {
        for suffix in [".br", ".gz"] {
            let is_there = whole.contains_key(&format!("{name}{suffix}"));
            assert!(!is_there || !name.starts_with("cells"), "a range of {name}{suffix} is of no use");
        }
        let content = &whole[name];
        for at in (0..content.len()).step_by(content.len() / 9 + 1) {
            let mut damaged = content.clone();
            damaged[at] ^= 1;
            fs::write(request.out.join(name), damaged).expect("write");
            let faults = verify(&request.out).expect("checked").faults;
            assert!(faults.iter().any(|fault| fault.file == *name), "byte {at} of {name}: {faults:?}");
        }
        fs::write(request.out.join(name), content).expect("write");
    }
    // The command searches the shards, and finds the same.
    let search = |extra: &[&str]| {
        let out = request.out.to_str().expect("a path");
        said(&clip_rs(["search", out, "a field", "--json"].iter().chain(extra)))
    };
    assert_eq!(search(&[]), search(&["--exact"]));
}

#[test]
fn a_small_catalog_has_no_cells_and_one_that_is_made_again_loses_them() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let tiles = vec![tiles(folder.path())];
    let made = |cells: HasCells| {
        index(&Request { tiles: tiles.clone(), cells, ..request(folder.path()) }).expect("a catalog");
        let catalog = Catalog::open(&folder.path().join("catalog")).expect("a catalog");
        (catalog.manifest.cells.is_some(), catalog.manifest.shards[0].page_rows)
    };
    assert_eq!(made(HasCells::IfLarge), (false, 4096));
    assert_eq!(made(HasCells::Always), (true, 512));
    // As when a first run is interrupted before its last file: what it left is known as a catalog's.
    fs::remove_file(folder.path().join("catalog/catalog.json")).expect("removed");
    assert_eq!(made(HasCells::Always), (true, 512));
    assert_eq!(made(HasCells::Never), (false, 4096));
    assert_eq!(verify(&folder.path().join("catalog")).expect("checked").faults, []);
}
