//! Imagery in one file, or named by a document: each becomes the same map as a folder of its tiles would.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clip_rs_catalog::{Bounds, TileId};
use clip_rs_tests::Artifacts;
use clip_rs_tests::land::{Land, Pyramid, write_geotiff};

use crate::anywhere::{index, land, look};

/// The land's sixteen tiles.
fn tiles(first: TileId) -> Result<Vec<TileId>> {
    let steps = (0..4).flat_map(|column| (0..4).map(move |row| (column, row)));
    steps.map(|(column, row)| first.neighbour(column, row).context("a tile")).collect()
}

/// `write` puts the imagery of a land into a folder and says what `--tiles` is given; then the map is looked at.
fn becomes_a_map(write: impl Fn(&Path, Land, TileId) -> Result<PathBuf>) -> Result<String> {
    let artifacts = Artifacts::from_env()?;
    let folder = tempfile::tempdir()?;
    let (land, first) = land();
    let source = write(folder.path(), land, first)?;
    let out = folder.path().join("catalog");
    let said = index(&artifacts, "--tiles", &source, &out, &[])?;
    look(&artifacts, &out, land, 16).with_context(|| said.clone())?;
    Ok(said)
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn pmtiles_become_a_map() -> Result<()> {
    becomes_a_map(|folder, land, first| {
        let path = folder.join("area.pmtiles");
        Pyramid::of(land).write_pmtiles(&path, &tiles(first)?)?;
        Ok(path)
    })?;
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn mbtiles_of_512_pixels_become_a_map() -> Result<()> {
    becomes_a_map(|folder, land, first| {
        let path = folder.join("area.mbtiles");
        Pyramid { edge: 512, ..Pyramid::of(land) }.write_mbtiles(&path, &tiles(first)?)?;
        Ok(path)
    })?;
    Ok(())
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_tilejson_description_leads_to_its_tiles() -> Result<()> {
    becomes_a_map(|folder, land, first| {
        Pyramid::of(land).write_block(&folder.join("imagery"), first, 4, 4)?;
        let path = folder.join("area.json");
        fs::write(&path, r#"{"tilejson": "3.0.0", "tiles": ["imagery/{z}/{x}/{y}.jpg"]}"#)?;
        Ok(path)
    })?;
    Ok(())
}

/// Capabilities of one layer whose zoom 16 is called `sixteen`, with its row before its column.
const CAPABILITIES: &str = r#"<?xml version="1.0"?>
<Capabilities xmlns="http://www.opengis.net/wmts/1.0" xmlns:ows="http://www.opengis.net/ows/1.1"><Contents>
  <Layer>
    <ows:Title>A land</ows:Title><ows:Identifier>land</ows:Identifier>
    <Style><ows:Identifier>plain</ows:Identifier></Style>
    <TileMatrixSetLink><TileMatrixSet>mercator</TileMatrixSet></TileMatrixSetLink>
    <ResourceURL format="image/jpeg" resourceType="tile"
      template="land/{Style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}.jpg"/>
  </Layer>
  <TileMatrixSet>
    <ows:Identifier>mercator</ows:Identifier>
    <TileMatrix>
      <ows:Identifier>sixteen</ows:Identifier><ScaleDenominator>8530.918335</ScaleDenominator>
      <TopLeftCorner>-20037508.3428 20037508.3428</TopLeftCorner>
      <TileWidth>256</TileWidth><TileHeight>256</TileHeight>
      <MatrixWidth>65536</MatrixWidth><MatrixHeight>65536</MatrixHeight>
    </TileMatrix>
  </TileMatrixSet>
</Contents></Capabilities>
"#;

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn wmts_capabilities_lead_to_their_tiles() -> Result<()> {
    becomes_a_map(|folder, land, first| {
        for tile in tiles(first)? {
            let row = folder.join(format!("land/plain/mercator/sixteen/{}", tile.y()));
            fs::create_dir_all(&row)?;
            Pyramid::of(land).draw(tile).save(row.join(format!("{}.jpg", tile.x())))?;
        }
        let path = folder.join("wmts.xml");
        fs::write(&path, CAPABILITIES)?;
        Ok(path)
    })?;
    Ok(())
}

/// An item whose only asset is the raster `href`.
fn item(id: &str, href: &str, bounds: Bounds) -> String {
    let [west, south, east, north] = [bounds.west(), bounds.south(), bounds.east(), bounds.north()];
    format!(
        r#"{{"type": "Feature", "stac_version": "1.0.0", "id": "{id}", "bbox": [{west}, {south}, {east}, {north}],
        "geometry": {{"type": "Polygon", "coordinates": [[[{west}, {south}], [{east}, {south}], [{east}, {north}],
        [{west}, {north}], [{west}, {south}]]]}},
        "properties": {{"datetime": "2024-05-06T07:08:09Z"}}, "links": [],
        "assets": {{"visual": {{"href": "{href}", "roles": ["data"], "type": "image/tiff; application=geotiff"}}}}}}"#
    )
}

#[test]
#[ignore = "needs what `cargo xtask test` builds"]
fn a_stac_collection_of_two_rasters_becomes_one_map() -> Result<()> {
    let said = becomes_a_map(|folder, land, first| {
        fs::create_dir(folder.join("items"))?;
        let mut links = String::new();
        // A raster of the western half and one of the eastern.
        for (name, column) in [("west", 0), ("east", 2)] {
            let corner = |column, row| first.neighbour(column, row).context("a tile").map(TileId::bounds);
            let bounds = Bounds::around([corner(column, 0)?, corner(column + 1, 3)?]).context("an area")?;
            write_geotiff(&folder.join(format!("{name}.tif")), land, bounds, 512, 1024)?;
            let text = item(name, &format!("../{name}.tif"), bounds);
            fs::write(folder.join(format!("items/{name}.json")), text)?;
            links += &format!(r#"{{"rel": "item", "href": "./items/{name}.json"}},"#);
        }
        let path = folder.join("collection.json");
        let text = format!(
            r#"{{"type": "Collection", "stac_version": "1.0.0", "id": "land", "description": "A land", "license": "CC0-1.0",
            "links": [{}], "extent": {{"spatial": {{"bbox": [[-180, -90, 180, 90]]}}, "temporal": {{"interval": [[null, null]]}}}}}}"#,
            links.trim_end_matches(',')
        );
        fs::write(&path, text)?;
        Ok(path)
    })?;
    assert!(said.contains("zoom 16"), "{said}");
    Ok(())
}
