//! An area as a host gives it: a polygon of GeoJSON (RFC 7946, <https://www.rfc-editor.org/rfc/rfc7946>), bare or as a feature.
//!
//! Positions are longitude before latitude, WGS 84 degrees; a height after them does not count. The ring's last position is its
//! first again, as the format wants it, or left out. What crosses the antimeridian goes on beyond 180 or -180 degrees.

use clip_rs_search::{Polygon, PolygonError};
use serde::Deserialize;

/// A polygon, bare or as a feature.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type")]
pub enum GeoJson {
    /// The geometry alone.
    Polygon(Rings),
    /// With properties, which do not count.
    Feature {
        /// What is of it on the ground.
        geometry: Geometry,
    },
}

/// The geometry of a feature.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type")]
pub enum Geometry {
    /// The only one that is an area.
    Polygon(Rings),
}

/// The outline, and holes in it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Rings {
    coordinates: Vec<Vec<Vec<f64>>>,
}

/// Why a polygon of GeoJSON is no area to search in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AreaError {
    /// It is not one ring.
    #[error("an area has one ring, without holes; this one has {0}")]
    Rings(usize),
    /// A position has no two or three numbers.
    #[error("a position is a longitude and a latitude; number {0} of the ring is not")]
    Position(usize),
    /// The ring encloses no area on the ground.
    #[error(transparent)]
    Outline(#[from] PolygonError),
}

impl TryFrom<GeoJson> for Polygon {
    type Error = AreaError;

    fn try_from(area: GeoJson) -> Result<Self, AreaError> {
        let (GeoJson::Polygon(Rings { coordinates })
        | GeoJson::Feature { geometry: Geometry::Polygon(Rings { coordinates }) }) = area;
        let [ring] = coordinates.as_slice() else { return Err(AreaError::Rings(coordinates.len())) };
        let position = |(at, numbers): (usize, &Vec<f64>)| match numbers.as_slice() {
            [lng, lat] | [lng, lat, _] => Ok([*lng, *lat]),
            _ => Err(AreaError::Position(at + 1)),
        };
        let mut corners = ring.iter().enumerate().map(position).collect::<Result<Vec<_>, _>>()?;
        if corners.len() > 1 && corners.first() == corners.last() {
            corners.pop();
        }
        Ok(Self::new(corners)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(text: &str) -> Result<Polygon, String> {
        let area: GeoJson = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Polygon::try_from(area).map_err(|error| error.to_string())
    }

    #[test]
    fn a_polygon_is_an_area_with_longitudes_first() {
        let corners = [[-77.5, 38.5], [-77.0, 38.5], [-77.2, 39.0]];
        for text in [
            r#"{"type":"Polygon","coordinates":[[[-77.5,38.5],[-77.0,38.5],[-77.2,39.0],[-77.5,38.5]]]}"#,
            r#"{"type":"Polygon","coordinates":[[[-77.5,38.5],[-77.0,38.5],[-77.2,39.0]]],"bbox":[0,0,1,1]}"#,
            r#"{"type":"Feature","properties":{"name":"here"},"geometry":
                {"type":"Polygon","coordinates":[[[-77.5,38.5,12],[-77.0,38.5,12],[-77.2,39.0,12],[-77.5,38.5,12]]]}}"#,
        ] {
            assert_eq!(area(text).expect("an area").corners(), corners, "{text}");
        }
    }

    #[test]
    fn a_ring_may_go_on_beyond_the_antimeridian() {
        let text = r#"{"type":"Polygon","coordinates":[[[179,-18],[181,-18],[180,-17],[179,-18]]]}"#;
        assert_eq!(area(text).expect("an area").corners()[1], [181.0, -18.0]);
    }

    #[test]
    fn what_encloses_no_area_is_refused_by_name() {
        for (text, reason) in [
            (r#"{"type":"Polygon","coordinates":[]}"#, "one ring"),
            (
                r#"{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9]],[[1,1],[2,1],[2,2]]]}"#,
                "holes; this one has 2",
            ),
            (r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[0,0]]]}"#, "3 to 1000 corners"),
            (r#"{"type":"Polygon","coordinates":[[[0,0],[1],[1,1]]]}"#, "number 2"),
            (r#"{"type":"Polygon","coordinates":[[[0,0],[1,0,0,0],[1,1]]]}"#, "number 2"),
            (
                r#"{"type":"Polygon","coordinates":[[[38.5,-97.5],[38.5,-97],[39,-97]]]}"#,
                "latitudes from -90",
            ),
            (r#"{"type":"Polygon","coordinates":[[[0,0],[1e999,0],[1,1]]]}"#, "out of range"),
            (r#"{"type":"MultiPolygon","coordinates":[]}"#, "MultiPolygon"),
            (r#"{"type":"Feature","geometry":null}"#, "null"),
            (r#"{"type":"Feature","geometry":{"type":"Point","coordinates":[0,0]}}"#, "Point"),
            (r#"{"type":"Polygon"}"#, "coordinates"),
            ("[0,0,1,1]", "invalid type"),
        ] {
            let error = area(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
