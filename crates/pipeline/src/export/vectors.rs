//! Items as places for maps and tables, without their embeddings: GeoJSON, CSV and KML.

use std::io::{self, Write};
use std::path::Path;

use clip_rs_stage::{StageError, files};
use serde_json::{Value, json};

use super::rows::{Row, Rows};
use super::stac::geometry;
use crate::catalog::Catalog;

/// What is known of an item, in the words of `clip-rs search --json`.
fn properties(row: &Row<'_>) -> Value {
    let detail = row.detail;
    json!({
        "id": row.id,
        "place": detail.place,
        "address": detail.address,
        "address_m": detail.address_m,
        "captured": detail.captured.map(|date| date.to_string()),
        "source": detail.source,
    })
}

/// GeoJSON (RFC 7946): a feature an item; without a position its geometry is null.
pub(super) fn geojson(rows: &Rows, out: &Path) -> Result<(), StageError> {
    let written = files::write_durably_with(out, |file| {
        write!(file, r#"{{"type":"FeatureCollection","features":["#)?;
        for (number, row) in rows.all().filter_map(|at| rows.get(at)).enumerate() {
            let separator = if number == 0 { "\n" } else { ",\n" };
            let feature = json!({
                "type": "Feature",
                "id": row.id,
                "geometry": row.footprint.map(geometry),
                "properties": properties(&row),
            });
            write!(file, "{separator}{feature}")?;
        }
        writeln!(file, "\n]}}")
    });
    written.map(drop)
}

/// CSV (RFC 4180) with the centre, which `clip-rs index --locations` and spreadsheets read, and the edges.
pub(super) fn csv(rows: &Rows, out: &Path) -> Result<(), StageError> {
    let columns = [
        "name",
        "longitude",
        "latitude",
        "west",
        "south",
        "east",
        "north",
        "place",
        "address",
        "address_m",
        "captured",
        "source",
    ];
    let written = files::write_durably_with(out, |file| {
        let mut table = csv::Writer::from_writer(file);
        table.write_record(columns).map_err(io::Error::other)?;
        for row in rows.all().filter_map(|at| rows.get(at)) {
            let degrees = |number: f64| format!("{number:.6}");
            let centre = row.footprint.map(|footprint| footprint.centre());
            let edges = row.footprint.map(<[f64; 4]>::from);
            let edge = |side: usize| edges.map(|edges| degrees(edges[side])).unwrap_or_default();
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let record = [
                row.id.clone(),
                centre.map(|at| degrees(at.lng())).unwrap_or_default(),
                centre.map(|at| degrees(at.lat())).unwrap_or_default(),
                edge(0),
                edge(1),
                edge(2),
                edge(3),
                text(&row.detail.place),
                text(&row.detail.address),
                row.detail
                    .address_m
                    .filter(|_| row.detail.address.is_some())
                    .map(|m| m.to_string())
                    .unwrap_or_default(),
                row.detail.captured.map(|date| date.to_string()).unwrap_or_default(),
                text(&row.detail.source),
            ];
            table.write_record(record).map_err(io::Error::other)?;
        }
        table.flush()
    });
    written.map(drop)
}

/// KML 2.2 (OGC 07-147r2): a placemark an item that has a position.
pub(super) fn kml(catalog: &Catalog, rows: &Rows, out: &Path) -> Result<(), StageError> {
    let written = files::write_durably_with(out, |file| {
        let title = escaped(&catalog.manifest.title);
        writeln!(file, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
        writeln!(file, r#"<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>{title}</name>"#)?;
        for row in rows.all().filter_map(|at| rows.get(at)) {
            let Some(bounds) = row.footprint else { continue };
            // Beyond 180 degrees across the antimeridian, as KML has it.
            let (west, east) = (bounds.west(), bounds.west() + bounds.width());
            let (south, north) = (bounds.south(), bounds.north());
            let said = [&row.detail.address, &row.detail.place].into_iter().flatten().next();
            let said =
                said.map(|text| format!("<description>{}</description>", escaped(text))).unwrap_or_default();
            let when = row.detail.captured.map(|date| format!("<TimeStamp><when>{date}</when></TimeStamp>"));
            writeln!(
                file,
                "<Placemark><name>{}</name>{said}{}<Polygon><outerBoundaryIs><LinearRing><coordinates>\
                 {west},{south} {east},{south} {east},{north} {west},{north} {west},{south}\
                 </coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>",
                escaped(&row.id),
                when.unwrap_or_default(),
            )?;
        }
        writeln!(file, "</Document></kml>")
    });
    written.map(drop)
}

/// Text as XML has it, without what XML 1.0 cannot hold.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other if other.is_control() && !matches!(other, '\n' | '\t') => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_signs_of_xml_are_text() {
        assert_eq!(escaped("a<b>&\"c\" \u{1}d"), "a&lt;b&gt;&amp;&quot;c&quot; d");
    }
}
