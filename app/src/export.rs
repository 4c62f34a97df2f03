//! Results as files for other programs: GeoJSON (RFC 7946) and CSV (RFC 4180).

use serde_json::{Map, Value, json};

use crate::protocol::Hit;

/// A kind of file that results are taken away as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Footprints with what is known of them.
    GeoJson,
    /// A table with a position a row.
    Csv,
}

impl Format {
    /// The ending of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::GeoJson => "geojson",
            Self::Csv => "csv",
        }
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::GeoJson => "application/geo+json",
            Self::Csv => "text/csv",
        }
    }

    /// The content of a file of hits, best first.
    pub fn write(self, hits: &[Hit]) -> String {
        match self {
            Self::GeoJson => geojson(hits),
            Self::Csv => csv(hits),
        }
    }
}

fn geojson(hits: &[Hit]) -> String {
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
            json!({ "type": "Feature", "id": hit.id, "geometry": geometry(hit), "properties": properties })
        })
        .collect();
    json!({ "type": "FeatureCollection", "features": features }).to_string()
}

/// A polygon, cut in two where it crosses the antimeridian (RFC 7946, section 3.1.9); a point where there is no extent; null
/// where the place is not known.
fn geometry(hit: &Hit) -> Value {
    let Some(bounds) = hit.footprint else { return Value::Null };
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

/// What is known of a hit in words; the names are those of the command line's JSON.
fn texts(hit: &Hit) -> [(&'static str, Option<&str>); 4] {
    [
        ("place", hit.place.as_deref()),
        ("address", hit.address.as_deref()),
        ("captured", hit.captured.as_deref()),
        ("source", hit.source.as_deref()),
    ]
}

fn csv(hits: &[Hit]) -> String {
    let mut rows = vec!["rank,id,longitude,latitude,mark,place,address,captured,source".to_owned()];
    for (rank, hit) in (1..).zip(hits) {
        let centre = hit.footprint.map(|footprint| footprint.centre());
        let degrees = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.6}"));
        let mut cells = vec![
            format!("{rank}"),
            quoted(&hit.id),
            degrees(centre.map(|at| at.lng())),
            degrees(centre.map(|at| at.lat())),
            format!("{}", rounded(hit.similarity)),
        ];
        cells.extend(texts(hit).map(|(_, text)| quoted(text.unwrap_or_default())));
        rows.push(cells.join(","));
    }
    rows.push(String::new());
    rows.join("\r\n")
}

/// A cell of a table: in quotes where it needs them. What a table program would take for a formula is made text.
fn quoted(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// Three decimals say all that a mark means.
fn rounded(mark: f32) -> f64 {
    (f64::from(mark) * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use clip_rs_catalog::Bounds;

    use super::*;

    fn hit(id: &str, footprint: Option<Bounds>) -> Hit {
        Hit {
            id: id.into(),
            similarity: 0.912_34,
            cosine: 0.3,
            footprint,
            place: Some("Leesburg, \"the\" Town".into()),
            address: None,
            address_m: None,
            captured: Some("2020-06-01".into()),
            source: None,
            duplicate_of: None,
            duplicates: 0,
        }
    }

    fn bounds(west: f64, south: f64, east: f64, north: f64) -> Option<Bounds> {
        Bounds::new(west, south, east, north).ok()
    }

    #[test]
    fn hits_are_features_with_their_footprints() {
        let hits = [
            hit("17/1/2", bounds(-77.5, 38.5, -77.25, 38.75)),
            hit("fiji", bounds(179.5, -18.0, -179.5, -17.5)),
            hit("point.jpg", bounds(10.0, 50.0, 10.0, 50.0)),
            hit("nowhere.jpg", None),
        ];
        let read: Value = serde_json::from_str(&Format::GeoJson.write(&hits)).expect("JSON");
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

    #[test]
    fn a_table_quotes_what_needs_it_and_has_no_formulas() {
        let hits = [hit("=1+1", bounds(-77.5, 38.5, -77.25, 38.75)), hit("b.jpg", None)];
        let table = Format::Csv.write(&hits);
        let rows: Vec<&str> = table.split("\r\n").collect();
        assert_eq!(rows[0], "rank,id,longitude,latitude,mark,place,address,captured,source");
        assert_eq!(rows[1], "1,'=1+1,-77.375000,38.625000,0.912,\"Leesburg, \"\"the\"\" Town\",,2020-06-01,");
        assert_eq!(rows[2], "2,b.jpg,,,0.912,\"Leesburg, \"\"the\"\" Town\",,2020-06-01,");
        assert_eq!(rows[3..], [""]);
    }
}
