//! The areas whose addresses are wanted, which is what bounds the memory for a country's address points.

use clip_rs_catalog::{Bounds, LngLat};
use rstar::primitives::Rectangle;
use rstar::{AABB, RTree};

use crate::sphere::degrees_of_reach;

/// Boxes with a margin, found by position.
pub(super) struct Areas {
    /// In degrees; a box over the antimeridian is two. None means everywhere.
    boxes: Option<RTree<Rectangle<[f64; 2]>>>,
}

impl Areas {
    /// Boxes widened by `margin_m` metres; everywhere if there is none.
    pub(super) fn new(areas: &[Bounds], margin_m: f64) -> Self {
        let boxes = areas.iter().flat_map(|area| widened(area, margin_m)).collect();
        Self { boxes: (!areas.is_empty()).then(|| RTree::bulk_load(boxes)) }
    }

    pub(super) fn contain(&self, at: LngLat) -> bool {
        self.boxes.as_ref().is_none_or(|boxes| boxes.locate_at_point([at.lng(), at.lat()]).is_some())
    }
}

fn widened(area: &Bounds, margin_m: f64) -> Vec<Rectangle<[f64; 2]>> {
    let furthest = if area.north().abs() > area.south().abs() { area.north() } else { area.south() };
    let (lng_margin, lat_margin) = degrees_of_reach(furthest, margin_m);
    let (south, north) = (area.south() - lat_margin, area.north() + lat_margin);
    let rectangle =
        |west: f64, east: f64| Rectangle::from_aabb(AABB::from_corners([west, south], [east, north]));
    let width =
        if area.east() < area.west() { area.east() - area.west() + 360.0 } else { area.east() - area.west() };
    if width + 2.0 * lng_margin >= 360.0 {
        return vec![rectangle(-180.0, 180.0)];
    }
    let (west, east) = (area.west() - lng_margin, area.west() + width + lng_margin);
    // What sticks out over 180 degrees on one side is on the other side, too.
    [-360.0, 0.0, 360.0]
        .into_iter()
        .filter(|turn| east + turn >= -180.0 && west + turn <= 180.0)
        .map(|turn| rectangle(west + turn, east + turn))
        .collect()
}
