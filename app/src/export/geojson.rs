//! Features of GeoJSON (RFC 7946).

use clip_rs_catalog::{Bounds, geometry};
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
        json!({ "type": "Feature", "geometry": geometry::geojson(cell.bounds), "properties": properties })
    };
    collection(cells.iter().map(feature).collect())
}

/// The text of a file of these features.
pub fn collection(features: Vec<Value>) -> String {
    json!({ "type": "FeatureCollection", "features": features }).to_string()
}

/// An item as a feature; its geometry is null where the place is not known.
pub fn feature(id: &str, footprint: Option<Bounds>, properties: Map<String, Value>) -> Value {
    json!({ "type": "Feature", "id": id, "geometry": footprint.map(geometry::geojson), "properties": properties })
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
