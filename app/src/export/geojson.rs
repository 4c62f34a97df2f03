//! Features of GeoJSON (RFC 7946), and the geometry of a footprint that results and marks share.

use clip_rs_catalog::Bounds;
use serde_json::{Map, Value, json};

use super::{Cell, rounded, texts};
use crate::protocol::Hit;

/// Hits as a collection of features.
pub fn write(hits: &[Hit]) -> String {
    let features: Vec<Value> = (1..)
        .zip(hits)
        .map(|(rank, hit)| {
            let mut properties = Map::new();
            properties.insert("rank".into(), json!(rank));
            properties.insert("mark".into(), json!(rounded(hit.similarity)));
            for (name, text) in texts(hit) {
                properties.insert(name.into(), json!(text));
            }
            properties.insert("address_m".into(), json!(hit.address_m));
            feature(&hit.id, hit.footprint, properties)
        })
        .collect();
    collection(features)
}

/// Cells of a layer as a collection of features.
pub fn write_cells(cells: &[Cell]) -> String {
    let feature = |cell: &Cell| {
        let properties = json!({ "mark": rounded(cell.mark) });
        json!({ "type": "Feature", "geometry": geometry(Some(cell.bounds)), "properties": properties })
    };
    collection(cells.iter().map(feature).collect())
}

/// The text of a file of these features.
pub fn collection(features: Vec<Value>) -> String {
    json!({ "type": "FeatureCollection", "features": features }).to_string()
}

/// An item as a feature.
pub fn feature(id: &str, footprint: Option<Bounds>, properties: Map<String, Value>) -> Value {
    json!({ "type": "Feature", "id": id, "geometry": geometry(footprint), "properties": properties })
}

/// A polygon, cut in two where it crosses the antimeridian (RFC 7946, section 3.1.9); a point where there is no extent; null
/// where the place is not known.
fn geometry(footprint: Option<Bounds>) -> Value {
    let Some(bounds) = footprint else { return Value::Null };
    let (west, south, east, north) = (bounds.west(), bounds.south(), bounds.east(), bounds.north());
    if west == east && south == north {
        return json!({ "type": "Point", "coordinates": [west, south] });
    }
    // Counter-clockwise, as the right-hand rule asks.
    let ring = |west: f64, east: f64| {
        json!([[[west, south], [east, south], [east, north], [west, north], [west, south]]])
    };
    if bounds.crosses_antimeridian() {
        return json!({ "type": "MultiPolygon", "coordinates": [ring(west, 180.0), ring(-180.0, east)] });
    }
    json!({ "type": "Polygon", "coordinates": ring(west, east) })
}

#[cfg(test)]
mod tests {
    use super::super::examples::hits;
    use super::*;

    #[test]
    fn hits_are_features_with_their_footprints() {
        let read: Value = serde_json::from_str(&write(&hits())).expect("JSON");
        assert_eq!(read["type"], "FeatureCollection");
        let features = read["features"].as_array().expect("features");
        assert_eq!(features[0]["id"], "17/1/2");
        assert_eq!(features[0]["properties"]["mark"], 0.912);
        assert_eq!((&features[3]["properties"]["rank"], &features[3]["geometry"]), (&json!(4), &Value::Null));
        let ring = json!([[[-77.5, 38.5], [-77.25, 38.5], [-77.25, 38.75], [-77.5, 38.75], [-77.5, 38.5]]]);
        assert_eq!(features[0]["geometry"], json!({ "type": "Polygon", "coordinates": ring }));
        assert_eq!(features[1]["geometry"]["type"], "MultiPolygon");
        assert_eq!(features[1]["geometry"]["coordinates"][0][0][1][0], 180.0);
        assert_eq!(features[2]["geometry"], json!({ "type": "Point", "coordinates": [10.0, 50.0] }));
    }
}
