//! Windows of tiles that are made here: where each pixel comes from.

use std::collections::HashMap;

use super::*;
use crate::cut::pyramid::Pyramid;
use crate::cut::testing::{Painted, png};
use clip_rs_imagery::Source;
use clip_rs_imagery::decode::Decoder;

/// Red and green say which tile a pixel is of, blue which pixel of 16 x 16 it is.
fn painted(tiles: &[(u8, u32, u32)]) -> Painted {
    let paint = |(z, x, y): (u8, u32, u32)| {
        let tile = TileId::new(z, x, y).expect("a tile");
        let rgb = RgbImage::from_fn(16, 16, |column, row| {
            Rgb([(x * 16) as u8, (y * 16) as u8, (row * 16 + column) as u8])
        });
        (tile, png(&rgb))
    };
    Painted::tiles(tiles.iter().map(|tile| paint(*tile)).collect::<HashMap<_, _>>())
}

fn window(source: &Painted, name: &str) -> Option<(Picture, Digest)> {
    let decoder = Decoder::new(64 << 20);
    let pyramid = Pyramid::new(&source.inventory().entries).expect("tiles");
    let tiles = Tiles::new(source, pyramid, &decoder, 1 << 20);
    let window = Window::new(name.parse().expect("a square"), &tiles, 0);
    Some((window.picture(&tiles, 16)?, window.key()))
}

#[test]
fn a_square_of_tiles_shows_each_where_it_lies() {
    let source = painted(&[(4, 2, 3), (4, 3, 3), (4, 2, 4), (4, 3, 4)]);
    let (picture, _) = window(&source, "4/2/3+2").expect("covered");
    assert_eq!(picture.rgb.dimensions(), (32, 32));
    assert_eq!(picture.rgb.get_pixel(0, 0), &Rgb([32, 48, 0]));
    assert_eq!(picture.rgb.get_pixel(16 + 5, 2), &Rgb([48, 48, 37]));
    assert_eq!(picture.rgb.get_pixel(3, 16 + 15), &Rgb([32, 64, 243]));
    assert!(picture.shown.is_none());
}

#[test]
fn half_a_tile_is_cut_from_the_tile_and_from_its_neighbour() {
    let source = painted(&[(4, 2, 3), (4, 3, 3)]);
    let (picture, _) = window(&source, "5/5/7").expect("covered");
    assert_eq!(picture.rgb.dimensions(), (8, 8));
    assert_eq!(picture.rgb.get_pixel(0, 0), &Rgb([32, 48, 8 * 16 + 8]));
    // Half a tile that begins at three quarters of the first one.
    let (picture, _) = window(&source, "6/11/12+2").expect("covered");
    assert_eq!(picture.rgb.get_pixel(0, 0), &Rgb([32, 48, 12]));
    assert_eq!(picture.rgb.get_pixel(4, 1), &Rgb([48, 48, 16]));
}

#[test]
fn missing_tiles_have_the_mean_colour_and_most_of_a_window_must_be_there() {
    let source = painted(&[(4, 2, 3), (4, 3, 3)]);
    let (picture, _) = window(&source, "4/2/3+2").expect("half covered");
    assert_eq!(picture.rgb.get_pixel(9, 20), &Rgb([40, 48, 128]));
    assert_eq!(picture.shown_share(), 0.5);
    assert!(window(&source, "4/3/3+2").is_none(), "a quarter is covered");
}

#[test]
fn a_window_is_kept_under_what_it_shows() {
    let source = painted(&[(4, 2, 3), (4, 3, 3)]);
    let key = |name: &str| window(&source, name).expect("covered").1;
    let keys = [key("4/2/3+2"), key("4/2/2+2"), key("5/5/7"), key("5/5/6"), key("6/11/12+2")];
    for (at, one) in keys.iter().enumerate() {
        assert!(!keys[..at].contains(one), "{at}");
    }
    assert_eq!(key("4/2/3+2"), key("4/2/3+2"));
}

#[test]
fn large_windows_are_put_together_at_a_fraction_of_their_size() {
    let tiles: Vec<_> = (0..16 * 16).map(|at| (5, at % 16, at / 16)).collect();
    let source = painted(&tiles);
    let decoder = Decoder::new(64 << 20);
    let pyramid = Pyramid::new(&source.inventory().entries).expect("tiles");
    let tiles = Tiles::new(&source, pyramid, &decoder, 1 << 20);
    let window = Window::new("5/0/0+16".parse().expect("a square"), &tiles, 0);
    let picture = window.picture(&tiles, 256).expect("covered");
    assert_eq!(picture.rgb.dimensions(), (1024, 1024));
    assert_eq!(picture.rgb.get_pixel(1023, 1023).0[..2], [240, 240]);
}
