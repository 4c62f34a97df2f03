//! The similarity layer: how well every place fits what is asked, painted over the map; or where one query fits better than
//! another.

mod legend;

use clip_rs_search::explore::Changes;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::session::{Phase, Session};
use crate::ask::Ask;
use crate::browser::pixels;
use crate::colours;
use crate::export::{Cell, Format};
use crate::painted::{Painted, Raster};
use crate::protocol::explore::{self, Request, Response, mark_of};
use crate::unwrapped::{Extent, latitude, mercator};

pub use legend::{LayerButton, Legend};

/// How opaque the layer is at first.
const OPACITY: f64 = 0.7;
/// Differences of marks below this are no news.
const LEAST_DIFFERENCE: f32 = 0.05;

/// The layer's state. Copies are handles to the same state.
#[derive(Clone, Copy)]
pub struct Layer {
    session: Session,
    /// Whether it is shown.
    pub is_on: RwSignal<bool>,
    /// Words that what is asked is compared with.
    pub against: RwSignal<Option<String>>,
    /// 0 to 1.
    pub opacity: RwSignal<f64>,
    /// Least mark that is painted.
    pub threshold: RwSignal<f32>,
    /// What is painted.
    pub painted: RwSignal<Option<Painted>>,
    /// Cells on a side that the map shows as one.
    pooling: Memo<usize>,
    turn: StoredValue<u32>,
}

/// A picture to lay over the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlay {
    /// Address of the picture.
    pub url: String,
    /// Where it lies.
    pub extent: Extent,
}

impl Layer {
    /// A layer that is not shown; it follows what is asked from now on.
    pub fn new(session: Session) -> Self {
        let painted = RwSignal::new(None::<Painted>);
        let pooling = Memo::new(move |_| {
            let zoom = session.zoom();
            painted
                .with(|painted| painted.as_ref().zip(zoom).map_or(1, |(painted, zoom)| painted.pooling(zoom)))
        });
        let layer = Self {
            session,
            is_on: RwSignal::new(false),
            against: RwSignal::new(None),
            opacity: RwSignal::new(OPACITY),
            threshold: RwSignal::new(0.0),
            painted,
            pooling,
            turn: StoredValue::new(0),
        };
        let shards = Memo::new(move |_| session.shards_in_view());
        Effect::new(move || layer.follow(shards));
        // What has changed is asked to be seen.
        Effect::new(move |was: Option<bool>| {
            let is_change = session.compared.with(Option::is_some);
            if is_change {
                layer.is_on.set(true);
                layer.threshold.set(Changes::STANDS_OUT);
            } else if was == Some(true) {
                layer.painted.set(None);
            }
            is_change
        });
        layer
    }

    /// Shows it, or not.
    pub fn toggle(self) {
        self.is_on.update(|is_on| *is_on = !*is_on);
    }

    /// Computes the layer anew when what is asked, or the catalog, is another.
    fn follow(self, shards: Memo<Option<Vec<usize>>>) {
        let is_answered =
            self.session.phase.with(|phase| matches!(phase, Phase::Results | Phase::Unlikely | Phase::Empty));
        let ask = self.session.asking().with(|asking| asking.confirmed().clone());
        let against = self.against.get();
        self.session.manifest.track();
        self.turn.update_value(|turn| *turn = turn.wrapping_add(1));
        let compared = self.session.compared.get();
        if compared.is_some() {
            return self.painted.set(compared.filter(|_| self.is_on.get()));
        }
        if !self.is_on.get() || ask.has_no_terms() {
            return self.painted.set(None);
        }
        // The search itself comes first.
        if !is_answered {
            return;
        }
        // Where the map shows others of them, another part is looked at.
        let near = shards.get().and_then(|_| self.session.in_view());
        let everywhere = |ask: Ask| Ask { area: None, place: None, ..ask }.query(None, 1);
        let Some(query) = everywhere(ask) else { return self.painted.set(None) };
        let against = against.and_then(|words| everywhere(Ask::words(&words)));
        let is_difference = against.is_some();
        let turn = self.turn.get_value();
        spawn_local(async move {
            let request = Request::Layer { query, against, near };
            let answer = self.session.explore("Scoring every place", request, &[]).await;
            if self.turn.get_value() != turn {
                return;
            }
            self.painted.set(match answer {
                Some((Response::Layer(grid), cells)) => {
                    let before =
                        self.painted.with_untracked(|painted| painted.as_ref().map(|p| p.is_difference));
                    if before != Some(is_difference) {
                        self.threshold.set(if is_difference { LEAST_DIFFERENCE } else { 0.1 });
                    }
                    Some(Painted { grid, cells, is_difference, change: None })
                }
                _ => None,
            });
        });
    }

    /// The picture to lay over the map, if there is one.
    pub fn overlay(self) -> Option<Overlay> {
        let threshold = self.threshold.get();
        let pooling = self.pooling.get();
        self.painted.with(|painted| {
            let painted = painted.as_ref()?;
            let Raster { columns, extent, cells } = painted.pooled(pooling);
            let rgba = colours::pixels(&cells, threshold, painted.is_difference);
            let url = match pixels::data_url(columns as u32, &rgba) {
                Ok(url) => url,
                Err(why) => {
                    leptos::logging::warn!("the layer was not painted: {why}");
                    return None;
                }
            };
            Some(Overlay { url, extent })
        })
    }

    /// The cells that are painted as a file; none if nothing is.
    pub fn export(self, format: Format) -> Option<String> {
        let threshold = self.threshold.get_untracked();
        self.painted.with_untracked(|painted| {
            let Painted { grid, cells, is_difference, .. } = painted.as_ref()?;
            Some(format.write_cells(&cells_of(grid, cells, *is_difference, threshold)))
        })
    }

    /// Share of the map's places that are painted, 0 to 1, and how many there are.
    pub fn counts(self) -> Option<(usize, usize)> {
        let threshold = self.threshold.get();
        self.painted.with(|painted| {
            let painted = painted.as_ref()?;
            let marks = || painted.cells.iter().filter_map(|cell| mark_of(*cell, painted.is_difference));
            Some((marks().filter(|mark| mark.abs() >= threshold).count(), marks().count()))
        })
    }
}

/// The cells of at least a mark, with their places on the ground.
fn cells_of(grid: &explore::Layer, cells: &[u8], is_difference: bool, threshold: f32) -> Vec<Cell> {
    let [west, south, east, north] = grid.edges;
    let (top, bottom) = (mercator(north), mercator(south));
    let column = |at: usize| west + (east - west) * at as f64 / grid.columns.max(1) as f64;
    let row = |at: usize| latitude(top + (bottom - top) * at as f64 / grid.rows.max(1) as f64);
    let cells = cells.iter().enumerate();
    cells
        .filter_map(|(at, cell)| {
            let mark = mark_of(*cell, is_difference)?;
            let (x, y) = (at % grid.columns.max(1), at / grid.columns.max(1));
            let extent = Extent { west: column(x), south: row(y + 1), east: column(x + 1), north: row(y) };
            (mark.abs() >= threshold).then_some(Cell { bounds: extent.bounds()?, mark })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use clip_rs_catalog::TileId;

    use super::*;

    #[test]
    fn a_cell_of_a_tile_lies_where_the_tile_lies() {
        let tile = |x, y| TileId::new(14, x, y).expect("a tile").bounds();
        let (first, last) = (tile(4700, 6200), tile(4701, 6202));
        let grid = explore::Layer {
            columns: 2,
            rows: 3,
            edges: [first.west(), last.south(), last.east(), first.north()],
            likely_from: None,
            items: 6,
            is_estimate: false,
            millis: 0.0,
        };
        let cells = cells_of(&grid, &[0, 255, 0, 0, 128, 1], false, 0.0);
        assert_eq!(cells.len(), 3);
        let expected = tile(4701, 6200);
        assert!(
            (cells[0].bounds.west() - expected.west()).abs() < 1e-9
                && (cells[0].bounds.south() - expected.south()).abs() < 1e-9
        );
        assert_eq!((cells[0].mark, cells[2].mark), (1.0, 0.0));
        assert_eq!(cells_of(&grid, &[0, 255, 0, 0, 128, 1], false, 0.6).len(), 1);
        assert_eq!(
            cells_of(&grid, &[0, 255, 0, 0, 128, 1], true, 0.5)
                .iter()
                .map(|cell| cell.mark)
                .collect::<Vec<_>>(),
            [1.0, -1.0]
        );
    }
}
