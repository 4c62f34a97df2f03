//! A static STAC 1.1 catalog (<https://github.com/radiantearth/stac-spec>) of a catalog's embeddings: a collection, and an item
//! for each shard with its GeoParquet file, described by the extension for embeddings. By that extension an item is a
//! partition of the collection; the single places are rows of its file.

use std::path::Path;

use clip_rs_catalog::{Bounds, Date, Shard};
use clip_rs_stage::{StageError, files};
use serde_json::{Value, json};

use super::rows::Rows;
use super::{Component, geoparquet, metadata};
use crate::catalog::Catalog;

const VERSION: &str = "1.1.0";
const PARQUET: &str = "application/vnd.apache.parquet";
/// First and last moment of imagery whose day is not known.
const UNKNOWN: (&str, &str) = ("1900-01-01T00:00:00Z", "2100-01-01T00:00:00Z");

/// Writes collection, items and files into the new folder `out`. The collection is written last.
pub(super) fn write(
    catalog: &Catalog,
    rows: &Rows,
    component: Component,
    out: &Path,
) -> Result<(), StageError> {
    files::make_folder(out)?;
    let manifest = &catalog.manifest;
    let mut links = vec![json!({ "rel": "root", "href": "./collection.json", "type": "application/json" })];
    let mut days: Option<(Date, Date)> = None;
    for (number, shard) in manifest.shards.iter().enumerate() {
        let id = format!("{}-{number}", manifest.id);
        let order = rows.of_shard(number);
        geoparquet::write(catalog, rows, &order, component, &out.join(format!("{id}.parquet")))?;
        let dates: Vec<Date> = order.iter().filter_map(|at| rows.get(*at)?.detail.captured).collect();
        let of_shard = dates.iter().min().copied().zip(dates.iter().max().copied());
        days = match (days, of_shard) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (days, of_shard) => days.or(of_shard),
        };
        let item = item(catalog, &id, shard, of_shard, component);
        write_json(&out.join(format!("{id}.json")), &item)?;
        links.push(json!({ "rel": "item", "href": format!("./{id}.json"), "type": "application/geo+json" }));
    }
    links.push(json!({ "rel": "emb:model", "href": metadata::model(catalog) }));
    links.push(json!({ "rel": "emb:source-data", "href": "#imagery", "title": metadata::source(catalog) }));
    let interval = days.map_or((UNKNOWN.0.to_owned(), UNKNOWN.1.to_owned()), moments);
    let collection = json!({
        "type": "Collection",
        "stac_version": VERSION,
        "stac_extensions": [metadata::EXTENSION],
        "id": manifest.id,
        "title": manifest.title,
        "description": format!(
            "Embeddings of {} places by the model {}, from imagery by {}",
            rows.len(), manifest.model.name, metadata::source(catalog)
        ),
        "license": "other",
        "extent": {
            "spatial": { "bbox": [manifest.bounds.map_or([-180.0, -90.0, 180.0, 90.0], Into::into)] },
            "temporal": { "interval": [[interval.0, interval.1]] },
        },
        "emb:type": "chip",
        "emb:dimensions": manifest.model.embed_dim,
        "data_type": metadata::data_type(component),
        "emb:chip_layout": metadata::layout(catalog),
        "emb:fit_for_use": ["retrieval", "similarity_search"],
        "links": links,
    });
    write_json(&out.join("collection.json"), &collection)
}

fn item(
    catalog: &Catalog,
    id: &str,
    shard: &Shard,
    days: Option<(Date, Date)>,
    component: Component,
) -> Value {
    let (first, last) = days.map_or((UNKNOWN.0.to_owned(), UNKNOWN.1.to_owned()), moments);
    let mut item = json!({
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": [metadata::EXTENSION],
        "id": id,
        "collection": catalog.manifest.id,
        "geometry": shard.bounds.map(geometry),
        "properties": {
            "datetime": null,
            "start_datetime": first,
            "end_datetime": last,
            "data_type": metadata::data_type(component),
            "emb:quantization": metadata::quantization(component),
            "emb:fit_for_use": ["retrieval", "similarity_search"],
        },
        "links": [
            { "rel": "root", "href": "./collection.json", "type": "application/json" },
            { "rel": "parent", "href": "./collection.json", "type": "application/json" },
            { "rel": "collection", "href": "./collection.json", "type": "application/json" },
        ],
        "assets": {
            "embeddings": {
                "href": format!("./{id}.parquet"),
                "type": PARQUET,
                "title": format!("{} embeddings", shard.count),
                "roles": ["data"],
            },
        },
    });
    if let Some(bounds) = shard.bounds {
        item["bbox"] = json!(<[f64; 4]>::from(bounds));
    }
    item
}

/// A box as GeoJSON; across the antimeridian in two parts (RFC 7946, 3.1.9).
pub(super) fn geometry(bounds: Bounds) -> Value {
    let (south, north) = (bounds.south(), bounds.north());
    let ring = |west: f64, east: f64| {
        json!([[[west, south], [east, south], [east, north], [west, north], [west, south]]])
    };
    if bounds.crosses_antimeridian() {
        json!({ "type": "MultiPolygon", "coordinates": [ring(bounds.west(), 180.0), ring(-180.0, bounds.east())] })
    } else {
        json!({ "type": "Polygon", "coordinates": ring(bounds.west(), bounds.east()) })
    }
}

/// The beginning of the first day and the end of the last.
fn moments((first, last): (Date, Date)) -> (String, String) {
    (format!("{first}T00:00:00Z"), format!("{last}T23:59:59Z"))
}

fn write_json(path: &Path, value: &Value) -> Result<(), StageError> {
    let text = serde_json::to_string_pretty(value).map_err(StageError::engine(path.display()))?;
    files::write_durably(path, text.as_bytes())
}
