//! One tile of the county: its picture and its ground truth.

use crate::class::Class;
use crate::labels::{Label, Labels};
use crate::paint::{Canvas, METRES_PER_PIXEL};
use crate::palette;
use crate::scene::{Draw, Scene, layer};
use crate::texture::Texture;
use crate::trees::{self, Crown};
use crate::{draw, geometry::P};

/// Pixels on a side of a tile.
pub const TILE: usize = 256;
/// Pixels drawn beyond a tile's border, so that trees standing there reach in.
pub const MARGIN: usize = 26;

/// A tile's pixels and what they show.
pub struct Rendered {
    /// (TILE, TILE, 3): rows from north to south, RGB.
    pub rgb: Vec<u8>,
    pub labels: Labels,
}

/// Draws the tile of a column (from the west) and a row (from the north); `None` only when no memory is had.
pub fn render(scene: &Scene, texture: &Texture, column: usize, row: usize) -> Option<Rendered> {
    let side = (TILE + 2 * MARGIN) as u32;
    let (left, top) = ((column * TILE) as i64 - MARGIN as i64, (row * TILE) as i64 - MARGIN as i64);
    let mut canvas = Canvas::new(side, left, top)?;
    canvas.flood(palette::VERGE);
    for item in scene.tile_items(column, row) {
        canvas.set_clip(item.clip.map(|k| (k, scene.clips[k as usize].as_slice())));
        draw::mark(item, &mut canvas);
        if item.layer < layer::SHADOW {
            draw::paint(item, &scene.sun, &mut canvas);
        }
    }
    canvas.set_clip(None);
    let mut crowns = trees::scatter(&canvas, texture, scene.seed);
    for item in scene.tile_items(column, row) {
        draw::cast(item, &scene.sun, &mut canvas);
        if let Draw::Tree { centre, radius, seed } = item.draw {
            crowns.push(Crown { centre, radius, seed, forest: false });
        }
    }
    for crown in &crowns {
        trees::cast(crown, &scene.sun, &mut canvas);
    }
    canvas.apply_shadow();
    for item in scene.tile_items(column, row).filter(|item| item.layer >= layer::SHADOW) {
        canvas.set_clip(item.clip.map(|k| (k, scene.clips[k as usize].as_slice())));
        draw::paint(item, &scene.sun, &mut canvas);
    }
    texture.apply(&mut canvas);
    for crown in &crowns {
        trees::paint(crown, &scene.sun, texture, scene.seed, &mut canvas);
    }
    let labels = ground_truth(scene, &canvas, column, row);
    Some(Rendered { rgb: texture.develop(&canvas, MARGIN, TILE), labels })
}

fn ground_truth(scene: &Scene, canvas: &Canvas, column: usize, row: usize) -> Labels {
    let mut pixels = [0u32; 256];
    for y in 0..TILE {
        for x in 0..TILE {
            let Some([class, _, place]) = canvas.id_at((x + MARGIN) as i64, (y + MARGIN) as i64) else {
                continue;
            };
            pixels[class as usize] += 1;
            if place != class {
                pixels[place as usize] += 1;
            }
        }
    }
    let tile_m = TILE as f64 * METRES_PER_PIXEL;
    let origin = P { x: column as f64 * tile_m, y: row as f64 * tile_m };
    let mut counts = [0u32; 256];
    for i in scene.tile_instances(column, row) {
        // Inside, or reaching in with a third of itself.
        let q = i.at - origin;
        let out = (-q.x).max(q.x - tile_m).max((-q.y).max(q.y - tile_m)).max(0.0);
        if out == 0.0 || out < i.radius * 0.33 {
            counts[i.class as usize] += 1;
        }
    }
    let area = |class: Class| f64::from(pixels[class as usize]) / (TILE * TILE) as f64;
    let classes = Class::ALL
        .iter()
        .filter_map(|&class| {
            let (area, counted) = (area(class), counts[class as usize]);
            // A count needs something to be seen, apart from places that are more than their own ground.
            let count = if area < 0.0004 { 0 } else { counted.max(1) };
            (area >= 0.0004).then_some((class, Label { area, count }))
        })
        .collect();
    Labels { classes }
}
