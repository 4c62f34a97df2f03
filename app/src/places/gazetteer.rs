//! Names of places and where they are, gathered from what a catalog says of its items.

use std::collections::BTreeMap;

use clip_rs_catalog::Bounds;

use super::words::{key, split};

/// Most names.
pub const MAX_NAMES: usize = 200_000;
/// Longer names are left out, bytes.
const MAX_NAME: usize = 200;
/// So many boxes of a name are kept until they become one.
const MAX_BOXES: usize = 64;

/// Places by their names. A name is known by its words, whatever their case, accents and punctuation.
///
/// `Leesburg, Virginia, US` is known as `Leesburg, Virginia` and `Leesburg` too, and `12 Mill Road` as `Mill Road`; what
/// several entries are called is the box around all of them.
#[derive(Debug, Clone, Default)]
pub struct Gazetteer {
    /// In the order of their keys.
    entries: Vec<Entry>,
    most_words: usize,
    left_out: usize,
}

#[derive(Debug, Clone)]
struct Entry {
    key: Box<str>,
    name: Box<str>,
    /// Whether it is a whole name, and no part of one.
    whole: bool,
    bounds: Bounds,
}

/// A place that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place<'a> {
    /// Its name as it was given.
    pub name: &'a str,
    /// The box around all of it.
    pub bounds: Bounds,
}

/// Places while they are told, name by name: of a million items few have a name of their own, and none has to be kept.
#[derive(Default)]
pub struct Gathering {
    names: BTreeMap<String, Gathered>,
    left_out: usize,
}

/// What is known of a name so far.
struct Gathered {
    name: String,
    whole: bool,
    boxes: Vec<Bounds>,
}

impl Gazetteer {
    /// The places of these entries, as [`Gathering::add`] takes them.
    pub fn new<'a>(entries: impl Iterator<Item = (&'a str, Bounds)>) -> Self {
        let mut gathering = Gathering::default();
        entries.for_each(|(name, bounds)| gathering.add(name, bounds));
        gathering.finish()
    }

    /// How many names are known.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no name is known.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many entries were left out: too many, too long, or without letters and digits.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// The place of this name.
    pub fn find(&self, name: &str) -> Option<Place<'_>> {
        self.find_key(&key(name))
    }

    /// At most `most` names that begin like `prefix`, shorter ones first. None for a prefix without letters and digits.
    pub fn suggest(&self, prefix: &str, most: usize) -> Vec<&str> {
        let prefix = key(prefix);
        if prefix.is_empty() {
            return Vec::new();
        }
        let from = self.entries.partition_point(|entry| *entry.key < *prefix);
        let same = self.entries.get(from..).unwrap_or_default().iter();
        let same = same.take_while(|entry| entry.key.starts_with(&prefix)).filter(|entry| entry.whole);
        // The best so far with their lengths; a sort of all would be a large program for a short list.
        let mut best: Vec<(usize, &str)> = Vec::new();
        for entry in same {
            let length = entry.name.chars().count();
            let rank = best.partition_point(|(other, _)| *other <= length);
            if rank < most {
                best.truncate(most - 1);
                best.insert(rank, (length, &entry.name));
            }
        }
        best.into_iter().map(|(_, name)| name).collect()
    }

    /// The place whose name has this key.
    pub(super) fn find_key(&self, key: &str) -> Option<Place<'_>> {
        let at = self.entries.binary_search_by(|entry| (*entry.key).cmp(key)).ok()?;
        self.entries.get(at).map(|entry| Place { name: &entry.name, bounds: entry.bounds })
    }

    /// Words of the longest name.
    pub(super) fn most_words(&self) -> usize {
        self.most_words
    }
}

impl Gathering {
    /// Adds a name, and a box that it is said of. A name may come many times; beyond [`MAX_NAMES`] new ones are left out.
    pub fn add(&mut self, name: &str, bounds: Bounds) {
        if name.len() > MAX_NAME || !gather(&mut self.names, name, true, bounds) {
            self.left_out += 1;
            return;
        }
        for part in parts(name) {
            gather(&mut self.names, part, false, bounds);
        }
    }

    /// The places that were told.
    pub fn finish(self) -> Gazetteer {
        let most_words = self.names.keys().map(|key| key.split(' ').count()).max().unwrap_or(0);
        let entries = self.names.into_iter().filter_map(|(key, Gathered { name, whole, boxes })| {
            let bounds = united(boxes)?;
            Some(Entry { key: key.into(), name: name.into(), whole, bounds })
        });
        Gazetteer { entries: entries.collect(), most_words, left_out: self.left_out }
    }
}

/// Adds a box to a name; false if the name cannot be added.
fn gather(names: &mut BTreeMap<String, Gathered>, name: &str, whole: bool, bounds: Bounds) -> bool {
    let key = key(name);
    if let Some(known) = names.get_mut(&key) {
        if whole && !known.whole {
            known.name = name.trim().to_owned();
            known.whole = true;
        }
        if !known.boxes.contains(&bounds) {
            known.boxes.push(bounds);
        }
        if known.boxes.len() >= MAX_BOXES {
            known.boxes = united(std::mem::take(&mut known.boxes)).into_iter().collect();
        }
        return true;
    }
    let room = !key.is_empty() && names.len() < MAX_NAMES;
    if room {
        names.insert(key, Gathered { name: name.trim().to_owned(), whole, boxes: vec![bounds] });
    }
    room
}

/// The box around all of `boxes`. Where they have one meridian in common and no width, the sum of a turn may round the east
/// edge to just west of the west one, which would be a box around the Earth.
fn united(boxes: Vec<Bounds>) -> Option<Bounds> {
    /// Degrees: a hundredth of a millimetre.
    const ROUNDING: f64 = 1e-10;
    let bounds = Bounds::around(boxes)?;
    if bounds.crosses_antimeridian() && bounds.west() - bounds.east() < ROUNDING {
        return Bounds::new(bounds.west(), bounds.south(), bounds.west(), bounds.north()).ok();
    }
    Some(bounds)
}

/// What a name is also known by: what stands before each of its commas, and a street without the number of a house.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    let before = name.match_indices(',').filter_map(|(at, _)| name.get(..at));
    before.chain(street(name))
}

/// `Mill Road` of `12 Mill Road`, and of `12a Mill Road, Leesburg`.
fn street(name: &str) -> Option<&str> {
    let words = split(name);
    let [number, first, rest @ ..] = words.as_slice() else { return None };
    let digits = number.key.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let house = !digits.is_empty()
        && digits.len() + 1 >= number.key.len()
        && digits.chars().all(|digit| digit.is_ascii_digit());
    if !house || rest.is_empty() || first.comma {
        return None;
    }
    name.get(first.start..)?.split(',').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(edges: [f64; 4]) -> Bounds {
        Bounds::try_from(edges).expect("in range")
    }

    fn gazetteer(names: &[&str]) -> Gazetteer {
        Gazetteer::new(names.iter().map(|name| (*name, bounds([0.0, 0.0, 1.0, 1.0]))))
    }

    #[test]
    fn one_name_is_one_place_around_all_that_is_said_to_be_there() {
        let entries = [
            ("Taveuni", [179.5, -17.0, 180.0, -16.5]),
            ("TAVEUNI", [-180.0, -17.0, -179.5, -16.8]),
            ("Suva", [178.4, -18.2, 178.5, -18.1]),
        ];
        let places = Gazetteer::new(entries.iter().map(|(name, edges)| (*name, bounds(*edges))));
        assert_eq!(places.len(), 2);
        let taveuni = places.find("taveuni").expect("a place");
        assert_eq!(taveuni, Place { name: "Taveuni", bounds: bounds([179.5, -17.0, -179.5, -16.5]) });
        assert_eq!(places.find("Nadi"), None);
    }

    #[test]
    fn a_place_is_known_without_what_it_lies_in_and_a_street_without_its_houses() {
        let entries = [
            ("Leesburg, Virginia, US", [-77.6, 39.0, -77.5, 39.1]),
            ("Leesburg, Florida, US", [-81.9, 28.8, -81.8, 28.9]),
            ("12 Mill Road", [10.0, 50.0, 10.0, 50.0]),
            ("14a Mill Road", [10.25, 50.5, 10.25, 50.5]),
        ];
        let places = Gazetteer::new(entries.iter().map(|(name, edges)| (*name, bounds(*edges))));
        let found = |name: &str| places.find(name).map(|place| (place.name.to_owned(), place.bounds));
        assert_eq!(
            found("leesburg virginia"),
            Some(("Leesburg, Virginia".into(), bounds([-77.6, 39.0, -77.5, 39.1])))
        );
        assert_eq!(found("Leesburg"), Some(("Leesburg".into(), bounds([-81.9, 28.8, -77.5, 39.1]))));
        assert_eq!(found("mill road"), Some(("Mill Road".into(), bounds([10.0, 50.0, 10.25, 50.5]))));
        assert_eq!(found("12 MILL road").map(|(_, at)| at), Some(bounds([10.0, 50.0, 10.0, 50.0])));
        assert_eq!(places.suggest("lees", 9), ["Leesburg, Florida, US", "Leesburg, Virginia, US"]);
        for name in ["7 Eleven", "Route 7 North", "1st Main Street"] {
            assert_eq!(street(name), None, "{name}");
        }
        assert_eq!(street("12 Old Mill Road, Leesburg"), Some("Old Mill Road"));
    }

    #[test]
    fn shorter_names_are_suggested_first() {
        let places = gazetteer(&["Manassas Park", "Manassas", "Mánchester", "Main Street", "Leesburg", "Ma"]);
        assert_eq!(places.suggest("MA", 4), ["Ma", "Manassas", "Mánchester", "Main Street"]);
        assert_eq!(places.suggest("manassas p", 4), ["Manassas Park"]);
        for nothing in ["", " ,", "x"] {
            assert!(places.suggest(nothing, 4).is_empty(), "{nothing:?}");
        }
    }

    #[test]
    fn names_beyond_the_bound_are_counted_and_known_ones_still_grow() {
        let names: Vec<String> = (0..MAX_NAMES + 5).map(|at| format!("place{at}")).collect();
        let entries = names.iter().map(|name| (name.as_str(), bounds([0.0, 0.0, 1.0, 1.0])));
        let last = [("Place0", bounds([1.0, 1.0, 2.0, 2.0])), ("...", bounds([0.0, 0.0, 1.0, 1.0]))];
        let long = "x".repeat(MAX_NAME + 1);
        let too_long = (long.as_str(), bounds([0.0, 0.0, 1.0, 1.0]));
        let places = Gazetteer::new(entries.chain(last).chain([too_long]));
        assert_eq!((places.len(), places.left_out()), (MAX_NAMES, 7));
        assert_eq!(places.find("place0").map(|place| place.bounds), Some(bounds([0.0, 0.0, 2.0, 2.0])));
    }

    #[test]
    fn places_on_one_meridian_have_no_width() {
        for at in 0..2000 {
            let lng = f64::from(at) * 0.17 - 170.03;
            let flats = [40.0, 40.1].map(|lat| ("Flats", bounds([lng, lat, lng, lat])));
            for count in 1..=2 {
                let places = Gazetteer::new(flats.into_iter().take(count));
                let width = places.find("flats").map(|place| place.bounds.width());
                assert!(width.is_some_and(|width| width < 1e-9), "{lng}, {count} flats: {width:?}");
            }
        }
    }

    #[test]
    fn a_name_said_of_very_many_boxes_is_the_box_around_all() {
        let boxes = (0..1000).map(|at| ("Long Road", bounds([0.0, 0.0, f64::from(at) / 16.0, 1.0])));
        let places = Gazetteer::new(boxes);
        assert_eq!(
            places.find("long road").map(|place| place.bounds),
            Some(bounds([0.0, 0.0, 62.4375, 1.0]))
        );
    }
}
