//! Results that belong together, as one: those that look the same, or those that lie side by side.

use std::collections::{HashMap, HashSet};

use clip_rs_catalog::Bounds;

use crate::protocol::Hit;

/// Footprints that touch are not equal to the last digit: so much of their sides may lie between them.
const SLACK: f64 = 0.05;

/// Which results stand for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grouping {
    /// None: every result is listed.
    #[default]
    Each,
    /// Of those that look the same the first.
    Looks,
    /// Of those that touch the first.
    Neighbours,
}

/// A result that is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Its place among the hits.
    pub place: usize,
    /// Hits that it stands for besides itself.
    pub others: usize,
}

impl Grouping {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Each, Self::Looks, Self::Neighbours];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Each => "Every result",
            Self::Looks => "One of those that look the same",
            Self::Neighbours => "One of those side by side",
        }
    }

    /// What is listed of the `places` of `hits`, in their order.
    pub fn of(self, hits: &[Hit], places: &[usize]) -> Vec<Listed> {
        match self {
            Self::Each => places.iter().map(|place| Listed { place: *place, others: 0 }).collect(),
            Self::Looks => without_copies(hits, places),
            Self::Neighbours => without_neighbours(hits, places),
        }
    }
}

fn without_copies(hits: &[Hit], places: &[usize]) -> Vec<Listed> {
    let mut listed: Vec<Listed> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for (place, hit) in places.iter().filter_map(|place| Some((*place, hits.get(*place)?))) {
        // What looks the same as an earlier item is known by that one's id.
        let look = hit.duplicate_of.as_deref().unwrap_or(&hit.id);
        match known.get(look).and_then(|at| listed.get_mut(*at)) {
            Some(first) => first.others += 1,
            None => {
                known.insert(look, listed.len());
                listed.push(Listed { place, others: 0 });
            }
        }
    }
    listed
}

/// Each hit that touches one before it is left to that one: a list of places instead of a list of squares. What is left touches
/// nothing else that is left, as in the suppression of all but the maxima (Neubeck and Van Gool, *Efficient Non-Maximum
/// Suppression*, 2006).
fn without_neighbours(hits: &[Hit], places: &[usize]) -> Vec<Listed> {
    let boxes: Vec<Option<Bounds>> = hits.iter().map(|hit| hit.footprint).collect();
    let side =
        |size: fn(&Bounds) -> f64| boxes.iter().flatten().map(size).fold(1e-6, f64::max) * (1.0 + SLACK);
    let (wide, high) = (side(Bounds::width), side(|b| b.north() - b.south()));
    // What touches has its centre in one of the nine cells around: cells are as large as the largest footprint.
    let around = (360.0 / wide).floor().max(1.0) as i64;
    let cell = |b: &Bounds| {
        let at = b.centre();
        (((at.lng() + 180.0) / wide).floor() as i64, ((at.lat() + 90.0) / high).floor() as i64)
    };
    let mut listed: Vec<Listed> = Vec::new();
    let mut kept: HashMap<(i64, i64), Vec<(usize, Bounds)>> = HashMap::new();
    for place in places {
        let Some(Some(bounds)) = boxes.get(*place) else {
            listed.push(Listed { place: *place, others: 0 });
            continue;
        };
        let (x, y) = cell(bounds);
        // Across the antimeridian the first columns follow the last; the last may be narrower than the others.
        let columns: HashSet<i64> = (x - 2..=x + 2).map(|x| x.rem_euclid(around + 1)).collect();
        let near = columns.into_iter().flat_map(|x| (y - 1..=y + 1).map(move |y| (x, y)));
        let first =
            near.filter_map(|cell| kept.get(&cell)).flatten().filter(|(_, other)| touch(bounds, other));
        match first.map(|(at, _)| *at).min().and_then(|at| listed.get_mut(at)) {
            Some(first) => first.others += 1,
            None => {
                kept.entry((x.rem_euclid(around + 1), y)).or_default().push((listed.len(), *bounds));
                listed.push(Listed { place: *place, others: 0 });
            }
        }
    }
    listed
}

/// Whether two boxes overlap or lie side by side, corners included.
fn touch(a: &Bounds, b: &Bounds) -> bool {
    let (at, other) = (a.centre(), b.centre());
    let apart = (at.lng() - other.lng()).rem_euclid(360.0);
    let apart = apart.min(360.0 - apart);
    let high = |b: &Bounds| b.north() - b.south();
    apart <= (a.width() + b.width()) / 2.0 * (1.0 + SLACK)
        && (at.lat() - other.lat()).abs() <= (high(a) + high(b)) / 2.0 * (1.0 + SLACK)
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn hit(id: &str, footprint: Option<Bounds>, duplicate_of: Option<&str>) -> Hit {
        Hit {
            id: id.into(),
            similarity: 0.5,
            cosine: 0.3,
            footprint,
            place: None,
            address: None,
            address_m: None,
            captured: None,
            source: None,
            duplicate_of: duplicate_of.map(Into::into),
            duplicates: 0,
        }
    }

    fn listed(pairs: &[(usize, usize)]) -> Vec<Listed> {
        pairs.iter().map(|(place, others)| Listed { place: *place, others: *others }).collect()
    }

    #[test]
    fn of_those_that_look_the_same_the_first_stays() {
        let hits = [
            hit("c", None, None),
            hit("b", None, Some("c")),
            hit("a", None, None),
            hit("d", None, Some("c")),
        ];
        assert_eq!(Grouping::Each.of(&hits, &[2, 0]), listed(&[(2, 0), (0, 0)]));
        assert_eq!(Grouping::Looks.of(&hits, &[0, 1, 2, 3]), listed(&[(0, 2), (2, 0)]));
        assert_eq!(Grouping::Looks.of(&hits, &[3, 2, 1, 0]), listed(&[(3, 2), (2, 0)]));
    }

    #[test]
    fn of_those_side_by_side_the_first_stays_also_across_the_antimeridian() {
        let square = |west: f64, south: f64| {
            let east = if west + 0.5 > 180.0 { west + 0.5 - 360.0 } else { west + 0.5 };
            Bounds::new(west, south, east, south + 0.5).ok()
        };
        let hits = [
            hit("a", square(179.5, 10.0), None),
            hit("beyond", square(-180.0, 10.5), None),
            hit("far", square(-179.0, 10.0), None),
            hit("nowhere", None, None),
            hit("nowhere either", None, None),
            hit("above", square(179.5, 10.5), None),
        ];
        let found = Grouping::Neighbours.of(&hits, &[0, 1, 2, 3, 4, 5]);
        assert_eq!(found, listed(&[(0, 2), (2, 0), (3, 0), (4, 0)]));
    }

    #[test]
    fn what_is_listed_is_what_comparing_all_with_all_gives() {
        for seed in 0..40 {
            let mut rng = StdRng::seed_from_u64(seed);
            let hits: Vec<Hit> = (0..300)
                .map(|at| {
                    let (west, south) = (rng.random_range(-180..180), rng.random_range(-3..3));
                    let side = f64::from(rng.random_range(1..4)) * 0.5;
                    let (west, south) = (f64::from(west), f64::from(south));
                    let east = if west + side > 180.0 { west + side - 360.0 } else { west + side };
                    hit(&at.to_string(), Bounds::new(west, south, east, south + side).ok(), None)
                })
                .collect();
            let places: Vec<usize> = (0..hits.len()).collect();
            let mut expected: Vec<Listed> = Vec::new();
            for place in &places {
                let own = hits[*place].footprint.expect("a box");
                let near = |listed: &&mut Listed| touch(&own, &hits[listed.place].footprint.expect("a box"));
                match expected.iter_mut().find(near) {
                    Some(first) => first.others += 1,
                    None => expected.push(Listed { place: *place, others: 0 }),
                }
            }
            assert_eq!(Grouping::Neighbours.of(&hits, &places), expected, "seed {seed}");
        }
    }
}
