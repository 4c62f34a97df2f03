//! Distances in true metres, on a sphere with the Earth's mean radius.

use clip_rs_catalog::LngLat;

/// Mean radius of the Earth (IUGG), metres.
const RADIUS_M: f64 = 6_371_008.8;

/// The position as a point in space, metres from the Earth's centre. What is nearest in a straight line
/// through the Earth is also nearest along its surface, at every latitude and across the antimeridian.
fn point_m(at: LngLat) -> [f64; 3] {
    let (lng, lat) = (at.lng().to_radians(), at.lat().to_radians());
    [lat.cos() * lng.cos(), lat.cos() * lng.sin(), lat.sin()].map(|component| component * RADIUS_M)
}

/// Length of the shortest way along the surface, metres.
pub fn distance_m(a: LngLat, b: LngLat) -> f64 {
    let (a, b) = (point_m(a), point_m(b));
    let chord = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
    2.0 * RADIUS_M * (chord / (2.0 * RADIUS_M)).min(1.0).asin()
}

/// How far a circle of `reach_m` metres around a position at this latitude goes, in degrees of longitude and of
/// latitude; 180 degrees of longitude where it holds a pole.
pub(super) fn degrees_of_reach(lat: f64, reach_m: f64) -> (f64, f64) {
    let angle = (reach_m / RADIUS_M).clamp(0.0, std::f64::consts::PI);
    let pole = lat.abs() + angle.to_degrees() >= 90.0;
    let lng = if pole { 180.0 } else { (angle.sin() / lat.to_radians().cos()).min(1.0).asin().to_degrees() };
    (lng, angle.to_degrees())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clip_rs_catalog::CatalogError;

    #[test]
    fn distances_are_true_metres_at_every_latitude() -> Result<(), CatalogError> {
        let degree = |lat: f64| Ok(distance_m(LngLat::new(0.0, lat)?, LngLat::new(1.0, lat)?));
        // A degree of the equator is 2 pi R / 360; a parallel's degree shrinks by cos(latitude) (to first order).
        assert!((degree(0.0)? - 111_195.08).abs() < 0.1);
        assert!((degree(60.0)? / degree(0.0)? - 0.5).abs() < 1e-4);
        let across = distance_m(LngLat::new(179.999, 0.0)?, LngLat::new(-179.999, 0.0)?);
        assert!((across - 222.39).abs() < 0.01, "{across}");
        assert!((distance_m(LngLat::new(0.0, 90.0)?, LngLat::new(0.0, -90.0)?) - 20_015_114.4).abs() < 1.0);
        Ok(())
    }
}
