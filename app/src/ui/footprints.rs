//! The footprints of the hits on the map, each with its rank.

use std::collections::HashMap;

use wasm_bindgen::prelude::*;

use super::session::{By, Session};
use crate::browser::leaflet::{self, Layer, lat_lng, lat_lng_bounds};
use crate::browser::options;
use crate::protocol::Hit;
use crate::unwrapped::{Extent, Frame};

/// What is drawn of the hits. Listeners live as long as what they listen to.
#[derive(Default)]
pub struct Footprints {
    drawn: HashMap<String, Footprint>,
    selected: Option<String>,
}

struct Footprint {
    layer: Layer,
    _clicked: Closure<dyn FnMut()>,
}

impl Footprints {
    /// Draws `hits` and nothing else, best on top, the unlikely ones fainter; none is selected.
    pub fn show(&mut self, map: &leaflet::Map, frame: Frame, session: Session, hits: &[Hit]) {
        for (_, footprint) in self.drawn.drain() {
            footprint.layer.remove_layer();
        }
        self.selected = None;
        for (rank, hit) in hits.iter().enumerate().rev() {
            if let Some(bounds) = &hit.footprint {
                let unlikely = session.is_unlikely(hit.similarity);
                let footprint = draw(map, session, (rank, unlikely), &hit.id, frame.extent(bounds));
                self.drawn.insert(hit.id.clone(), footprint);
            }
        }
    }

    /// Highlights the footprint of the item called `id`, and no other.
    pub fn select(&mut self, id: Option<&str>) {
        self.mark(false);
        self.selected = id.map(str::to_owned);
        self.mark(true);
    }

    fn mark(&self, on: bool) {
        let Some(footprint) = self.selected.as_ref().and_then(|id| self.drawn.get(id)) else { return };
        if on {
            footprint.layer.bring_to_front();
        }
        if let Some(element) = footprint.layer.element() {
            // A fixed class name without white space cannot be refused.
            let _valid_name = element.class_list().toggle_with_force("selected", on);
        }
    }
}

fn draw(
    map: &leaflet::Map,
    session: Session,
    (rank, unlikely): (usize, bool),
    id: &str,
    extent: Extent,
) -> Footprint {
    let class = if unlikely { "footprint unlikely" } else { "footprint" };
    let settings = options(&[("className", class.into()), ("radius", 12.into())]);
    let layer = if extent.is_point() {
        leaflet::circle_marker(&lat_lng(extent.south, extent.west), &settings)
    } else {
        leaflet::rectangle(&lat_lng_bounds(extent), &settings)
    };
    let label =
        [("permanent", true.into()), ("direction", "center".into()), ("className", "rank-label".into())];
    layer.bind_tooltip(&(rank + 1).to_string(), &options(&label));
    layer.add_to_map(map);
    if let Some(element) = layer.element() {
        // Names and values are fixed or ids: attributes take any text.
        let _valid_names = element.set_attribute("data-testid", "footprint");
        let _valid_names = element.set_attribute("data-id", id);
    }
    let id = id.to_owned();
    let clicked = Closure::<dyn FnMut()>::new(move || session.select(Some(&id), By::Map));
    layer.on_layer("click", clicked.as_ref().unchecked_ref());
    Footprint { layer, _clicked: clicked }
}
