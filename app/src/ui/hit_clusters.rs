//! Which of many small footprints are drawn as one, and which ranks there is room for: by where they lie on the screen.

use crate::unwrapped::{Extent, mercator, world_pixels};

/// So many small footprints are drawn one by one.
const FEW: usize = 40;
/// Smaller ones are too small to be told apart, pixels.
const SMALL: f64 = 14.0;
/// Edge of a square whose footprints are drawn as one, pixels.
const CELL: f64 = 56.0;
/// Height of a rank's label, pixels.
const LABEL_HEIGHT: f64 = 18.0;

/// A footprint on the screen. The origin is the map's north-west corner, so that moving the map changes nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    /// Middle, pixels to the right.
    pub x: f64,
    /// Middle, pixels down.
    pub y: f64,
    /// Longer edge, pixels.
    pub side: f64,
}

impl Spot {
    /// Where `extent` lies at a zoom, in pixels of the map of the whole Earth.
    pub fn of(extent: Extent, zoom: f64) -> Self {
        let around = world_pixels(zoom);
        let (south, north) = (mercator(extent.south), mercator(extent.north));
        let width = (extent.east - extent.west) / 360.0;
        Self {
            x: extent.centre().0 / 360.0 * around,
            y: (1.0 - (south + north) / 2.0) * around,
            side: width.max(north - south) * around,
        }
    }

    /// Whether its middle lies in a box of which `view` is the middle and the longer edge, or as far around it as a quarter
    /// of that.
    pub fn is_within(&self, view: &Self) -> bool {
        let reach = view.side * 0.75;
        (self.x - view.x).abs() <= reach && (self.y - view.y).abs() <= reach
    }
}

/// The groups of two or more spots that are drawn as one, each in the order given, none of them with the spot `alone`. Empty
/// unless there are many small ones.
pub fn groups(spots: &[Spot], alone: Option<usize>) -> Vec<Vec<usize>> {
    let is_small = |spot: &Spot| spot.side < SMALL && spot.x.is_finite() && spot.y.is_finite();
    let small: Vec<_> = spots.iter().enumerate().filter(|(_, spot)| is_small(spot)).collect();
    if small.len() <= FEW {
        return Vec::new();
    }
    let mut cells = std::collections::BTreeMap::<(i64, i64), Vec<usize>>::new();
    for (at, spot) in small.into_iter().filter(|(at, _)| alone != Some(*at)) {
        let cell = ((spot.y / CELL).floor() as i64, (spot.x / CELL).floor() as i64);
        cells.entry(cell).or_default().push(at);
    }
    cells.into_values().filter(|group| group.len() > 1).collect()
}

/// Whether there is room for the label of each spot, best first: a better rank's label is never given up for a worse one's.
/// Each comes with the rank that it shows; what has none stands in nobody's way.
pub fn roomy(spots: &[Option<(Spot, usize)>]) -> Vec<bool> {
    let mut taken: Vec<(f64, f64, f64)> = Vec::new();
    let mut has_room = |(spot, rank): (Spot, usize)| {
        // Twelve pixels beside the digits.
        let width = 12.0 + 7.0 * rank.to_string().len() as f64;
        let meets = |(x, y, other): &(f64, f64, f64)| {
            (spot.x - x).abs() < (width + other) / 2.0 && (spot.y - y).abs() < LABEL_HEIGHT
        };
        let free = !taken.iter().any(meets);
        if free {
            taken.push((spot.x, spot.y, width));
        }
        free
    };
    spots.iter().map(|spot| spot.is_some_and(&mut has_room)).collect()
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn spots(seed: u64, count: usize, side: f64) -> Vec<Spot> {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut place = || dice.random_range(-300.0..300.0);
        (0..count).map(|_| Spot { x: place(), y: place(), side }).collect()
    }

    #[test]
    fn what_is_near_the_view_is_within_it() {
        let view = Spot { x: 100.0, y: 50.0, side: 80.0 };
        let spot = |x, y| Spot { x, y, side: 1.0 };
        assert!(spot(100.0, 50.0).is_within(&view) && spot(159.0, -9.0).is_within(&view));
        assert!(!spot(161.0, 50.0).is_within(&view) && !spot(100.0, -11.0).is_within(&view));
    }

    #[test]
    fn many_small_ones_are_grouped_with_their_neighbours_and_each_once() {
        for seed in 0..20 {
            let spots = spots(seed, 200, 5.0);
            let groups = groups(&spots, None);
            assert!(!groups.is_empty(), "seed {seed}");
            let mut seen = std::collections::BTreeSet::new();
            for group in &groups {
                assert!(group.len() > 1 && group.is_sorted(), "seed {seed}: {group:?}");
                for at in group {
                    assert!(seen.insert(*at), "seed {seed}: {at} twice");
                    let (one, first) = (spots[*at], spots[group[0]]);
                    let apart = (one.x - first.x).abs().max((one.y - first.y).abs());
                    assert!(apart <= CELL, "seed {seed}: {apart} pixels apart");
                }
            }
            for (at, spot) in spots.iter().enumerate().filter(|(at, _)| !seen.contains(at)) {
                let cell = |spot: &Spot| ((spot.x / CELL).floor(), (spot.y / CELL).floor());
                let others = spots.iter().filter(|other| cell(other) == cell(spot)).count();
                assert_eq!(others, 1, "seed {seed}: {at} was left alone");
            }
        }
    }

    #[test]
    fn few_ones_large_ones_and_the_selected_one_are_drawn_by_themselves() {
        assert!(groups(&spots(1, FEW, 5.0), None).is_empty(), "few");
        assert!(groups(&spots(1, 200, 14.0), None).is_empty(), "large");
        let together = vec![Spot { x: 1.0, y: 1.0, side: 0.0 }; 50];
        let groups = groups(&together, Some(7));
        assert_eq!(groups.len(), 1);
        assert!(groups[0].len() == 49 && !groups[0].contains(&7));
    }

    #[test]
    fn places_that_are_no_numbers_are_not_grouped() {
        assert!(groups(&[Spot { x: f64::NAN, y: 0.0, side: 1.0 }; 60], None).is_empty());
    }

    #[test]
    fn no_two_labels_overlap_and_none_is_given_up_without_a_better_one_in_its_way() {
        for seed in 0..20 {
            let spots = spots(seed, 300, 5.0);
            let ranked: Vec<_> = spots.iter().enumerate().map(|(at, spot)| Some((*spot, at + 1))).collect();
            let shown = roomy(&ranked);
            let width = |at: usize| 12.0 + 7.0 * (at + 1).to_string().len() as f64;
            let meet = |a: usize, b: usize| {
                (spots[a].x - spots[b].x).abs() < (width(a) + width(b)) / 2.0
                    && (spots[a].y - spots[b].y).abs() < LABEL_HEIGHT
            };
            for at in 0..spots.len() {
                let in_its_way = (0..at).any(|better| shown[better] && meet(at, better));
                assert_eq!(shown[at], !in_its_way, "seed {seed}, rank {}", at + 1);
            }
        }
    }

    #[test]
    fn a_spot_is_where_the_map_projection_puts_it() {
        let extent = Extent { west: -180.0, south: 0.0, east: 0.0, north: 85.051_128 };
        let spot = Spot::of(extent, 1.0);
        assert!((spot.x + 128.0).abs() < 1e-6 && (spot.y - 128.0).abs() < 1e-3, "{spot:?}");
        assert!((spot.side - 256.0).abs() < 1e-3);
    }
}
