//! What stands on the map for hits: the outline of one with its rank, and the circle of many with their number.

use wasm_bindgen::prelude::*;

use super::session::{By, Session};
use crate::browser::leaflet::{self, Layer, lat_lng, lat_lng_bounds};
use crate::browser::options;
use crate::unwrapped::Extent;

/// Zooms that a click on a circle goes further in at most, so that people see where they come to.
const CLOSER: f64 = 4.0;
/// Pixels kept free around what a circle holds.
const MARGIN: f64 = 60.0;

/// Something on the map for as long as this lives. Its listener lives as long.
pub struct Mark {
    layer: Layer,
    has_label: bool,
    _clicked: Closure<dyn FnMut()>,
}

/// A hit that has a place.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The item's id.
    pub id: String,
    /// From 1.
    pub rank: usize,
    /// Where it lies.
    pub extent: Extent,
    /// Whether it is less likely than the cutoff.
    pub is_unlikely: bool,
}

impl Mark {
    /// The outline of a hit, on top of what is there.
    pub fn one(map: &leaflet::Map, session: Session, hit: &Placed) -> Self {
        let class = if hit.is_unlikely { "footprint unlikely" } else { "footprint" };
        let settings = options(&[("className", class.into()), ("radius", 12.into())]);
        let layer = if hit.extent.is_point() {
            leaflet::circle_marker(&lat_lng(hit.extent.south, hit.extent.west), &settings)
        } else {
            leaflet::rectangle(&lat_lng_bounds(hit.extent), &settings)
        };
        let id = hit.id.clone();
        let clicked = Closure::<dyn FnMut()>::new(move || session.select(Some(&id), By::Map));
        let names = [("data-testid", "footprint"), ("data-id", hit.id.as_str())];
        Self::put(map, layer, clicked, &names)
    }

    /// A circle in the middle of hits, best first. None without any.
    pub fn many(map: &leaflet::Map, session: Session, hits: &[&Placed]) -> Option<Self> {
        let best = hits.first()?.id.clone();
        let extent = hits.iter().map(|hit| hit.extent).reduce(Extent::union)?;
        let count = hits.len();
        let mean = |of: fn(&Placed) -> f64| hits.iter().map(|hit| of(hit)).sum::<f64>() / count as f64;
        let (lng, lat) = (mean(|hit| hit.extent.centre().0), mean(|hit| hit.extent.centre().1));
        let radius = 12.0 + 5.0 * (count as f64).log10();
        let settings = options(&[("className", "hit-cluster".into()), ("radius", radius.into())]);
        let layer = leaflet::circle_marker(&lat_lng(lat, lng), &settings);
        let shown = map.clone();
        let clicked = Closure::<dyn FnMut()>::new(move || open(&shown, session, extent, &best));
        let number = count.to_string();
        let mark = Self::put(map, layer, clicked, &[("data-testid", "hit-cluster"), ("data-count", &number)]);
        mark.bind(&number, "rank-label cluster-count");
        Some(mark)
    }

    fn put(map: &leaflet::Map, layer: Layer, clicked: Closure<dyn FnMut()>, names: &[(&str, &str)]) -> Self {
        layer.on_layer("click", clicked.as_ref().unchecked_ref());
        layer.add_to_map(map);
        if let Some(element) = layer.element() {
            for (name, value) in names {
                // Names and values are fixed or ids: attributes take any text.
                let _valid_names = element.set_attribute(name, value);
            }
        }
        Self { layer, has_label: false, _clicked: clicked }
    }

    /// Shows the hit's rank, or not.
    pub fn set_label(&mut self, rank: usize, is_shown: bool) {
        if is_shown && !self.has_label {
            self.bind(&rank.to_string(), "rank-label");
        } else if !is_shown && self.has_label {
            self.layer.unbind_tooltip();
        }
        self.has_label = is_shown;
    }

    /// Brings it on top of the others.
    pub fn bring_to_front(&self) {
        self.layer.bring_to_front();
    }

    /// Shows whether it is the selected one.
    pub fn set_selected(&self, is_selected: bool) {
        if let Some(element) = self.layer.element() {
            // A fixed class name without white space cannot be refused.
            let _valid_name = element.class_list().toggle_with_force("selected", is_selected);
        }
    }

    fn bind(&self, text: &str, class: &str) {
        let settings =
            [("permanent", true.into()), ("direction", "center".into()), ("className", class.into())];
        self.layer.bind_tooltip(text, &options(&settings));
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.layer.remove_layer();
    }
}

/// Shows what a circle holds; where the map goes no deeper, its best hit.
fn open(map: &leaflet::Map, session: Session, extent: Extent, best: &str) {
    let (zoom, deepest) = (map.zoom(), map.max_zoom());
    if zoom >= deepest {
        return session.select(Some(best), By::Map);
    }
    let settings = options(&[
        ("maxZoom", (zoom + CLOSER).min(deepest).into()),
        ("padding", js_sys::Array::of2(&MARGIN.into(), &MARGIN.into()).into()),
    ]);
    map.fit_bounds(&lat_lng_bounds(extent), &settings);
}
