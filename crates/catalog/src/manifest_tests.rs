//! What `catalog.json` promises: it survives a round trip, and no damage to it goes unnoticed.

use super::*;

fn manifest() -> Manifest {
    let files = ["model", "text", "image", "vocabulary", "index", "items", "listing"];
    let files: Vec<_> = files.iter().map(|stem| FileRef::of(stem.as_bytes(), stem, "bin")).collect();
    let name = |i: usize| files[i].name.clone();
    Manifest {
        format: 1,
        id: "sample-7".into(),
        title: "Sample county".into(),
        attribution: "CLIP-RS".into(),
        licence: "CC0".into(),
        synthetic: true,
        bounds: Bounds::new(-77.5, 38.7, -77.4, 38.8).ok(),
        tiles: Some(TileSet {
            url: "tiles-0123456789abcdef/{z}/{x}/{y}.jpg".into(),
            minzoom: 11,
            maxzoom: 17,
            tile_size: 256,
            listing: name(6),
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
        }],
        files,
        examples: vec!["storage tanks".into()],
        digest: String::new(),
    }
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
    let broken: [fn(&mut Manifest); 9] = [
        |m| m.id = "../up".into(),
        |m| m.tiles = None,
        |m| m.shards[0].index = "index.none.bin".into(),
        |m| m.shards[0].centroid.push(0.0),
        |m| m.files[0].name = "../model.json".into(),
        |m| m.files[0].name = ".hidden".into(),
        |m| m.model.embed_dim = 0,
        |m| m.tiles.iter_mut().for_each(|t| t.url = "tiles/{z}/{x}.jpg".into()),
        |m| m.tiles.iter_mut().for_each(|t| t.url = "https://elsewhere/{z}/{x}/{y}.jpg".into()),
    ];
    for (case, break_it) in broken.iter().enumerate() {
        let mut broken = manifest();
        break_it(&mut broken);
        assert!(broken.to_json().is_err(), "case {case}");
    }
}

#[test]
fn a_file_is_checked_by_length_and_content() {
    let file = FileRef::of(b"tile", "tile", "jpg");
    assert_eq!(file.check(b"tile"), Ok(()));
    let short = file.check(b"til").map_err(|e| e.to_string());
    assert_eq!(short, Err(format!("{}: 3 bytes long, expected 4", file.name)));
    assert!(matches!(file.check(b"tilf"), Err(CatalogError::File { fault: Fault::Digest { .. }, .. })));
}
