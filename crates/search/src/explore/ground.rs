//! Which place of one date is the same ground as one of another date, in near-linear time: places lie in cells of a grid, by
//! their size.

use clip_rs_catalog::Bounds;

/// Edges of similar places differ by this factor at most. Tiles of neighbouring zooms differ by 2.
const SIMILAR: f64 = 1.5;
/// Most places of a cell that are looked at: more of nearly the same place say nothing new.
const MOST_IN_CELL: usize = 64;
/// Edges below this are none, degrees: less than a millimetre.
const LEAST_EDGE: f64 = 1e-9;
/// Cells that are tried for mere positions, degrees: powers of 2 from about 10 cm to 100 km.
const SPACINGS: std::ops::RangeInclusive<i32> = -20..=0;
const TURN: f64 = 360.0;

/// A place: its middle and its edges, degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    lng: f64,
    lat: f64,
    width: f64,
    height: f64,
}

/// The size class of a cell, across and down, then its column and row.
type Cell = (i32, i32, i64, i64);

/// Places of one date, to be asked for the nearest one.
pub(super) struct Ground {
    places: Vec<Option<Place>>,
    /// Places by their cells, sorted.
    cells: Vec<(Cell, usize)>,
}

/// The places of two dates. A mere position stands for ground about as wide as it is from one position of its date to the
/// next: for a square whose cells hold two of them on average.
pub(super) fn places(
    now: &[Option<Bounds>],
    before: &[Option<Bounds>],
) -> (Vec<Option<Place>>, Vec<Option<Place>>) {
    let is_point =
        |bounds: &&Bounds| bounds.width() < LEAST_EDGE || bounds.north() - bounds.south() < LEAST_EDGE;
    let spacing = |of: &[Option<Bounds>]| {
        let points: Vec<Place> =
            of.iter().flatten().filter(is_point).map(|bounds| Place::new(bounds, 0.0)).collect();
        (!points.is_empty()).then(|| spacing(&points))
    };
    // The dates are compared on the scale of the coarser one.
    let edge = [spacing(now), spacing(before)].into_iter().flatten().fold(0.0, f64::max);
    let placed = |of: &[Option<Bounds>]| {
        let place = |bounds: &Bounds| Place::new(bounds, if is_point(&bounds) { edge } else { 0.0 });
        of.iter().map(|bounds| bounds.as_ref().map(place).filter(Place::has_extent)).collect()
    };
    (placed(now), placed(before))
}

/// The edge of the smallest square cells, as high as wide on the ground, degrees of latitude, that hold two of `points` on average.
fn spacing(points: &[Place]) -> f64 {
    let mut cells: Vec<(i64, i64)> = Vec::with_capacity(points.len());
    for level in SPACINGS {
        let edge = f64::from(level).exp2();
        cells.clear();
        cells.extend(points.iter().map(|at| (cell(at.lng * at.narrowing(), edge), cell(at.lat, edge))));
        cells.sort_unstable();
        cells.dedup();
        if cells.len() * 2 <= points.len() {
            return edge;
        }
    }
    // A lone one has no neighbour that could tell.
    f64::from(*SPACINGS.start()).exp2()
}

impl Place {
    fn new(bounds: &Bounds, edge: f64) -> Self {
        let centre = bounds.centre();
        let point = Self { lng: centre.lng(), lat: centre.lat(), width: 0.0, height: 0.0 };
        let (width, height) = if edge > 0.0 {
            (edge / point.narrowing(), edge)
        } else {
            (bounds.width(), bounds.north() - bounds.south())
        };
        Self { width, height, ..point }
    }

    fn has_extent(&self) -> bool {
        self.width >= LEAST_EDGE && self.height >= LEAST_EDGE
    }

    /// How much shorter than one of latitude a degree of longitude is here.
    fn narrowing(&self) -> f64 {
        self.lat.to_radians().cos().max(0.01)
    }

    fn cell(&self) -> Cell {
        let (across, down) = (level(self.width), level(self.height));
        (across, down, cell(self.lng, f64::from(across).exp2()), cell(self.lat, f64::from(down).exp2()))
    }

    /// How far another place is that may be the same ground, squared, in edges of this one: its middle is at most half an edge
    /// away, either way, and its size is similar. `turn` degrees are added to its longitude.
    fn distance(&self, other: &Self, turn: f64) -> Option<f64> {
        let is_similar = |a: f64, b: f64| a <= b * SIMILAR && b <= a * SIMILAR;
        let (across, down) =
            ((other.lng + turn - self.lng) / self.width, (other.lat - self.lat) / self.height);
        let is_same = across.abs() <= 0.5
            && down.abs() <= 0.5
            && is_similar(self.width, other.width)
            && is_similar(self.height, other.height);
        is_same.then_some(across * across + down * down)
    }
}

fn level(edge: f64) -> i32 {
    edge.log2().floor() as i32
}

fn cell(at: f64, edge: f64) -> i64 {
    (at / edge).floor() as i64
}

impl Ground {
    /// Of places that are none nothing is found.
    pub(super) fn new(places: Vec<Option<Place>>) -> Self {
        let numbered = places.iter().enumerate();
        let mut cells: Vec<(Cell, usize)> =
            numbered.filter_map(|(at, place)| Some((place.as_ref()?.cell(), at))).collect();
        cells.sort_unstable();
        let mut kept: Vec<(Cell, usize)> = Vec::with_capacity(cells.len());
        for run in cells.chunk_by(|(a, _), (b, _)| a == b) {
            let start = kept.len();
            for entry @ (_, at) in run {
                let known = kept.get(start..).unwrap_or_default();
                let is_new = !known.iter().any(|(_, earlier)| places.get(*earlier) == places.get(*at));
                if is_new && known.len() < MOST_IN_CELL {
                    kept.push(*entry);
                }
            }
        }
        Self { places, cells: kept }
    }

    /// The nearest place that is the same ground; of equally near ones the first.
    pub(super) fn nearest(&self, own: &Place) -> Option<usize> {
        let mut best: Option<(f64, usize)> = None;
        let (east, west) = (own.lng + own.width / 2.0, own.lng - own.width / 2.0);
        let turns = [Some(0.0), (east > 180.0).then_some(TURN), (west < -180.0).then_some(-TURN)];
        for turn in turns.into_iter().flatten() {
            for across in level(own.width / SIMILAR)..=level(own.width * SIMILAR) {
                let edge = f64::from(across).exp2();
                let columns = cell(west - turn, edge)..=cell(east - turn, edge);
                for down in level(own.height / SIMILAR)..=level(own.height * SIMILAR) {
                    let edge = f64::from(down).exp2();
                    let rows =
                        cell(own.lat - own.height / 2.0, edge)..=cell(own.lat + own.height / 2.0, edge);
                    for column in columns.clone() {
                        // The rows of a column lie one behind the other.
                        let first = (across, down, column, *rows.start());
                        let from = self.cells.partition_point(|(cell, _)| *cell < first);
                        let rest = self.cells.get(from..).unwrap_or_default().iter();
                        let last = (across, down, column, *rows.end());
                        for (_, at) in rest.take_while(|(cell, _)| *cell <= last) {
                            let Some(Some(other)) = self.places.get(*at) else { continue };
                            let found = own.distance(other, turn).map(|distance| (distance, *at));
                            best = match (best, found) {
                                (Some(best), Some(found)) if found < best => Some(found),
                                (best, found) => best.or(found),
                            };
                        }
                    }
                }
            }
        }
        best.map(|(_, at)| at)
    }
}

#[cfg(test)]
mod tests {
    use clip_rs_catalog::{LngLat, TileId};
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn bounds(west: f64, south: f64, width: f64, height: f64) -> Bounds {
        let wrapped = |lng: f64| if lng > 180.0 { lng - 360.0 } else { lng };
        Bounds::new(wrapped(west), south, wrapped(west + width), south + height).expect("a box")
    }

    /// Places of many sizes around two corners of the Earth, one on the antimeridian.
    fn scattered(dice: &mut StdRng, count: usize) -> Vec<Option<Bounds>> {
        let one = |dice: &mut StdRng| {
            let west = if dice.random_bool(0.5) { 7.0 } else { 179.9 };
            let size = 0.01 * f64::from(dice.random_range(-3_i32..3)).exp2();
            let (width, height) = (size * dice.random_range(0.8..1.6), size * dice.random_range(0.8..1.6));
            Some(bounds(west + dice.random_range(0.0..0.2), dice.random_range(50.0..50.2), width, height))
                .filter(|_| dice.random_bool(0.97))
        };
        (0..count).map(|_| one(dice)).collect()
    }

    #[test]
    fn the_nearest_place_is_the_one_that_looking_at_all_of_them_finds() {
        for seed in 0..20 {
            let dice = &mut StdRng::seed_from_u64(seed);
            let (now, before) = (scattered(dice, 300), scattered(dice, 400));
            let (now, before) = places(&now, &before);
            let ground = Ground::new(before.clone());
            let mut pairs = 0;
            for (number, own) in now.iter().enumerate() {
                let Some(own) = own else { continue };
                let all = before.iter().enumerate().filter_map(|(at, other)| {
                    let other = other.as_ref()?;
                    let near = [-TURN, 0.0, TURN].into_iter().filter_map(|turn| own.distance(other, turn));
                    Some((near.reduce(f64::min)?, at))
                });
                let expected = all.reduce(|a, b| if b < a { b } else { a }).map(|(_, at)| at);
                assert_eq!(ground.nearest(own), expected, "seed {seed}, place {number}: {own:?}");
                pairs += usize::from(expected.is_some());
            }
            assert!(pairs > 20, "seed {seed}: only {pairs} pairs");
        }
    }

    #[test]
    fn a_tile_is_the_same_ground_as_itself_and_not_as_its_neighbours_parent_or_children() {
        let tile = |z, x, y| Some(TileId::new(z, x, y).expect("a tile").bounds());
        let before =
            [tile(16, 0, 100), tile(17, 1, 200), tile(17, 0, 201), tile(17, 0, 200), tile(18, 0, 400)];
        let now = [tile(17, 0, 200), tile(17, 131_071, 200), None];
        let (now, before) = places(&now, &before);
        let ground = Ground::new(before);
        assert_eq!(now[0].and_then(|own| ground.nearest(&own)), Some(3));
        assert_eq!(now[1].and_then(|own| ground.nearest(&own)), None);
        assert_eq!(now[2], None);
    }

    #[test]
    fn mere_positions_are_paired_within_about_the_way_from_one_to_the_next() {
        let at = |lng: f64, lat: f64| Some(Bounds::from(LngLat::new(lng, lat).expect("a position")));
        let flight = |shift: f64| -> Vec<_> {
            (0..100)
                .map(|n| at(7.0 + f64::from(n % 10) * 1e-3 + shift, 50.0 + f64::from(n / 10) * 6e-4))
                .collect()
        };
        let (now, before) = places(&flight(1e-4), &flight(0.0));
        let ground = Ground::new(before);
        for (number, own) in now.iter().enumerate() {
            assert_eq!(own.and_then(|own| ground.nearest(&own)), Some(number));
        }
        let (now, before) = places(&[at(8.0, 50.0)], &flight(0.0));
        assert_eq!(now[0].and_then(|own| Ground::new(before).nearest(&own)), None, "70 km away");
        let (now, before) = places(&[at(8.0, 50.0)], &[at(8.0, 50.0)]);
        assert_eq!(now[0].and_then(|own| Ground::new(before).nearest(&own)), Some(0));
    }

    #[test]
    fn very_many_places_of_one_cell_are_no_trouble() {
        let here = vec![Some(bounds(7.0, 50.0, 0.01, 0.01)); 50_000];
        let (now, before) = places(&here, &here);
        let ground = Ground::new(before);
        assert!(now.iter().flatten().all(|own| ground.nearest(own) == Some(0)));
        assert_eq!(ground.cells.len(), 1);
    }
}
