//! How far away a place is, for people who are elsewhere: distances on the sphere, and their words.

use clip_rs_catalog::{Bounds, LngLat};

/// Mean radius of the Earth, metres (H. Moritz, Geodetic Reference System 1980, <https://doi.org/10.1007/s001900050278>).
const RADIUS_M: f64 = 6_371_008.8;

/// Metres between two places: the haversine formula (R. W. Sinnott, Virtues of the Haversine, Sky and Telescope 68, 1984,
/// page 159; <https://en.wikipedia.org/wiki/Haversine_formula>), which is exact on a sphere also for short distances.
pub fn between(a: LngLat, b: LngLat) -> f64 {
    along((a.lng(), a.lat()), (b.lng(), b.lat()))
}

/// Metres from a place to the nearest point of `area`; 0 inside.
pub fn to_area(from: LngLat, area: &Bounds) -> f64 {
    let (south, north) = (area.south(), area.north());
    if (from.lng() - area.west()).rem_euclid(360.0) <= area.width() {
        // No point is nearer than the one on the same meridian.
        return RADIUS_M * (from.lat() - from.lat().clamp(south, north)).abs().to_radians();
    }
    // On a parallel the nearest point is the one that is least east or west, so it lies on an edge.
    [area.west(), area.east()]
        .into_iter()
        .flat_map(|lng| {
            let (sine, cosine) = from.lat().to_radians().sin_cos();
            let turn = (lng - from.lng()).to_radians();
            // Where a great circle from the place meets the meridian at a right angle.
            let foot = sine.atan2(cosine * turn.cos()).to_degrees();
            [south, north, foot.clamp(south, north)].map(|lat| along((from.lng(), from.lat()), (lng, lat)))
        })
        .fold(f64::INFINITY, f64::min)
}

/// Metres between two places, each longitude and latitude in degrees.
fn along(a: (f64, f64), b: (f64, f64)) -> f64 {
    let half_sine = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let cosines = a.1.to_radians().cos() * b.1.to_radians().cos();
    let haversine = half_sine(a.1, b.1) + cosines * half_sine(a.0, b.0);
    2.0 * RADIUS_M * haversine.min(1.0).sqrt().asin()
}

/// A distance of this many metres with three digits at most: `40 m`, `8.3 km`, `5,540 km`.
pub fn said(metres: f64) -> String {
    let kilometres = (metres / 1000.0).round();
    if metres < 995.0 {
        format!("{:.0} m", (metres / 10.0).round() * 10.0)
    } else if metres < 9950.0 {
        format!("{:.1} km", metres / 1000.0)
    } else if kilometres < 1000.0 {
        format!("{kilometres:.0} km")
    } else {
        let tens = (kilometres / 10.0).round() as u64 * 10;
        format!("{},{:03} km", tens / 1000, tens % 1000)
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn at(lng: f64, lat: f64) -> LngLat {
        LngLat::new(lng, lat).expect("a position")
    }

    #[test]
    fn a_quarter_of_the_way_around_is_ten_thousand_kilometres() {
        let quarter = RADIUS_M * std::f64::consts::FRAC_PI_2;
        for (a, b) in [((0.0, 0.0), (90.0, 0.0)), ((20.0, 0.0), (-60.0, 90.0)), ((170.0, 0.0), (-100.0, 0.0))]
        {
            assert!((between(at(a.0, a.1), at(b.0, b.1)) - quarter).abs() < 1e-3, "{a:?} {b:?}");
        }
        assert!((between(at(0.0, 0.0), at(180.0, 0.0)) - 2.0 * quarter).abs() < 1e-3);
        let near = between(at(10.0, 50.0), at(10.0, 50.000_01));
        assert!((near - 1.112).abs() < 1e-3, "{near}");
    }

    #[test]
    fn the_nearest_point_of_an_area_is_as_near_as_brute_force_finds() {
        let seed = 11;
        let mut dice = StdRng::seed_from_u64(seed);
        for round in 0..300 {
            let (west, width) = (dice.random_range(-180.0..180.0), dice.random_range(0.1..200.0));
            let south = dice.random_range(-88.0..80.0);
            let north: f64 = south + dice.random_range(0.1..8.0);
            let east: f64 = if west + width > 180.0 { west + width - 360.0 } else { west + width };
            let area = Bounds::new(west, south, east, north).expect("a box");
            let from = at(dice.random_range(-180.0..180.0), dice.random_range(-90.0..90.0));
            let steps = 60;
            let share = |step: i32| f64::from(step) / f64::from(steps);
            let nearest = (0..=steps)
                .flat_map(|column| (0..=steps).map(move |row| (column, row)))
                .map(|(column, row)| {
                    let lng = west + width * share(column);
                    along((from.lng(), from.lat()), (lng, south + (north - south) * share(row)))
                })
                .fold(f64::INFINITY, f64::min);
            let found = to_area(from, &area);
            let cell = RADIUS_M * (width.max(north - south) / f64::from(steps)).to_radians();
            assert!(
                found <= nearest + 1e-3 && nearest - found <= cell,
                "seed {seed}, round {round}: {found} and {nearest} from {from:?} to {area:?}"
            );
        }
    }

    #[test]
    fn inside_an_area_across_the_antimeridian_nothing_is_far() {
        let area = Bounds::new(179.0, -18.0, -178.0, -16.0).expect("a box");
        assert_eq!(to_area(at(-179.5, -17.0), &area), 0.0);
        assert!((to_area(at(-179.5, -15.0), &area) - 111_195.0).abs() < 10.0);
    }

    #[test]
    fn distances_have_three_digits_at_most() {
        let told = [0.0, 43.0, 996.0, 8_320.0, 9_960.0, 432_100.0, 999_600.0, 5_543_000.0].map(said);
        assert_eq!(told, ["0 m", "40 m", "1.0 km", "8.3 km", "10 km", "432 km", "1,000 km", "5,540 km"]);
    }
}
