//! What every source must do, whatever it reads from.

use clip_rs_catalog::Bounds;
use clip_rs_imagery::{Entry, EntryId, Source, Wanted, open, sniff};

/// Opens what is wanted twice and checks everything that holds for all sources; returns the source.
pub fn check(wanted: &Wanted) -> Box<dyn Source> {
    let source = open(wanted).unwrap_or_else(|error| panic!("{wanted:?}: {error}"));
    let again = open(wanted).unwrap_or_else(|error| panic!("{wanted:?}: {error}"));
    let entries = &source.inventory().entries;
    assert_eq!(*entries, again.inventory().entries, "the inventory is the same each time");
    assert!(!entries.is_empty());
    assert!(entries.windows(2).all(|pair| pair[0].id < pair[1].id), "sorted, no name twice: {entries:?}");
    assert_eq!(source.inventory().kinds.values().sum::<usize>(), entries.len(), "every entry has a kind");
    for entry in entries {
        check_entry(source.as_ref(), entry);
    }
    let stranger =
        Entry { id: EntryId::Picture("../not/there.jpg".into()), handle: u64::MAX, ..entries[0].clone() };
    assert!(source.read(&stranger).is_err(), "what is not there is an error");
    source
}

fn check_entry(source: &dyn Source, entry: &Entry) {
    let bytes = source.read(entry).unwrap_or_else(|error| panic!("{}: {error}", entry.id));
    assert!(sniff(&bytes).is_some(), "{} is a picture by its first bytes", entry.id);
    if let Some(length) = entry.bytes {
        assert_eq!(length, bytes.len() as u64, "{}", entry.id);
    }
    let decoded = image::load_from_memory(&bytes).unwrap_or_else(|error| panic!("{}: {error}", entry.id));
    assert!(decoded.width() > 0);
    if entry.id.tile().is_some() {
        assert!(source.inventory().tile_size.is_some(), "tiles have an edge");
        let bounds = entry.bounds().expect("tiles have bounds");
        assert!(bounds.south() < bounds.north());
    }
}

/// The names of all entries.
pub fn names(source: &dyn Source) -> Vec<String> {
    source.inventory().entries.iter().map(|entry| entry.id.to_string()).collect()
}

/// Whether some note holds `text`.
pub fn says(source: &dyn Source, text: &str) -> bool {
    source.inventory().notes.iter().any(|note| note.contains(text))
}

/// Whether the tiles' area and `bounds` meet.
pub fn lies_in(source: &dyn Source, bounds: [f64; 4]) -> bool {
    let [west, south, east, north] = bounds;
    let bounds = Bounds::new(west, south, east, north).expect("bounds");
    source.inventory().entries.iter().all(|entry| entry.bounds().is_some_and(|b| b.intersects(&bounds)))
}
