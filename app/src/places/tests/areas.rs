//! Areas against distances by brute force: what the ring holds is what is near, up to a share of the distance.

use clip_rs_catalog::LngLat;

use super::*;
use crate::unwrapped::wrapped;

/// A position as a point on the unit sphere.
fn point(lng: f64, lat: f64) -> [f64; 3] {
    let (lng, lat) = (lng.to_radians(), lat.to_radians());
    [lat.cos() * lng.cos(), lat.cos() * lng.sin(), lat.sin()]
}

fn distance_m(a: [f64; 3], b: [f64; 3]) -> f64 {
    let chord = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
    2.0 * (chord / 2.0).min(1.0).asin() * 6_371_008.8
}

/// Distance to a box: 0 inside, else to the nearest of many positions on its edges, and of many more beside that.
fn distance_by_brute_force(place: &Bounds, at: LngLat) -> f64 {
    if place.contains(at) {
        return 0.0;
    }
    let there = point(at.lng(), at.lat());
    let (width, height) = (place.width(), place.north() - place.south());
    let corners = [(0.0, 0.0, 1.0, 0.0), (0.0, 1.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.0), (1.0, 0.0, 0.0, 1.0)];
    let edges = corners.map(|(x, y, dx, dy)| {
        let to = |share: f64| {
            let (x, y) = (x + dx * share, y + dy * share);
            distance_m(point(place.west() + width * x, place.south() + height * y), there)
        };
        let (mut low, mut high) = (0.0_f64, 1.0_f64);
        let mut least = f64::INFINITY;
        for _ in 0..4 {
            let step = (high - low) / 60.0;
            let tried = (0..=60).map(|at| low + step * f64::from(at)).map(|share| (to(share), share));
            let best = tried.min_by(|a, b| a.0.total_cmp(&b.0)).expect("shares");
            least = least.min(best.0);
            (low, high) = ((best.1 - step).max(0.0), (best.1 + step).min(1.0));
        }
        least
    });
    edges.into_iter().fold(f64::INFINITY, f64::min)
}

/// Whether a ring holds a position, by the even-odd rule, whatever turn its longitudes are of.
fn holds(ring: &[[f64; 2]], at: LngLat) -> bool {
    [-720.0, -360.0, 0.0, 360.0, 720.0].into_iter().any(|turn| {
        let (lng, lat) = (at.lng() + turn, at.lat());
        let edges = ring.iter().zip(ring.iter().cycle().skip(1));
        let crossed = edges.filter(|(a, b)| {
            (a[1] <= lat) != (b[1] <= lat) && lng < a[0] + (lat - a[1]) / (b[1] - a[1]) * (b[0] - a[0])
        });
        crossed.count() % 2 == 1
    })
}

/// Twice the area of a ring in square degrees; positive if it is counter-clockwise.
fn turned(ring: &[[f64; 2]]) -> f64 {
    ring.iter().zip(ring.iter().cycle().skip(1)).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum()
}

fn area(place: Bounds, relation: Relation, whole: Bounds) -> Vec<[f64; 2]> {
    let gazetteer = Gazetteer::new(std::iter::once(("There", place)));
    let phrase = String::new();
    Where { phrase, name: "There".into(), relation }.area(&gazetteer, &whole)
}

/// Compares a ring with distances at positions around its border; `share` of the distance may be off.
fn compare(place: Bounds, metres: f64, share: f64, dice: &mut StdRng, why: &str) {
    let whole = Bounds::new(-180.0, -90.0, 180.0, 90.0).expect("the world");
    let ring = area(place, Relation::Near { metres }, whole);
    assert!(ring.len() <= MAX_CORNERS && ring.len() >= 4, "{why}: {} corners", ring.len());
    assert!(turned(&ring) > 0.0, "{why}: clockwise");
    for [lng, lat] in &ring {
        assert!(lng.abs() <= 540.0 && lat.abs() <= 90.0, "{why}: {lng}, {lat}");
    }
    let reach = (metres / 6_371_008.8).to_degrees() * 1.3;
    let height = place.north() - place.south();
    for _ in 0..60 {
        // Around the box's edges and corners, where the border is.
        let mut part = || [0.0, 1.0, dice.random_range(0.0..=1.0)][dice.random_range(0..3)];
        let (x, y) = (part(), part());
        let lat = (place.south() + height * y + reach * dice.random_range(-1.0..1.0))
            .clamp(-89.999_999, 89.999_999);
        let across = (reach / lat.to_radians().cos().max(1e-9)).min(180.0);
        let lng = place.west() + place.width() * x + across * dice.random_range(-1.0..1.0);
        let Ok(at) = LngLat::new(wrapped(lng), lat) else { continue };
        let distance = distance_by_brute_force(&place, at);
        if holds(&ring, at) {
            assert!(distance <= metres * (1.0 + share), "{why}: holds {at:?}, {distance} m away");
        } else {
            assert!(distance >= metres * (1.0 - share), "{why}: leaves out {at:?}, {distance} m away");
        }
    }
}

#[test]
fn near_a_place_is_what_is_at_most_so_far_from_it() {
    let seed = 21;
    let mut dice = StdRng::seed_from_u64(seed);
    for round in 0..150 {
        let metres = 10.0_f64.powf(dice.random_range(2.0..6.0));
        let reach = (metres / 6_371_008.8).to_degrees();
        let height = *[0.0, 0.01, 1.0, 10.0].get(dice.random_range(0..4)).expect("one of four");
        // As near to the poles as the border stays well below them.
        let limit = 90.0 - 2.0 * reach - height;
        let south = dice.random_range(-limit..limit);
        let west =
            if round % 3 == 0 { dice.random_range(179.0..180.0) } else { dice.random_range(-180.0..180.0) };
        let east = wrapped(west + height * dice.random_range(0.0..2.0));
        let place = bounds([west, south, east, south + height]);
        compare(
            place,
            metres,
            0.01,
            &mut dice,
            &format!("seed {seed}, round {round}, {place:?}, {metres} m"),
        );
    }
}

#[test]
fn near_a_place_at_a_pole_is_what_is_near_on_all_meridians() {
    let seed = 22;
    let mut dice = StdRng::seed_from_u64(seed);
    for round in 0..100 {
        let metres = 10.0_f64.powf(dice.random_range(3.0..5.5));
        let reach = (metres / 6_371_008.8).to_degrees();
        let height = reach * dice.random_range(0.0..1.0);
        let north = (90.0 - 2.0 * reach * dice.random_range(0.0_f64..1.0)).min(90.0);
        let west = dice.random_range(-180.0..180.0);
        let east = wrapped(west + dice.random_range(0.0..90.0));
        let (south, north) = if round % 2 == 0 { (north - height, north) } else { (-north, height - north) };
        let place = bounds([west, south, east, north]);
        compare(place, metres, 0.1, &mut dice, &format!("seed {seed}, round {round}, {place:?}, {metres} m"));
    }
}

#[test]
fn the_ring_of_an_area_across_the_antimeridian_is_in_one_piece() {
    let whole = bounds([178.0, -20.0, -178.0, -15.0]);
    for (west, east) in [(179.9, -179.9), (-179.99, -179.98), (179.98, 179.99)] {
        let ring = area(bounds([west, -17.0, east, -16.9]), Relation::Near { metres: 5000.0 }, whole);
        let (low, high) =
            ring.iter().fold((f64::MAX, f64::MIN), |(low, high), [lng, _]| (low.min(*lng), high.max(*lng)));
        assert!(high - low < 0.5 && low > 179.0 && high < 181.0, "{low} to {high}");
    }
}

#[test]
fn in_a_place_is_its_box_and_room_around_what_has_no_extent() {
    let whole = bounds([-78.0, 38.0, -77.0, 40.0]);
    let town = bounds([-77.6, 39.0, -77.5, 39.2]);
    let corners = [[-77.6, 39.0], [-77.5, 39.0], [-77.5, 39.2], [-77.6, 39.2]];
    assert_eq!(area(town, Relation::In, whole), corners);
    let house = bounds([-77.4, 38.9, -77.4, 38.9]);
    let near = |metres| Relation::Near { metres };
    assert_eq!(area(house, Relation::In, whole), area(house, near(IN_ROOM_M), whole));
    let street = bounds([-77.4, 38.9, -77.3, 38.9]);
    assert_eq!(area(street, Relation::In, whole), area(street, near(IN_ROOM_M), whole));
}

#[test]
fn one_side_of_a_place_is_cut_out_of_the_whole() {
    let whole = bounds([178.0, -20.0, -178.0, -10.0]);
    let place = bounds([179.5, -16.0, -179.5, -15.0]);
    let edges = |relation| {
        let ring = area(place, relation, whole);
        assert!(turned(&ring) > 0.0 && ring.len() == 4, "{relation:?}: {ring:?}");
        let [[west, south], _, [east, north], _] = ring[..] else { panic!("{ring:?}") };
        [west, south, east, north]
    };
    assert_eq!(edges(Relation::NorthOf), [178.0, -15.0, 182.0, -10.0]);
    assert_eq!(edges(Relation::SouthOf), [178.0, -20.0, 182.0, -16.0]);
    assert_eq!(edges(Relation::EastOf), [180.5, -20.0, 182.0, -10.0]);
    assert_eq!(edges(Relation::WestOf), [178.0, -20.0, 179.5, -10.0]);
    assert_eq!(edges(Relation::NorthEastOf), [180.5, -15.0, 182.0, -10.0]);
    assert_eq!(edges(Relation::NorthWestOf), [178.0, -15.0, 179.5, -10.0]);
    assert_eq!(edges(Relation::SouthEastOf), [180.5, -20.0, 182.0, -16.0]);
    assert_eq!(edges(Relation::SouthWestOf), [178.0, -20.0, 179.5, -16.0]);
    let all = bounds([178.0, -20.0, -178.0, -10.0]);
    assert_eq!(area(all, Relation::NorthOf, whole), Vec::<[f64; 2]>::new());
    let nowhere = Where { phrase: String::new(), name: "Nowhere".into(), relation: Relation::In };
    assert!(nowhere.area(&Gazetteer::default(), &whole).is_empty());
}
