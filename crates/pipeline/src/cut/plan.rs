//! What is cut from a pyramid of tiles: the tiles of the searched zoom, deeper ones, and windows of the scales that are
//! asked for.

use clip_rs_catalog::{TileSet, TileSquare};
use clip_rs_imagery::Inventory;
use clip_rs_stage::StageError;

use super::pyramid::Pyramid;
use super::scale::{Ground, Shape};
use super::squares::{order, squares};

/// Edge of tiles whose source does not say it, pixels.
const USUAL_EDGE: u32 = 256;

/// The squares that are looked at.
pub struct Plan<'a> {
    /// All tiles.
    pub pyramid: Pyramid<'a>,
    /// Edge of a tile, pixels.
    pub edge: u32,
    /// Tiles and windows; neighbours on the ground are near each other.
    pub squares: Vec<TileSquare>,
    /// Whether there are windows, which need neighbouring tiles.
    pub windows: bool,
    /// What is searched, a sentence each.
    pub told: Vec<String>,
}

impl<'a> Plan<'a> {
    /// The plan for the tiles of an inventory; `input` is the encoder's edge in pixels, `scales` are metres a pixel as the
    /// encoder sees them. None where there is no tile; an error where tiles or scales are none that can be cut.
    pub fn new(inventory: &'a Inventory, input: usize, scales: &[f64]) -> Result<Option<Self>, StageError> {
        let Some(pyramid) = Pyramid::new(&inventory.entries) else { return Ok(None) };
        let edge = inventory.tile_size.unwrap_or(USUAL_EDGE);
        let sizes = TileSet::TILE_SIZES;
        if !sizes.contains(&edge) {
            let (least, most) = sizes.into_inner();
            let why =
                format!("the tiles have {edge} pixels a side; {least} to {most} can be searched and shown");
            return Err(StageError::Request(why));
        }
        let metres_per_pixel = pyramid.metres_per_pixel(edge);
        let ground = Ground { input, edge, metres_per_pixel, zoom: pyramid.zoom() };
        let mut told = vec![pyramid.told(edge)];
        let mut all: Vec<TileSquare> = pyramid.items().map(TileSquare::from).collect();
        let mut shapes: Vec<Shape> = Vec::new();
        for scale in scales {
            let shape = ground.shape(*scale).map_err(StageError::Request)?;
            if !shapes.contains(&shape) {
                let found = squares(&pyramid, shape);
                told.push(ground.told(shape, found.len()));
                all.extend(found);
                shapes.push(shape);
            }
        }
        all.sort_unstable_by_key(order);
        // Windows of different scales may have the same squares.
        all.dedup();
        Ok(Some(Self { pyramid, edge, squares: all, windows: !shapes.is_empty(), told }))
    }

    /// The same with these of its squares only.
    pub fn part(&self, squares: Vec<TileSquare>) -> Self {
        let Self { pyramid, edge, windows, .. } = *self;
        Self { pyramid, edge, squares, windows, told: Vec::new() }
    }
}
