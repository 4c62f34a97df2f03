//! What the items file promises: round trips of squares and pictures, bounded memory, and no panic on any bytes.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

fn squares() -> Result<Items, CatalogError> {
    let mut builder = ItemsBuilder::default();
    for (x, y, span) in [(37_500, 50_100, 1), (37_501, 50_100, 2), (37_500, 50_101, 1), (131_071, 0, 3)] {
        let square = TileSquare::new(TileId::new(17, x, y)?, span)?;
        builder.push(&ItemId::Tiles(square), None)?;
    }
    builder.push(&ItemId::from(TileId::new(18, 7, 9)?), None)?;
    builder.mark_duplicate(2, 0)?;
    builder.set_offset(1, 0.25)?;
    builder.set_offset(3, -0.5)?;
    Ok(builder.build())
}

fn pictures(crops: bool) -> Result<Items, CatalogError> {
    let mut builder = ItemsBuilder::default();
    builder.push(&ItemId::picture("airport 1.jpg"), None)?;
    let at = LngLat::new(-77.123_456_7, 38.765_432_1)?;
    builder.push(&ItemId::picture("été/plage.png"), Some(at.into()))?;
    builder.push(&ItemId::picture("fiji.png"), Some(Bounds::new(179.5, -18.0, -179.75, -17.0)?))?;
    if crops {
        let crop = Some(Crop { x: 0, y: 128, side: 256 });
        builder.push(&ItemId::Picture { name: "fiji.png".into(), crop }, None)?;
    }
    Ok(builder.build())
}

#[test]
fn squares_and_pictures_survive_a_round_trip() -> Result<(), CatalogError> {
    for items in [squares()?, pictures(false)?, pictures(true)?, Items::default()] {
        assert_eq!(Items::from_bytes(&items.to_bytes()?)?, items);
    }
    Ok(())
}

#[test]
fn offsets_are_kept_to_a_part_in_32768_and_are_0_where_nothing_else_is_said() -> Result<(), CatalogError> {
    let items = Items::from_bytes(&squares()?.to_bytes()?)?;
    assert_eq!([0, 1, 2, 3, 4, 99].map(|ordinal| items.offset(ordinal)), [0.0, 0.25, 0.0, -0.5, 0.0, 0.0]);
    let plain = Items::from_bytes(&pictures(true)?.to_bytes()?)?;
    assert!(items.has_offsets() && !plain.has_offsets());
    let mut builder = ItemsBuilder::default();
    builder.push(&ItemId::picture("a.jpg"), None)?;
    for (ordinal, offset) in [(0, 1.01), (0, f32::NAN), (1, 0.0)] {
        assert!(builder.set_offset(ordinal, offset).is_err(), "{offset} of {ordinal}");
    }
    builder.set_offset(0, 1.0)?;
    assert!((builder.build().offset(0) - 1.0).abs() < 1e-4);
    Ok(())
}

#[test]
fn every_item_is_found_by_its_name_and_knows_its_place() -> Result<(), CatalogError> {
    for items in [squares()?, pictures(false)?, pictures(true)?] {
        for (ordinal, id) in items.ids().enumerate() {
            assert_eq!(items.position(&id), Some(ordinal), "{id}");
            assert_eq!(items.position(&id.to_string().parse()?), Some(ordinal), "{id}");
        }
        assert_eq!((items.id(items.len()), items.footprint(items.len())), (None, None));
    }
    let pictures = pictures(true)?;
    assert_eq!(pictures.footprint(0), None);
    assert_eq!(pictures.centre(1), LngLat::new(-77.123_456_7, 38.765_432_1).ok());
    let fiji = Bounds::new(179.5, -18.0, -179.75, -17.0)?;
    assert_eq!(
        (pictures.footprint(2), pictures.footprint(3)),
        (Some(fiji), Some(fiji)),
        "a part lies where its picture does"
    );
    assert_eq!(squares()?.footprint(3).map(|bounds| bounds.crosses_antimeridian()), Some(true));
    Ok(())
}

#[test]
fn duplicates_name_an_earlier_item() -> Result<(), CatalogError> {
    let items = squares()?;
    assert_eq!((items.duplicate_of(2), items.duplicate_of(1), items.duplicate_of(9)), (Some(0), None, None));
    assert!(ItemsBuilder::default().mark_duplicate(1, 0).is_err());
    Ok(())
}

#[test]
fn shards_do_not_mix_kinds_and_names_stay_in_the_folder() -> Result<(), CatalogError> {
    let mut builder = ItemsBuilder::default();
    builder.push(&ItemId::from(TileId::new(17, 1, 1)?), None)?;
    assert!(builder.push(&ItemId::picture("a.jpg"), None).is_err());
    assert!(ItemsBuilder::default().push(&ItemId::picture("../a.jpg"), None).is_err());
    Ok(())
}

#[test]
fn a_picture_may_be_called_like_a_tile() -> Result<(), CatalogError> {
    let mut builder = ItemsBuilder::default();
    builder.push(&ItemId::picture("1/2/3"), None)?;
    assert_eq!(builder.build().position(&"1/2/3".parse()?), Some(0), "no tile, as zoom 1 has no column 2");
    let mut builder = ItemsBuilder::default();
    builder.push(&ItemId::picture("3/2/1"), None)?;
    assert_eq!(builder.build().position(&"3/2/1".parse()?), Some(0));
    Ok(())
}

#[test]
fn damaged_bytes_never_panic() -> Result<(), CatalogError> {
    let seed = 11;
    let mut rng = StdRng::seed_from_u64(seed);
    for bytes in [squares()?.to_bytes()?, pictures(true)?.to_bytes()?] {
        for length in 0..bytes.len() {
            assert!(Items::from_bytes(&bytes[..length]).is_err(), "cut to {length} bytes");
        }
        for _ in 0..20_000 {
            let mut damaged = bytes.clone();
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(0..damaged.len());
                damaged[at] = rng.random();
            }
            if let Ok(items) = Items::from_bytes(&damaged) {
                assert_eq!(items.ids().count(), items.len(), "seed {seed}");
                let _either: Vec<_> = (0..items.len()).map(|ordinal| items.centre(ordinal)).collect();
            }
        }
    }
    Ok(())
}
