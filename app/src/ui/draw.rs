//! An outline that a person draws: its corners so far, and when it is done.

use clip_rs_search::Polygon;

use crate::unwrapped::{Extent, wrapped};

/// How to draw without a pointer.
const KEYS: &str = "Arrow keys move the map below the cross, Enter sets a corner there, Escape stops.";

/// What can be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Two opposite corners.
    Rectangle,
    /// Three corners or more.
    Polygon,
}

/// An outline that is being drawn. Corners are longitude and latitude in degrees, as the map lays them out: longitudes may
/// lie beyond 180.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    shape: Shape,
    corners: Vec<[f64; 2]>,
}

impl Drawing {
    /// Nothing drawn yet.
    pub fn new(shape: Shape) -> Self {
        Self { shape, corners: Vec::new() }
    }

    /// What is drawn.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The corners that are set, in order.
    pub fn corners(&self) -> &[[f64; 2]] {
        &self.corners
    }

    /// Sets a corner; `is_here` tells whether another corner is so near that the same place must be meant. Returns the
    /// outline if it is done: with the second corner of a rectangle, and with a place of a polygon's first corner, or of its
    /// last one (a double click sets it and comes back to it).
    pub fn put(&mut self, corner: [f64; 2], is_here: impl Fn([f64; 2]) -> bool) -> Option<Polygon> {
        let first = self.corners.first().copied().is_some_and(&is_here);
        let last = self.corners.last().copied().is_some_and(&is_here);
        if first || last {
            return if self.shape == Shape::Polygon { self.close() } else { None };
        }
        if self.corners.len() < Polygon::MAX_CORNERS {
            self.corners.push(corner);
        }
        match self.shape {
            Shape::Rectangle => self.close(),
            Shape::Polygon => None,
        }
    }

    /// The outline of the corners so far; none if they enclose nothing.
    pub fn close(&self) -> Option<Polygon> {
        match (self.shape, self.corners.as_slice()) {
            (Shape::Rectangle, &[one, other]) => between(one, other).bounds().map(Polygon::from),
            (Shape::Rectangle, _) => None,
            (Shape::Polygon, corners) => Polygon::new(on_earth(corners)).ok(),
        }
    }

    /// Takes the last corner back.
    pub fn take_back(&mut self) {
        self.corners.pop();
    }

    /// What the outline would be if the next corner were at `pointer`.
    pub fn preview(&self, pointer: Option<[f64; 2]>) -> Vec<[f64; 2]> {
        match (self.shape, self.corners.first(), pointer) {
            (Shape::Rectangle, Some(&one), Some(other)) => {
                let Extent { west, south, east, north } = between(one, other);
                vec![[west, south], [east, south], [east, north], [west, north]]
            }
            _ => self.corners.iter().copied().chain(pointer.filter(|_| !self.corners.is_empty())).collect(),
        }
    }

    /// What to do next, for people: with a pointer, and with keys.
    pub fn help(&self) -> [&'static str; 2] {
        match (self.shape, self.corners.len()) {
            (Shape::Rectangle, 0) => ["Drag a rectangle, or click two corners.", KEYS],
            (Shape::Rectangle, _) => [
                "Now the opposite corner.",
                "Enter sets it at the cross, Backspace takes one back, Escape stops.",
            ],
            (Shape::Polygon, 0) => ["Click the corners one by one.", KEYS],
            (Shape::Polygon, 1 | 2) => ["Click the next corner.", "Backspace takes one back, Escape stops."],
            (Shape::Polygon, _) => [
                "Double click, press Enter, or click the first corner to finish.",
                "At the cross Enter twice finishes. Backspace takes a corner back, Escape stops.",
            ],
        }
    }
}

/// The box between two corners.
fn between([x, y]: [f64; 2], [to_x, to_y]: [f64; 2]) -> Extent {
    Extent { west: x.min(to_x), south: y.min(to_y), east: x.max(to_x), north: y.max(to_y) }
}

/// Corners moved by whole turns, so that the middle of their longitudes lies within 180 degrees, and held to the poles.
fn on_earth(corners: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let west = corners.iter().map(|corner| corner[0]).fold(f64::INFINITY, f64::min);
    let east = corners.iter().map(|corner| corner[0]).fold(f64::NEG_INFINITY, f64::max);
    let middle = (west + east) / 2.0;
    let shift = wrapped(middle) - middle;
    corners.iter().map(|[lng, lat]| [lng + shift, lat.clamp(-90.0, 90.0)]).collect()
}

#[cfg(test)]
mod tests {
    use clip_rs_catalog::{Bounds, LngLat};

    use super::*;

    /// Within a thousandth of a degree it is the same place.
    fn near(corner: [f64; 2]) -> impl Fn([f64; 2]) -> bool {
        move |other| (other[0] - corner[0]).abs() < 1e-3 && (other[1] - corner[1]).abs() < 1e-3
    }

    fn put(drawing: &mut Drawing, corner: [f64; 2]) -> Option<Polygon> {
        drawing.put(corner, near(corner))
    }

    #[test]
    fn a_rectangle_is_done_with_the_second_corner_in_any_direction() {
        let expected = Bounds::new(10.0, 50.0, 11.0, 51.0).expect("a box");
        for (one, other) in
            [([10.0, 50.0], [11.0, 51.0]), ([11.0, 50.0], [10.0, 51.0]), ([11.0, 51.0], [10.0, 50.0])]
        {
            let mut drawing = Drawing::new(Shape::Rectangle);
            assert_eq!(put(&mut drawing, one), None);
            assert_eq!(put(&mut drawing, one), None, "a place is no rectangle");
            assert_eq!(drawing.preview(Some(other)).len(), 4);
            let done = put(&mut drawing, other).expect("a rectangle");
            assert_eq!(done.edges(), Some(expected));
        }
    }

    #[test]
    fn a_polygon_is_closed_at_its_first_corner_and_by_a_double_click_but_not_before_the_third() {
        let corners = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]];
        for closing in [corners[0], corners[3]] {
            let mut drawing = Drawing::new(Shape::Polygon);
            for corner in corners {
                assert_eq!(put(&mut drawing, corner), None);
                if drawing.corners().len() < 3 {
                    assert_eq!(put(&mut drawing, corner), None, "the same corner twice is one corner");
                }
            }
            let done = put(&mut drawing, closing).expect("an outline");
            assert_eq!(done.corners(), corners);
        }
    }

    #[test]
    fn a_corner_can_be_taken_back() {
        let mut drawing = Drawing::new(Shape::Polygon);
        for corner in [[0.0, 0.0], [4.0, 0.0], [9.0, 9.0]] {
            put(&mut drawing, corner);
        }
        drawing.take_back();
        assert_eq!(drawing.close(), None, "two corners enclose nothing");
        assert_eq!(drawing.preview(Some([1.0, 1.0])), [[0.0, 0.0], [4.0, 0.0], [1.0, 1.0]]);
        put(&mut drawing, [4.0, 4.0]);
        assert_eq!(drawing.close().expect("an outline").corners(), [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0]]);
        for _ in 0..5 {
            drawing.take_back();
        }
        assert_eq!(drawing, Drawing::new(Shape::Polygon));
    }

    #[test]
    fn outlines_beyond_the_antimeridian_hold_what_lies_there() {
        let at = LngLat::new(-179.5, -17.0).expect("a position");
        // Any of the copies of the world that a map may show.
        for turn in [-720.0, -360.0, 0.0, 360.0, 720.0] {
            let mut polygon = Drawing::new(Shape::Polygon);
            for corner in [[179.0, -18.0], [182.0, -18.0], [182.0, -16.0], [179.0, -16.0]] {
                put(&mut polygon, [corner[0] + turn, corner[1]]);
            }
            let mut rectangle = Drawing::new(Shape::Rectangle);
            put(&mut rectangle, [179.0 + turn, -18.0]);
            let rectangle = put(&mut rectangle, [182.0 + turn, -16.0]);
            for outline in [polygon.close(), rectangle] {
                assert!(outline.expect("an outline").contains(at), "turned by {turn}");
            }
        }
    }

    #[test]
    fn a_map_of_several_worlds_gives_no_outline_beyond_the_poles_or_around_twice() {
        let mut rectangle = Drawing::new(Shape::Rectangle);
        put(&mut rectangle, [-500.0, -95.0]);
        let world = put(&mut rectangle, [500.0, 95.0]).expect("the whole Earth");
        assert_eq!(world.edges(), Bounds::new(-180.0, -90.0, 180.0, 90.0).ok());
        let mut polygon = Drawing::new(Shape::Polygon);
        for corner in [[-800.0, -95.0], [800.0, -95.0], [0.0, 95.0]] {
            put(&mut polygon, corner);
        }
        assert_eq!(polygon.close(), None);
    }

    #[test]
    fn what_is_no_number_is_no_outline() {
        let mut polygon = Drawing::new(Shape::Polygon);
        for corner in [[0.0, 0.0], [f64::NAN, 1.0], [1.0, 1.0]] {
            put(&mut polygon, corner);
        }
        assert_eq!(polygon.close(), None);
    }
}
