//! Whether the cells of a large catalog hold together, and have every item of the shards once.

use clip_rs_catalog::{CellsRef, ItemId, Overview};
use clip_rs_search::cells::Cells;

use super::Verdict;
use crate::catalog::Catalog;
use crate::index;

/// Checks the cells, if there are some. Files that cannot be read are faults already.
pub fn check(verdict: &mut Verdict, catalog: &Catalog) {
    let Some(CellsRef { centroids, cells: name, overview }) = &catalog.manifest.cells else { return };
    let (Ok(bytes), Ok(file)) = (catalog.read(centroids), catalog.read(name)) else { return };
    let Some(cells) = verdict.take(centroids, Cells::from_bytes(&bytes)) else { return };
    let (count, dim) = (catalog.manifest.count(), catalog.manifest.model.embed_dim);
    if cells.dim() != dim {
        verdict.fault(centroids, format!("{} components, the model has {dim}", cells.dim()));
    }
    if (cells.count(), cells.bytes()) != (count, file.len() as u64) {
        verdict.fault(centroids, "it is about other cells than those of the catalog");
        return;
    }
    let mut placed = Vec::with_capacity(count);
    let mut ids: Vec<Option<ItemId>> = Vec::with_capacity(count);
    for shard in &catalog.manifest.shards {
        let Ok(items) = catalog.items(shard) else { return };
        ids.extend(items.ids().map(Some));
    }
    for number in 0..cells.len() {
        let place = cells.place(number).unwrap_or_default();
        let block = file.get(place.start as usize..place.end as usize).unwrap_or_default();
        let Some(cell) = verdict.take(name, cells.read(number, block)) else { continue };
        for (row, ordinal) in cell.ordinals.iter().enumerate() {
            // Taken, so that it is not found a second time.
            placed.push((cell.items.footprint(row), number as u32));
            let id = ids.get_mut(*ordinal as usize).and_then(Option::take);
            if id.is_none() || id != cell.items.id(row) {
                verdict.fault(name, format!("cell {number} has another item {ordinal} than the shards"));
            }
        }
    }
    if let Some(id) = ids.iter().flatten().next() {
        verdict.fault(name, format!("item {id} is in no cell"));
    }
    let Some(name) = overview else { return };
    let Ok(bytes) = catalog.read(name) else { return };
    let found = verdict.take(name, Overview::from_bytes(&bytes));
    if found.is_some() && found != index::overview(placed.into_iter()) {
        verdict.fault(name, "it is about other cells, or other places of their items");
    }
}
