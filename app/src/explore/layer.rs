//! What is known of every place, as the cells of a layer: scores of a query, or any other values.

use clip_rs_catalog::{Bounds, Overview};
use clip_rs_search::explore::scores;
use clip_rs_search::model::Marks;
use clip_rs_search::{Direction, Query};

use super::grid::Grid;
use crate::browser::clock;
use crate::engine::{Opened, not_answered, refused};
use crate::protocol::Failure;
use crate::protocol::explore::{Layer, Response};

/// How well every item fits a query, or by how much better than another one; of these shards alone, if it is said which.
pub fn layer(
    opened: &Opened,
    query: &Query,
    against: Option<&Query>,
    shards: Option<&[usize]>,
) -> Result<(Response, Vec<u8>), Failure> {
    let start = clock::now_ms();
    let here = opened.engine.shards();
    let chosen = || (0..here.len()).filter(|place| shards.is_none_or(|shards| shards.contains(place)));
    let chosen = || chosen().filter_map(|place| here.get(place));
    let scored = |direction: &Direction| {
        let each = chosen().map(|shard| scores(std::slice::from_ref(shard), direction));
        Ok(each.collect::<Result<Vec<_>, _>>().map_err(not_answered)?.concat())
    };
    let Marked { values, likely_from } = marks(opened, query, against, scored)?;
    let footprints = chosen().flat_map(|shard| (0..shard.items.len()).map(|at| shard.items.footprint(at)));
    let placed = footprints.zip(&values).filter_map(|(bounds, value)| Some((bounds?, *value)));
    let (layer, cells) = painted(opened, placed, against.is_some(), likely_from, values.len(), start)?;
    Ok((Response::Layer(layer), cells))
}

/// The same of every square of a large catalog's overview, by the cell in it that fits best.
pub fn estimate(
    opened: &Opened,
    overview: &Overview,
    query: &Query,
    against: Option<&Query>,
) -> Result<(Response, Vec<u8>), Failure> {
    let start = clock::now_ms();
    let cells = opened.cells.as_ref().ok_or_else(|| refused("The catalog has no cells."))?;
    let Marked { values, likely_from } = marks(opened, query, against, |direction| cells.promise(direction))?;
    if overview.cells() > values.len() {
        return Err(refused("The overview of this catalog is about other cells than it has."));
    }
    // Of cells in one square the one that says most is seen, as of items in one place.
    let louder = |a: f32, b: f32| if b.abs() > a.abs() { b } else { a };
    let placed = overview.pooled(&values, louder);
    let items = opened.pages.manifest().count();
    let (layer, cells) = painted(opened, placed, against.is_some(), likely_from, items, start)?;
    Ok((Response::Layer(Layer { is_estimate: true, ..layer }), cells))
}

/// Marks of what was scored, in its order.
struct Marked {
    values: Vec<f32>,
    /// Marks of at least this are likely right; none where they are no chances.
    likely_from: Option<f32>,
}

/// The marks of a query, or by how much they are above those of another; `scored` gives the scores of a direction.
fn marks(
    opened: &Opened,
    query: &Query,
    against: Option<&Query>,
    scored: impl Fn(&Direction) -> Result<Vec<f32>, Failure>,
) -> Result<Marked, Failure> {
    let engine = &opened.engine;
    let marks = |query: &Query| {
        let direction = engine.embed(query).map_err(not_answered)?;
        let marker = engine.marker(&direction).map_err(not_answered)?;
        let likely_from = direction.familiarity.map(|_| Marks::LIKELY);
        let values = scored(&direction)?.into_iter().map(|score| marker.mark(score)).collect();
        Ok::<_, Failure>(Marked { values, likely_from })
    };
    let marked = marks(query)?;
    let Some(against) = against else { return Ok(marked) };
    let others = marks(against)?.values;
    let values = marked.values.into_iter().zip(others).map(|(value, other)| value - other).collect();
    Ok(Marked { values, likely_from: None })
}

/// Values of places as the cells of a layer; `start` is when their computing began.
pub fn painted(
    opened: &Opened,
    placed: impl Iterator<Item = (Bounds, f32)> + Clone,
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
    Ok((Layer { columns, rows, edges, likely_from, items, is_estimate: false, millis }, cells))
}
