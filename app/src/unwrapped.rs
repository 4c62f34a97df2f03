//! Longitudes in one piece: an area that crosses the antimeridian is laid out without a break, so on its map longitudes
//! go on beyond 180 degrees.

use clip_rs_catalog::Bounds;
use clip_rs_search::Polygon;

/// Latitude of the edge of a Web Mercator map, degrees.
const MERCATOR_LATITUDE: f64 = 85.051_128;
/// Room around an area of no extent, degrees: about two kilometres.
const LEAST_ROOM: f64 = 0.02;
const TURN: f64 = 360.0;
/// Edge of the map of the whole Earth at zoom 0, pixels.
const WORLD_PIXELS: f64 = 256.0;

/// How the longitudes of one map are laid out: around the middle of its area.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    middle: f64,
}

/// A box on such a map, in degrees: west <= east, and both may lie beyond 180.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// West edge.
    pub west: f64,
    /// South edge.
    pub south: f64,
    /// East edge.
    pub east: f64,
    /// North edge.
    pub north: f64,
}

impl Frame {
    /// The frame of a map of `area`.
    pub fn of(area: Option<&Bounds>) -> Self {
        Self { middle: area.map_or(0.0, |area| area.centre().lng()) }
    }

    /// The longitude on this map of the meridian `lng`, degrees.
    pub fn longitude(self, lng: f64) -> f64 {
        lng + TURN * ((self.middle - lng) / TURN).round()
    }

    /// Where the corners of an area lie on this map, longitude before latitude.
    pub fn ring(self, area: &Polygon) -> Vec<[f64; 2]> {
        let corners = area.corners();
        let (west, east) = corners
            .iter()
            .fold((f64::MAX, f64::MIN), |(west, east), [lng, _]| (west.min(*lng), east.max(*lng)));
        let middle = (west + east) / 2.0;
        let shift = self.longitude(middle) - middle;
        corners.iter().map(|[lng, lat]| [lng + shift, *lat]).collect()
    }

    /// Where `bounds` lie on this map.
    pub fn extent(self, bounds: &Bounds) -> Extent {
        let centre = bounds.west() + bounds.width() / 2.0;
        let shift = self.longitude(centre) - centre;
        Extent {
            west: bounds.west() + shift,
            south: bounds.south(),
            east: bounds.west() + bounds.width() + shift,
            north: bounds.north(),
        }
    }
}

/// The longitude from -180 to 180 of a meridian that may be given beyond, degrees.
pub fn wrapped(lng: f64) -> f64 {
    if (-180.0..=180.0).contains(&lng) { lng } else { (lng + 180.0).rem_euclid(TURN) - 180.0 }
}

impl Extent {
    /// The smallest box that holds both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            west: self.west.min(other.west),
            south: self.south.min(other.south),
            east: self.east.max(other.east),
            north: self.north.max(other.north),
        }
    }

    /// Whether the two boxes share at least a point.
    pub fn intersects(self, other: Self) -> bool {
        self.west <= other.east
            && other.west <= self.east
            && self.south <= other.north
            && other.south <= self.north
    }

    /// The same box with longitudes from -180 to 180; none if it is none on Earth.
    pub fn bounds(self) -> Option<Bounds> {
        let (south, north) = (self.south.max(-90.0), self.north.min(90.0));
        if self.east - self.west >= TURN {
            return Bounds::new(-180.0, south, 180.0, north).ok();
        }
        Bounds::new(wrapped(self.west), south, wrapped(self.east), north).ok()
    }

    /// Whether it is a mere position.
    pub fn is_point(self) -> bool {
        self.west == self.east && self.south == self.north
    }

    /// Longitude and latitude of the middle.
    pub fn centre(self) -> (f64, f64) {
        ((self.west + self.east) / 2.0, (self.south + self.north) / 2.0)
    }

    /// Where a view of `(width, height)` pixels may look at a zoom: on each side half the size more and half the view, room to
    /// bring any place to its middle; once around the Earth at most.
    #[must_use]
    pub fn widened(self, zoom: f64, view: (f64, f64)) -> Self {
        let (width, height) = (self.east - self.west, self.north - self.south);
        let (half_width, half_height) =
            (view.0 / 2.0 / world_pixels(zoom), view.1 / 2.0 / world_pixels(zoom));
        let across =
            (width / 2.0).max(half_width * TURN).max(LEAST_ROOM).min(((TURN - width) / 2.0).max(0.0));
        let along = (height / 2.0).max(LEAST_ROOM);
        let (south, north) = (mercator(self.south) - half_height, mercator(self.north) + half_height);
        Self {
            west: self.west - across,
            south: (self.south - along).min(latitude(south)).max(-MERCATOR_LATITUDE),
            east: self.east + across,
            north: (self.north + along).max(latitude(north)).min(MERCATOR_LATITUDE),
        }
    }

    /// The map zoom (256 pixels around the Earth at zoom 0) at which it just fits into a square of `pixels`; infinite for
    /// a mere position.
    pub fn zoom_to_fit(self, pixels: f64) -> f64 {
        let share = ((self.east - self.west) / TURN).max(mercator(self.north) - mercator(self.south));
        (pixels / WORLD_PIXELS / share).log2()
    }
}

/// Edge of the map of the whole Earth at a zoom, pixels.
pub fn world_pixels(zoom: f64) -> f64 {
    WORLD_PIXELS * zoom.exp2()
}

/// How far north of the Web Mercator map's lower edge a latitude lies, 0 to 1.
pub fn mercator(lat: f64) -> f64 {
    let lat = lat.clamp(-MERCATOR_LATITUDE, MERCATOR_LATITUDE).to_radians();
    0.5 + lat.tan().asinh() / std::f64::consts::TAU
}

/// The latitude, degrees, that lies so far north.
pub fn latitude(mercator: f64) -> f64 {
    ((mercator - 0.5) * std::f64::consts::TAU).sinh().atan().to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latitudes_survive_the_projection() {
        for lat in [-85.0, -38.75, 0.0, 38.8, 85.0] {
            assert!((latitude(mercator(lat)) - lat).abs() < 1e-9, "{lat}");
        }
    }

    fn bounds(west: f64, south: f64, east: f64, north: f64) -> Bounds {
        Bounds::new(west, south, east, north).expect("in range")
    }

    #[test]
    fn an_area_across_the_antimeridian_is_laid_out_in_one_piece() {
        let area = bounds(179.0, -18.0, -178.0, -16.0);
        let frame = Frame::of(Some(&area));
        let laid_out = frame.extent(&area);
        assert!(laid_out.west < laid_out.east, "{laid_out:?}");
        assert_eq!(laid_out.east - laid_out.west, 3.0);
        let (west_side, east_side) = (
            frame.extent(&bounds(179.1, -17.0, 179.2, -16.9)),
            frame.extent(&bounds(-178.2, -17.0, -178.1, -16.9)),
        );
        let both = west_side.union(east_side);
        assert!(both.east - both.west < 3.0, "hits on both sides are near each other: {both:?}");
        assert!(both.intersects(laid_out) && laid_out.union(both) == laid_out);
    }

    #[test]
    fn hits_at_both_ends_of_a_map_of_the_world_stay_at_its_ends() {
        let frame = Frame::of(Some(&bounds(-180.0, -60.0, 180.0, 70.0)));
        let hits = frame
            .extent(&bounds(-179.0, 0.0, -178.0, 1.0))
            .union(frame.extent(&bounds(178.0, 0.0, 179.0, 1.0)));
        assert_eq!((hits.west, hits.east), (-179.0, 179.0));
    }

    #[test]
    fn an_area_elsewhere_keeps_its_degrees() {
        let area = bounds(-77.5, 38.5, -77.0, 39.0);
        let extent = Frame::of(Some(&area)).extent(&area);
        assert_eq!((extent.west, extent.east), (-77.5, -77.0));
    }

    #[test]
    fn any_place_of_an_area_can_be_brought_to_the_middle_of_the_map_at_any_zoom() {
        let area = bounds(-77.5, 38.5, -77.0, 39.0);
        let extent = Frame::of(Some(&area)).extent(&area);
        let near = extent.widened(17.0, (1000.0, 800.0));
        assert_eq!((near.west, near.south, near.east, near.north), (-77.75, 38.25, -76.75, 39.25));
        // The view is several times as large as the area: 2.7 degrees wide.
        let far = extent.widened(9.0, (1000.0, 800.0));
        let half = 500.0 / world_pixels(9.0);
        assert!(
            (far.west - (-77.5 - half * TURN)).abs() < 1e-9
                && (far.east - (-77.0 + half * TURN)).abs() < 1e-9
        );
        let above = mercator(far.north) - mercator(39.0);
        let below = mercator(38.5) - mercator(far.south);
        assert!((above - 400.0 / world_pixels(9.0)).abs() < 1e-9 && (above - below).abs() < 1e-9);
    }

    #[test]
    fn a_widened_box_goes_around_the_earth_once_at_most_and_a_point_gets_room() {
        let world = Frame::of(None).extent(&bounds(-180.0, -90.0, 180.0, 90.0)).widened(2.0, (1000.0, 800.0));
        assert_eq!((world.west, world.east), (-180.0, 180.0));
        assert!(world.north < 86.0 && world.south > -86.0);
        let point = Frame::of(None).extent(&bounds(10.0, 50.0, 10.0, 50.0));
        assert!(point.is_point() && !point.widened(20.0, (1.0, 1.0)).is_point());
        assert_eq!(point.zoom_to_fit(256.0), f64::INFINITY);
    }

    #[test]
    fn a_tile_fits_into_its_pixels_at_its_own_zoom() {
        for text in ["17/37487/50141", "3/7/0", "0/0/0"] {
            let tile: clip_rs_catalog::TileId = text.parse().expect("a tile");
            let zoom = Frame::of(None).extent(&tile.bounds()).zoom_to_fit(256.0);
            assert!((zoom - f64::from(tile.z())).abs() < 1e-3, "{text}: {zoom}");
        }
    }

    #[test]
    fn what_a_map_shows_is_a_box_on_earth() {
        let shown = |west, east| Extent { west, south: -95.0, east, north: 10.0 }.bounds();
        assert_eq!(shown(-77.5, -77.0), Some(bounds(-77.5, -90.0, -77.0, 10.0)));
        assert_eq!(shown(179.0, 182.0), Some(bounds(179.0, -90.0, -178.0, 10.0)));
        assert_eq!(shown(-200.0, 200.0), Some(bounds(-180.0, -90.0, 180.0, 10.0)));
        assert_eq!(shown(f64::NAN, 1.0), None);
    }

    #[test]
    fn longitudes_in_links_stay_within_180_degrees() {
        for (lng, expected) in
            [(181.0, -179.0), (-181.0, 179.0), (180.0, 180.0), (-180.0, -180.0), (541.0, -179.0)]
        {
            assert_eq!(wrapped(lng), expected);
        }
        let frame = Frame::of(Some(&bounds(179.0, 0.0, -178.0, 1.0)));
        assert!((frame.longitude(-179.0) - frame.longitude(179.9)).abs() < 2.0, "they are near each other");
    }
}
