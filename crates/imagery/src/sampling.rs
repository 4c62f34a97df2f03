//! What can be told of many tiles from some: their edge, and the kind of their bytes.

use std::collections::BTreeMap;

use crate::{Entry, Inventory, Source, sniff};

/// How many tiles are looked at.
const SAMPLES: usize = 32;

/// Some of the tiles, evenly spread over all zooms.
pub(crate) fn some(entries: &[Entry]) -> impl Iterator<Item = &Entry> {
    entries.iter().step_by(entries.len().div_ceil(SAMPLES).max(1))
}

/// Notes the edge that most of some tiles have, and says when there are others.
pub(crate) fn note_edge(inventory: &mut Inventory, sizes: impl Iterator<Item = (u32, u32)>) {
    let mut counts: BTreeMap<(u32, u32), usize> = BTreeMap::new();
    for size in sizes {
        *counts.entry(size).or_default() += 1;
    }
    let most = counts.iter().max_by_key(|(_, count)| **count).map(|(size, _)| *size);
    inventory.tile_size = most.map(|(width, height)| width.max(height));
    if counts.len() > 1 {
        let list: Vec<String> = counts.keys().map(|(width, height)| format!("{width}x{height}")).collect();
        let note =
            format!("tiles have several sizes: {} pixels (of some that were looked at)", list.join(", "));
        inventory.notes.push(note);
    }
}

/// Width and height from a picture's header, pixels; none when it has none.
pub(crate) fn size_of(bytes: &[u8]) -> Option<(u32, u32)> {
    let size = imagesize::blob_size(bytes).ok()?;
    Some((u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?))
}

/// Looks at some tiles of an archive: returns what is to be noted of their kind and sizes.
pub(crate) fn look(source: &dyn Source) -> (Option<&'static str>, Vec<(u32, u32)>) {
    let mut kinds: BTreeMap<&'static str, usize> = BTreeMap::new();
    let mut sizes = Vec::new();
    for bytes in some(&source.inventory().entries).filter_map(|entry| source.read(entry).ok()) {
        if let Some(kind) = sniff(&bytes) {
            *kinds.entry(kind).or_default() += 1;
        }
        sizes.extend(size_of(&bytes));
    }
    (kinds.into_iter().max_by_key(|(_, count)| *count).map(|(kind, _)| kind), sizes)
}
