//! What a file of embeddings says of itself: where its geometry is, and which model made the vectors of what.

use clip_rs_catalog::Bounds;
use serde_json::{Value, json};

use super::Component;
use crate::catalog::Catalog;

/// Where the STAC extension for embeddings is specified, version 0.0.1.
pub(super) const EXTENSION: &str =
    "https://geo-embeddings.github.io/embeddings-stac-specification/v0.0.1/schema.json";

/// The key `geo` of GeoParquet 1.1. Coordinates are longitude and latitude (OGC:CRS84, the default).
pub(super) fn geo(bounds: Option<Bounds>) -> Value {
    let column = |name: &str| json!(["bbox", name]);
    let mut geometry = json!({
        "encoding": "WKB",
        "geometry_types": ["MultiPolygon", "Polygon"],
        "edges": "planar",
        "orientation": "counterclockwise",
        "covering": { "bbox": {
            "xmin": column("xmin"), "ymin": column("ymin"), "xmax": column("xmax"), "ymax": column("ymax"),
        } },
    });
    if let Some(bounds) = bounds {
        geometry["bbox"] = json!(<[f64; 4]>::from(bounds));
    }
    json!({ "version": "1.1.0", "primary_column": "geometry", "columns": { "geometry": geometry } })
}

/// The key `emb`, in the words of the geoembeddings convention
/// (<https://github.com/geo-embeddings/embeddings-zarr-convention>, v1) without its prefix.
pub(super) fn embeddings(catalog: &Catalog, component: Component) -> Value {
    let manifest = &catalog.manifest;
    json!({
        "type": "chip",
        "dimensions": manifest.model.embed_dim,
        "model": model(catalog),
        "source_data": [source(catalog)],
        "data_type": data_type(component),
        "chip_layout": layout(catalog),
        "quantization": quantization(component),
        "column": "embedding",
        "metric": "cosine",
        "build_version": concat!("clip-rs ", env!("CARGO_PKG_VERSION")),
    })
}

/// The model by name and the digest of its image tower, which made the vectors.
pub(super) fn model(catalog: &Catalog) -> String {
    let model = &catalog.manifest.model;
    let digest = catalog.manifest.file(&model.image).map(|file| file.sha256.to_string());
    format!("urn:clip-rs:model:{}:sha256:{}", model.name, digest.unwrap_or_default())
}

/// Whose imagery it is of.
pub(super) fn source(catalog: &Catalog) -> String {
    let manifest = &catalog.manifest;
    let said = [&manifest.attribution, &manifest.title].into_iter().find(|text| !text.is_empty());
    said.cloned().unwrap_or_else(|| manifest.id.clone())
}

/// The common name of a component's type.
pub(super) fn data_type(component: Component) -> &'static str {
    match component {
        Component::Half => "float16",
        Component::Single => "float32",
    }
}

/// How items were cut from the imagery.
pub(super) fn layout(catalog: &Catalog) -> Value {
    match &catalog.manifest.tiles {
        Some(tiles) => json!({
            "layout_type": "regular_grid",
            "chip_size": [tiles.tile_size, tiles.tile_size],
            "grid_id": format!("WebMercatorQuad, zoom {}", tiles.zoom),
        }),
        None => json!({ "layout_type": "irregular", "chip_size": [0, 0] }),
    }
}

/// What the catalog did to the vectors: a code of signed bytes each, which was brought to length 1 again.
pub(super) fn quantization(component: Component) -> Value {
    json!({ "method": "linear", "original_dtype": "float32", "quantized_dtype": "int8", "stored_dtype": data_type(component) })
}
