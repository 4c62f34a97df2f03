//! What the items file promises: round trips of tiles and pictures, and no panic on any bytes.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

fn tiles() -> Result<Items, CatalogError> {
    let mut builder = ItemsBuilder::default();
    for (x, y) in [(37_500, 50_100), (37_501, 50_100), (37_500, 50_101), (131_071, 0)] {
        let mut item = Item::new(ItemId::Tile(TileId::new(17, x, y)?));
        item.place = (x % 2 == 0).then(|| "Leesburg, Virginia".to_owned());
        item.address = Some(format!("{} Mill Road", x % 100));
        item.captured = Date::new(2024, 2, 29).ok();
        builder.push(item)?;
    }
    Ok(builder.build())
}

fn pictures() -> Result<Items, CatalogError> {
    let mut builder = ItemsBuilder::default();
    builder.push(Item::new(ItemId::Picture("airport 1.jpg".into())))?;
    let at = LngLat::new(-77.123_456_7, 38.765_432_1)?;
    builder
        .push(Item { footprint: Some(at.into()), ..Item::new(ItemId::Picture("été/plage.png".into())) })?;
    Ok(builder.build())
}

#[test]
fn tiles_and_pictures_survive_a_round_trip() -> Result<(), CatalogError> {
    assert_eq!(Items::from_bytes(&tiles()?.to_bytes()?)?, tiles()?);
    assert_eq!(Items::from_bytes(&pictures()?.to_bytes()?)?, pictures()?);
    assert_eq!(Items::from_bytes(&Items::default().to_bytes()?)?, Items::default());
    Ok(())
}

#[test]
fn a_tile_is_found_by_its_name() -> Result<(), CatalogError> {
    let id = ItemId::Tile(TileId::new(17, 37_500, 50_101)?);
    assert_eq!(tiles()?.position(&id), Some(2));
    assert_eq!(tiles()?.position(&ItemId::Picture("x".into())), None);
    Ok(())
}

#[test]
fn shards_do_not_mix_kinds_or_zooms() -> Result<(), CatalogError> {
    let mut builder = ItemsBuilder::default();
    builder.push(Item::new(ItemId::Tile(TileId::new(17, 1, 1)?)))?;
    assert!(builder.push(Item::new(ItemId::Tile(TileId::new(16, 1, 1)?))).is_err());
    assert!(builder.push(Item::new(ItemId::Picture("a.jpg".into()))).is_err());
    assert!(ItemsBuilder::default().push(Item::new(ItemId::Picture("../a.jpg".into()))).is_err());
    Ok(())
}

#[test]
fn dates_off_the_calendar_are_refused() {
    for (year, month, day) in
        [(2023, 2, 29), (1900, 2, 29), (2024, 4, 31), (2024, 13, 1), (0, 1, 1), (2024, 1, 0)]
    {
        assert!(Date::new(year, month, day).is_err(), "{year}-{month}-{day}");
    }
    assert_eq!(Date::new(2000, 2, 29).map(|d| d.to_string()), Ok("2000-02-29".into()));
}

#[test]
fn damaged_bytes_never_panic() -> Result<(), CatalogError> {
    let seed = 11;
    let mut rng = StdRng::seed_from_u64(seed);
    for bytes in [tiles()?.to_bytes()?, pictures()?.to_bytes()?] {
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
                assert!(
                    items.iter().all(|item| item.footprint.is_none() || item.centre().is_some()),
                    "seed {seed}"
                );
            }
        }
    }
    Ok(())
}
