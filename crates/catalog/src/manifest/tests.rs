//! What `catalog.json` promises: it survives a round trip, and no damage to it goes unnoticed.

use super::*;
use crate::{ImageKind, TileId};

fn manifest() -> Manifest {
    let files = ["model", "text", "image", "vocabulary", "index", "items", "details", "listing", "listing-2"];
    let files: Vec<_> = files.iter().map(|stem| FileRef::of(stem.as_bytes(), stem, "bin")).collect();
    let name = |i: usize| files[i].name.clone();
    let page = |first: &str, i| Page { first: first.into(), file: name(i) };
    Manifest {
        format: 2,
        id: "sample-7".into(),
        title: "Sample county".into(),
        attribution: "CLIP-RS".into(),
        licence: "CC0".into(),
        synthetic: true,
        bounds: Bounds::new(179.5, 38.7, -179.5, 38.8).ok(),
        captured: None,
        tiles: Some(TileSet {
            folders: vec!["tiles-0123456789abcdef".into()],
            kinds: vec![ImageKind::Jpeg],
            minzoom: 11,
            maxzoom: 18,
            zoom: 17,
            tile_size: 256,
            count: 7,
            listing: vec![page("11/0/0", 7), page("17/5/5", 8)],
        }),
        pictures: None,
        model: ModelRef {
            name: "rs-small".into(),
            embed_dim: 2,
            config: name(0),
            text: name(1),
            image: name(2),
            tokenizer: name(3),
        },
        shards: vec![Shard {
            count: 3,
            bounds: None,
            centroid: vec![0.5, 0.5],
            index: name(4),
            items: name(5),
            details: vec![name(6)],
            page_rows: 4,
        }],
        cells: None,
        files: files.into(),
        examples: vec!["storage tanks".into()],
        digest: String::new(),
    }
}

/// Changes what the manifest says of its first file.
fn first_file(manifest: &mut Manifest, change: fn(&mut FileRef)) {
    let mut files = Vec::from(manifest.files.clone());
    change(&mut files[0]);
    manifest.files = files.into();
}

#[test]
fn a_manifest_survives_a_round_trip() -> Result<(), CatalogError> {
    let text = manifest().to_json()?;
    let read = Manifest::from_json(text.as_bytes())?;
    assert_eq!(Manifest { digest: String::new(), ..read.clone() }, manifest());
    assert_eq!(read.to_json()?, text, "writing again changes nothing");
    assert_eq!(read.count(), 3);
    Ok(())
}

#[test]
fn a_file_is_found_by_its_name_in_whichever_order_they_are() -> Result<(), CatalogError> {
    let mut manifest = manifest();
    let mut files = Vec::from(manifest.files.clone());
    files.reverse();
    manifest.files = files.clone().into();
    let read = Manifest::from_json(manifest.to_json()?.as_bytes())?;
    assert_eq!(read.files[..], files[..], "the order is kept");
    for file in &files {
        assert_eq!(read.file(&file.name)?, file);
    }
    let error = read.file("items.0123456789abcdef.bin").expect_err("unknown").to_string();
    assert!(error.contains("items.0123456789abcdef.bin"), "{error}");
    Ok(())
}

#[test]
fn a_change_of_any_byte_is_noticed() -> Result<(), CatalogError> {
    let text = manifest().to_json()?.into_bytes();
    for at in 0..text.len() {
        for flip in [0x01, 0x20, 0x80] {
            let mut damaged = text.clone();
            damaged[at] ^= flip;
            let error = Manifest::from_json(&damaged).expect_err(&format!("byte {at} ^ {flip:#x}"));
            assert!(error.to_string().starts_with(MANIFEST_NAME), "byte {at}: {error}");
        }
    }
    Ok(())
}

#[test]
fn a_cut_manifest_is_refused() -> Result<(), CatalogError> {
    let text = manifest().to_json()?.into_bytes();
    for length in 0..text.len() - 1 {
        assert!(Manifest::from_json(&text[..length]).is_err(), "{length} bytes");
    }
    Ok(())
}

#[test]
fn a_manifest_that_does_not_hold_together_is_not_written() {
    let broken: [fn(&mut Manifest); 17] = [
        |m| m.id = "../up".into(),
        |m| m.tiles = None,
        |m| m.shards[0].index = "index.none.bin".into(),
        |m| m.shards[0].centroid.push(0.0),
        |m| m.shards[0].count = 5,
        |m| m.shards[0].page_rows = 0,
        |m| first_file(m, |file| file.name = "../model.json".into()),
        |m| first_file(m, |file| file.name = ".hidden".into()),
        |m| first_file(m, |file| file.name = "model.0123456789abcdef.bin".into()),
        |m| m.files = [&m.files[..], &m.files[..1]].concat().into(),
        |m| m.model.embed_dim = 0,
        |m| m.tiles.iter_mut().for_each(|t| t.folders[0] = "tiles".into()),
        |m| m.tiles.iter_mut().for_each(|t| t.folders[0] = "https://elsewhere/tiles-0123456789abcdef".into()),
        |m| m.tiles.iter_mut().for_each(|t| t.zoom = 19),
        |m| m.tiles.iter_mut().for_each(|t| t.tile_size = 5000),
        |m| m.tiles.iter_mut().for_each(|t| t.listing.reverse()),
        |m| m.tiles.iter_mut().for_each(|t| t.kinds.clear()),
    ];
    for (case, break_it) in broken.iter().enumerate() {
        let mut broken = manifest();
        break_it(&mut broken);
        assert!(broken.to_json().is_err(), "case {case}");
    }
}

#[test]
fn another_format_is_called_that_and_unknown_fields_are_passed_over() -> Result<(), CatalogError> {
    let error = Manifest::from_json(br#"{"format": 1, "id": 7}"#).expect_err("refused").to_string();
    assert_eq!(
        error,
        "catalog.json: written in format 1, but this version reads format 2; make the catalog anew with `clip-rs index`"
    );
    let text = manifest().to_json()?;
    let grown = text.replacen("\"title\"", "\"invented\": {\"later\": [1]},\n  \"title\"", 1);
    let open = grown.replace(&Manifest::from_json(text.as_bytes())?.digest, NO_DIGEST);
    let sealed = open.replace(NO_DIGEST, &Digest::of(open.as_bytes()).to_string());
    assert_eq!(Manifest::from_json(sealed.as_bytes())?.title, "Sample county");
    Ok(())
}

#[test]
fn pages_are_found_by_what_they_begin_with() -> Result<(), CatalogError> {
    let manifest = manifest();
    let tiles = manifest.tiles.as_ref().expect("tiles");
    let page =
        |z, x, y| Ok::<_, CatalogError>(tiles.page_of(TileId::new(z, x, y)?).map(|page| page.first.clone()));
    assert_eq!(page(10, 0, 0)?, None);
    assert_eq!(page(11, 0, 0)?.as_deref(), Some("11/0/0"));
    assert_eq!(page(17, 0, 0)?.as_deref(), Some("11/0/0"));
    assert_eq!(page(18, 0, 0)?.as_deref(), Some("17/5/5"));
    let shard = &manifest.shards[0];
    assert_eq!(shard.page_of(2), Some((shard.details[0].as_str(), 2)));
    assert_eq!(shard.page_of(3), None);
    Ok(())
}

#[test]
fn a_file_is_checked_by_length_and_content() {
    let file = FileRef::of(b"tile", "tile", "jpg");
    assert_eq!(file.check(b"tile"), Ok(()));
    let short = file.check(b"til").map_err(|e| e.to_string());
    assert_eq!(short, Err(format!("{}: 3 bytes long, expected 4", file.name)));
    assert!(matches!(file.check(b"tilf"), Err(CatalogError::File { fault: Fault::Digest { .. }, .. })));
}

#[test]
fn what_is_no_manifest_at_all_is_called_so_and_not_damaged() {
    let found = |text: &str| match Manifest::from_json(text.as_bytes()) {
        Err(CatalogError::File { fault: Fault::Foreign { found }, .. }) => Some(found),
        _ => None,
    };
    assert_eq!(found(" \n<!DOCTYPE html><html></html>"), Some("a web page"));
    for text in ["", "404", "[]", "\"no\""] {
        assert_eq!(found(text), Some("no JSON object"), "{text:?}");
    }
    assert_eq!(found("{\"format\": 2"), None, "half of one is a damaged one");
}

#[test]
fn days_of_capture_may_be_left_out_and_are_in_order() -> Result<(), CatalogError> {
    assert!(!manifest().to_json()?.contains("captured"), "as before they were known");
    let days = |first: &str, last: &str| -> Result<Manifest, CatalogError> {
        Ok(Manifest { captured: Some([first.parse()?, last.parse()?]), ..manifest() })
    };
    let dated = days("2019-05-01", "2019-05-03")?;
    assert_eq!(Manifest::from_json(dated.to_json()?.as_bytes())?.captured, dated.captured);
    assert!(days("2019-05-03", "2019-05-01")?.to_json().is_err());
    Ok(())
}
