//! A box as other people's tools have it: GeoJSON, KML, well-known binary. Longitude before latitude.
//!
//! In all of them it is a polygon whose outer ring runs counter-clockwise, two of them where it crosses the antimeridian (as
//! RFC 7946, 3.1.9 asks), and a point where it has no extent.

use serde_json::{Value, json};

use crate::Bounds;

/// What a box is in terms of points.
enum Shape {
    Point([f64; 2]),
    /// Closed rings, one a polygon.
    Polygons(Vec<[[f64; 2]; 5]>),
}

impl Shape {
    fn of(bounds: Bounds) -> Self {
        if bounds.west() == bounds.east() && bounds.south() == bounds.north() {
            return Self::Point([bounds.west(), bounds.south()]);
        }
        let ring = |part: Bounds| {
            let (west, south, east, north) = (part.west(), part.south(), part.east(), part.north());
            [[west, south], [east, south], [east, north], [west, north], [west, south]]
        };
        Self::Polygons(bounds.parts().map(ring).collect())
    }
}

/// A geometry of GeoJSON (RFC 7946).
pub fn geojson(bounds: Bounds) -> Value {
    match Shape::of(bounds) {
        Shape::Point(at) => json!({ "type": "Point", "coordinates": at }),
        Shape::Polygons(rings) => match rings.as_slice() {
            [ring] => json!({ "type": "Polygon", "coordinates": [ring] }),
            several => {
                let polygons: Vec<_> = several.iter().map(|ring| [ring]).collect();
                json!({ "type": "MultiPolygon", "coordinates": polygons })
            }
        },
    }
}

/// A geometry of KML (OGC 12-007r2).
pub fn kml(bounds: Bounds) -> String {
    let polygon = |ring: &[[f64; 2]; 5]| {
        let corners: Vec<String> = ring.iter().map(|[lng, lat]| format!("{lng},{lat}")).collect();
        format!(
            "<Polygon><outerBoundaryIs><LinearRing><coordinates>{}</coordinates></LinearRing></outerBoundaryIs></Polygon>",
            corners.join(" ")
        )
    };
    match Shape::of(bounds) {
        Shape::Point([lng, lat]) => format!("<Point><coordinates>{lng},{lat}</coordinates></Point>"),
        Shape::Polygons(rings) => match rings.as_slice() {
            [ring] => polygon(ring),
            several => {
                let polygons: String = several.iter().map(polygon).collect();
                format!("<MultiGeometry>{polygons}</MultiGeometry>")
            }
        },
    }
}

/// Text as it may stand in an element of KML. What no XML 1.0 document can hold is left out: control characters, but white
/// space becomes a space, and U+FFFE and U+FFFF.
pub fn kml_text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\t' | '\n' | '\r' => safe.push(' '),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => safe.push(c),
        }
    }
    safe
}

/// Well-known binary (OGC 06-103r4, 8.2), little-endian.
pub fn wkb(bounds: Bounds) -> Vec<u8> {
    const LITTLE_ENDIAN: u8 = 1;
    const POINT: u32 = 1;
    const POLYGON: u32 = 3;
    const MULTI_POLYGON: u32 = 6;
    let begun = |numbers: &[u32]| {
        let mut bytes = vec![LITTLE_ENDIAN];
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        bytes
    };
    let polygon = |ring: &[[f64; 2]; 5]| {
        // One ring of five points.
        let mut bytes = begun(&[POLYGON, 1, 5]);
        bytes.extend(ring.iter().flatten().flat_map(|number| number.to_le_bytes()));
        bytes
    };
    match Shape::of(bounds) {
        Shape::Point(at) => {
            let mut bytes = begun(&[POINT]);
            bytes.extend(at.iter().flat_map(|number| number.to_le_bytes()));
            bytes
        }
        Shape::Polygons(rings) => match rings.as_slice() {
            [ring] => polygon(ring),
            several => {
                let mut bytes = begun(&[MULTI_POLYGON, several.len() as u32]);
                bytes.extend(several.iter().flat_map(polygon));
                bytes
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(west: f64, east: f64) -> Bounds {
        Bounds::new(west, -1.0, east, 2.0).expect("a box")
    }

    fn point() -> Bounds {
        Bounds::new(3.0, 2.0, 3.0, 2.0).expect("a box")
    }

    #[test]
    fn a_box_is_a_polygon_and_two_of_them_across_the_antimeridian() {
        let ring = [[3.0, -1.0], [4.0, -1.0], [4.0, 2.0], [3.0, 2.0], [3.0, -1.0]];
        assert_eq!(geojson(bounds(3.0, 4.0)), json!({ "type": "Polygon", "coordinates": [ring] }));
        assert!(kml(bounds(3.0, 4.0)).contains(">3,-1 4,-1 4,2 3,2 3,-1</coordinates>"));
        let one = wkb(bounds(3.0, 4.0));
        assert_eq!(one.len(), 1 + 12 + 80);
        assert_eq!(one[..13], [1, 3, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0]);
        assert_eq!(one[13..21], 3.0_f64.to_le_bytes());

        let over = bounds(179.0, -179.0);
        let both = geojson(over);
        assert_eq!(both["type"], "MultiPolygon");
        assert_eq!(
            (&both["coordinates"][0][0][1][0], &both["coordinates"][1][0][0][0]),
            (&json!(180.0), &json!(-180.0))
        );
        assert!(kml(over).starts_with("<MultiGeometry><Polygon>"));
        let two = wkb(over);
        assert_eq!(two.len(), 9 + 2 * 93);
        assert_eq!(two[..9], [1, 6, 0, 0, 0, 2, 0, 0, 0]);
    }

    #[test]
    fn a_box_without_extent_is_a_point() {
        assert_eq!(geojson(point()), json!({ "type": "Point", "coordinates": [3.0, 2.0] }));
        assert_eq!(kml(point()), "<Point><coordinates>3,2</coordinates></Point>");
        let at = wkb(point());
        assert_eq!((at.len(), &at[..5]), (21, &[1, 1, 0, 0, 0][..]));
    }

    #[test]
    fn text_with_signs_of_xml_is_text() {
        assert_eq!(kml_text("a<b>&\"c\"\u{0}\u{fffe}\td"), "a&lt;b&gt;&amp;&quot;c&quot; d");
    }
}
