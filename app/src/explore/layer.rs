//! What is known of every place, as the cells of a layer: scores of a query, or any other values.

use clip_rs_catalog::Bounds;
use clip_rs_search::Query;
use clip_rs_search::explore::scores;
use clip_rs_search::model::Marks;

use super::grid::Grid;
use crate::browser::clock;
use crate::engine::{Opened, not_answered, refused};
use crate::protocol::Failure;
use crate::protocol::explore::{Layer, Response};

/// How well every item fits a query; or by how much better than another one.
pub fn layer(
    opened: &Opened,
    query: &Query,
    against: Option<&Query>,
) -> Result<(Response, Vec<u8>), Failure> {
    let start = clock::now_ms();
    let engine = &opened.engine;
    let marks = |query: &Query| -> Result<(Vec<f32>, Option<f32>), Failure> {
        let direction = engine.embed(query).map_err(not_answered)?;
        let marker = engine.marker(&direction).map_err(not_answered)?;
        let scores = scores(engine.shards(), &direction).map_err(not_answered)?;
        let likely_from = direction.familiarity.map(|_| Marks::LIKELY);
        Ok((scores.into_iter().map(|score| marker.mark(score)).collect(), likely_from))
    };
    let (mut values, mut likely_from) = marks(query)?;
    if let Some(against) = against {
        let (others, _) = marks(against)?;
        values.iter_mut().zip(others).for_each(|(value, other)| *value -= other);
        likely_from = None;
    }
    let footprints =
        engine.shards().iter().flat_map(|shard| (0..shard.items.len()).map(|at| shard.items.footprint(at)));
    let placed: Vec<(Bounds, f32)> =
        footprints.zip(&values).filter_map(|(bounds, value)| Some((bounds?, *value))).collect();
    let (layer, cells) = painted(opened, &placed, against.is_some(), likely_from, values.len(), start)?;
    Ok((Response::Layer(layer), cells))
}

/// Values of places as the cells of a layer; `start` is when their computing began.
pub fn painted(
    opened: &Opened,
    placed: &[(Bounds, f32)],
    is_signed: bool,
    likely_from: Option<f32>,
    items: usize,
    start: f64,
) -> Result<(Layer, Vec<u8>), Failure> {
    let area = opened.pages.manifest().bounds;
    let grid = area.and_then(|area| Grid::paint(placed, &area, is_signed));
    let Grid { columns, rows, extent, cells } =
        grid.ok_or_else(|| refused("Nothing in this catalog has a place."))?;
    let edges = [extent.west, extent.south, extent.east, extent.north];
    let millis = clock::now_ms() - start;
    Ok((Layer { columns, rows, edges, likely_from, items, millis }, cells))
}
