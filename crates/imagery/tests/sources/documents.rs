//! Documents that name imagery: TileJSON, WMTS capabilities, STAC.

use std::path::Path;

use clip_rs_imagery::{Kind, Wanted, open};
use tiff::encoder::colortype::RGB8;

use crate::rasters::{on_grid, ramp, write};
use crate::suite::{check, names, says};
use crate::write::{file, folder, jpeg, wanted};

fn refusal(kind: Kind, path: &Path) -> String {
    open(&wanted(kind, path)).err().expect("a refusal").to_string()
}

#[test]
fn tilejson_names_local_tiles_by_any_template() {
    let root = folder();
    for (z, x, y) in [(3, 1, 2), (3, 1, 3), (2, 0, 1)] {
        file(root.path(), &format!("imagery/z{z}/{y}_{x}.jpg"), &jpeg());
    }
    file(root.path(), "imagery/z3/legend.jpg", &jpeg());
    let text = r#"{"tilejson": "3.0.0", "name": "Oak", "attribution": "us", "tiles": ["./imagery/z{z}/{y}_{x}.jpg?v=1"]}"#;
    let path = file(root.path(), "a.json", text.as_bytes());
    let source = check(&wanted(Kind::Tiles, &path));
    assert_eq!(names(source.as_ref()), ["3/1/2", "3/1/3", "2/0/1"]);
    assert_eq!(source.inventory().about.title.as_deref(), Some("Oak"));
    assert_eq!(source.inventory().skipped[0].subject, "imagery/z3/legend.jpg");
    file(root.path(), "a.json", text.replace("\"name\"", "\"scheme\": \"tms\", \"name\"").as_bytes());
    assert_eq!(names(check(&wanted(Kind::Tiles, &path)).as_ref()), ["3/1/4", "3/1/5", "2/0/2"]);
    file(root.path(), "a.json", text.replace("./", "https://tiles.example/").as_bytes());
    assert!(refusal(Kind::Tiles, &path).contains("download them first"));
    file(root.path(), "a.json", text.replace("{x}", "1").as_bytes());
    assert!(refusal(Kind::Tiles, &path).contains("has not zoom, column and row once each"));
}

fn capabilities(corner: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><Capabilities xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1">
        <Contents><Layer><ows:Title>Ortho 2020</ows:Title><ows:Identifier>ortho</ows:Identifier>
        <Style><ows:Identifier>default</ows:Identifier></Style>
        <TileMatrixSetLink><TileMatrixSet>GoogleMapsCompatible</TileMatrixSet></TileMatrixSetLink>
        <ResourceURL format="image/jpeg" resourceType="tile" template="ortho/{{Style}}/{{TileMatrixSet}}/{{TileMatrix}}/{{TileRow}}/{{TileCol}}.jpg"/></Layer>
        <TileMatrixSet><ows:Identifier>GoogleMapsCompatible</ows:Identifier>
        <TileMatrix><ows:Identifier>L00</ows:Identifier><ScaleDenominator>559082264.029</ScaleDenominator>
        <TopLeftCorner>{corner}</TopLeftCorner><TileWidth>256</TileWidth></TileMatrix>
        <TileMatrix><ows:Identifier>L03</ows:Identifier><ScaleDenominator>69885283.0036</ScaleDenominator>
        <TopLeftCorner>{corner}</TopLeftCorner><TileWidth>256</TileWidth></TileMatrix>
        </TileMatrixSet></Contents></Capabilities>"#
    )
}

#[test]
fn wmts_capabilities_name_tiles_row_before_column_and_zooms_by_name() {
    let root = folder();
    file(root.path(), "ortho/default/GoogleMapsCompatible/L03/2/1.jpg", &jpeg());
    let path = file(root.path(), "wmts.xml", capabilities("-20037508.3428 20037508.3428").as_bytes());
    let source = check(&wanted(Kind::Tiles, &path));
    assert_eq!(names(source.as_ref()), ["3/1/2"]);
    assert_eq!(source.inventory().about.title.as_deref(), Some("Ortho 2020"));
    file(root.path(), "wmts.xml", capabilities("420000 350000").as_bytes());
    assert!(refusal(Kind::Tiles, &path).contains("Web Mercator"));
}

#[test]
fn a_stac_collection_leads_to_rasters_and_their_dates() {
    let root = folder();
    write::<RGB8>(&root.path().join("a.tif"), &on_grid(17, 37488, 50142), 256, &ramp(256, 256), None);
    let collection = r#"{"type": "Collection", "stac_version": "1.0.0", "id": "ortho", "title": "Ortho", "license": "CC0-1.0",
        "links": [{"rel": "self", "href": "./collection.json"}, {"rel": "item", "href": "./items/a.json"},
                  {"rel": "item", "href": "./items/gone.json"}, {"rel": "child", "href": "collection.json"}]}"#;
    let path = file(root.path(), "collection.json", collection.as_bytes());
    let item = r#"{"type": "Feature", "stac_version": "1.0.0", "id": "a", "bbox": [-77.1, 38.8, -77.0, 38.9],
        "properties": {"datetime": "2020-06-01T10:00:00Z"}, "links": [],
        "assets": {"thumb": {"href": "../t.jpg", "roles": ["thumbnail"]}, "cog": {"href": "../a.tif", "roles": ["visual"]}}}"#;
    file(root.path(), "items/a.json", item.as_bytes());
    file(root.path(), "t.jpg", &jpeg());
    let source = check(&wanted(Kind::Tiles, &path));
    assert_eq!(names(source.as_ref()), ["17/37488/50142"]);
    let captured = source.inventory().entries[0].captured.map(|date| date.to_string());
    assert_eq!(captured.as_deref(), Some("2020-06-01"));
    assert_eq!(source.inventory().about.licence.as_deref(), Some("CC0-1.0"));
    assert_eq!(
        source.inventory().skipped.len(),
        1,
        "the item that is gone: {:?}",
        source.inventory().skipped
    );
    assert!(says(source.as_ref(), "tiles are made at zoom 17"));
    // The same items as pictures: their small ones.
    let pictures = check(&wanted(Kind::Pictures, &path));
    let entry = &pictures.inventory().entries[0];
    assert!(entry.id.to_string().ends_with("t.jpg"));
    assert!(entry.footprint.is_some_and(|footprint| (footprint.west() + 77.1).abs() < 1e-9));
}

#[test]
fn a_list_of_stac_items_keeps_its_pictures_apart_and_says_what_is_elsewhere() {
    let root = folder();
    file(root.path(), "x/p.jpg", &jpeg());
    file(root.path(), "y/p.jpg", &jpeg());
    let item = |id: &str, href: &str| {
        format!(
            r#"{{"type": "Feature", "stac_version": "1.0.0", "id": "{id}", "bbox": [179.9, -1, 0, -179.9, 1, 9],
            "properties": {{"datetime": null, "start_datetime": "2019-01-02T00:00:00Z"}}, "assets": {{"image": {{"href": "{href}"}}}}}}"#
        )
    };
    let items = [
        item("a", "x/p.jpg"),
        item("b", "y/p.jpg"),
        item("c", "https://example.org/p.jpg"),
        item("d", "p.nc"),
    ];
    let text = format!(r#"{{"type": "FeatureCollection", "features": [{}]}}"#, items.join(","));
    let path = file(root.path(), "items.json", text.as_bytes());
    let source = check(&wanted(Kind::Pictures, &path));
    assert_eq!(names(source.as_ref()), ["x/p.jpg", "y/p.jpg"]);
    let entry = &source.inventory().entries[0];
    assert_eq!(entry.captured.map(|date| date.to_string()).as_deref(), Some("2019-01-02"));
    assert!(
        entry.footprint.is_some_and(|footprint| footprint.west() > footprint.east()),
        "across the antimeridian"
    );
    let reasons: Vec<&str> = source.inventory().skipped.iter().map(|s| s.why.as_str()).collect();
    assert_eq!(
        reasons,
        ["https://example.org/p.jpg is an address: download it first", "it has no asset that is a picture"]
    );
    let none = Wanted { ..wanted(Kind::Tiles, &path) };
    assert!(open(&none).err().expect("no rasters").to_string().contains("no asset that is a GeoTIFF"));
}

#[test]
fn a_file_that_is_none_of_these_is_refused_with_what_is_read() {
    let root = folder();
    for (name, text) in
        [("a.json", "{}"), ("b.json", "{"), ("c.xml", "<x/>"), ("d.txt", "hello"), ("e.json", "\u{0}")]
    {
        let path = file(root.path(), name, text.as_bytes());
        assert!(!refusal(Kind::Tiles, &path).is_empty(), "{name}");
    }
    assert!(refusal(Kind::Tiles, &root.path().join("d.txt")).contains("PMTiles, MBTiles, GeoTIFF"));
}
