//! Whether the shards' indexes, items and details hold together, with each other and with the listing.

use clip_rs_catalog::{Bounds, ItemId, Items, MANIFEST_NAME, Shard};

use super::imagery::Listed;
use super::{Verdict, alike};
use crate::catalog::Catalog;
use crate::name_set::NameSet;

/// Checks every shard. Files that cannot be read are faults already.
pub fn check(verdict: &mut Verdict, catalog: &Catalog, listed: &Listed) {
    let mut seen = NameSet::default();
    for shard in &catalog.manifest.shards {
        check_index(verdict, catalog, shard);
        check_details(verdict, catalog, shard);
        if let Ok(items) = catalog.items(shard) {
            check_items(verdict, shard, &items, listed, &mut seen);
        } else if catalog.read(&shard.items).is_ok() {
            let why = catalog.items(shard).err().map(super::without_path).unwrap_or_default();
            verdict.fault(&shard.items, why);
        }
    }
    let bounds = Bounds::around(catalog.manifest.shards.iter().filter_map(|shard| shard.bounds));
    if !alike(bounds, catalog.manifest.bounds) {
        verdict.fault(MANIFEST_NAME, "its bounds are not those of its shards together");
    }
}

fn check_index(verdict: &mut Verdict, catalog: &Catalog, shard: &Shard) {
    if catalog.read(&shard.index).is_err() {
        return;
    }
    let Some(index) = verdict.take(&shard.index, catalog.index(shard).map_err(super::without_path)) else {
        return;
    };
    let (dim, name) = (catalog.manifest.model.embed_dim, &shard.index);
    if index.len() != shard.count {
        verdict.fault(name, format!("{} items, {MANIFEST_NAME} says {}", index.len(), shard.count));
    }
    if index.dim() != dim {
        verdict.fault(name, format!("{} components, the model has {dim}", index.dim()));
    }
}

fn check_details(verdict: &mut Verdict, catalog: &Catalog, shard: &Shard) {
    for (number, name) in shard.details.iter().enumerate() {
        if catalog.read(name).is_err() {
            continue;
        }
        let Some(page) = verdict.take(name, catalog.details(name).map_err(super::without_path)) else {
            continue;
        };
        let expected = shard.page_rows.min(shard.count - number * shard.page_rows);
        if page.len() != expected {
            verdict.fault(name, format!("{} items, {expected} belong to the page", page.len()));
        }
    }
}

fn check_items(verdict: &mut Verdict, shard: &Shard, items: &Items, listed: &Listed, seen: &mut NameSet) {
    let name = &shard.items;
    if items.len() != shard.count {
        verdict.fault(name, format!("{} items, {MANIFEST_NAME} says {}", items.len(), shard.count));
    }
    for id in items.ids() {
        if listed.complete && !is_shown(&id, listed) {
            verdict.fault(name, format!("item {id} is not in the listing"));
        }
        if !seen.insert(&id.to_string()) {
            verdict.fault(name, format!("item {id} is there twice"));
        }
    }
    let joined = Bounds::around((0..items.len()).filter_map(|ordinal| items.footprint(ordinal)));
    if !alike(joined, shard.bounds) {
        verdict.fault(name, format!("its items do not fill the bounds in {MANIFEST_NAME}"));
    }
}

/// Whether anything of an item is in the listing; a square at the edge of the area need not have all its tiles.
fn is_shown(id: &ItemId, listed: &Listed) -> bool {
    match id {
        ItemId::Tiles(square) => square.tiles().any(|tile| listed.names.contains(&tile.to_string())),
        ItemId::Picture { name, .. } => listed.names.contains(name),
    }
}
