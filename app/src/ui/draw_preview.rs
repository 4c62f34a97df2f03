//! The outline that is being drawn, as far as it is known.

use leptos::prelude::*;

use super::draw::Drawing;
use crate::browser::leaflet::{self, Layer, Map, lat_lng, lat_lngs};
use crate::browser::options;

/// Keeps what `drawing` is on `map`, with the next corner at `pointer`, for as long as the reactive owner at hand lives.
pub fn preview(
    map: RwSignal<Option<Map>, LocalStorage>,
    drawing: RwSignal<Option<Drawing>>,
    pointer: RwSignal<Option<[f64; 2]>>,
) {
    let drawn = StoredValue::new_local(None::<Preview>);
    Effect::new(move || {
        let corners = drawing.with(|drawing| {
            drawing
                .as_ref()
                .map(|drawing| (drawing.corners().first().copied(), drawing.preview(pointer.get())))
        });
        let (Some(map), Some((Some(first), corners))) = (map.get(), corners) else {
            return drawn.set_value(None);
        };
        drawn.update_value(|drawn| {
            let preview = drawn.take().filter(|preview| preview.first == first);
            let preview = preview.unwrap_or_else(|| Preview::new(&map, first));
            preview.outline.set_corners(&lat_lngs(&corners));
            *drawn = Some(preview);
        });
    });
}

/// An outline with a dot at its first corner; both leave the map with it.
struct Preview {
    first: [f64; 2],
    outline: Layer,
    dot: Layer,
}

impl Preview {
    fn new(map: &Map, first: [f64; 2]) -> Self {
        let style = |class: &str| {
            options(&[("className", class.into()), ("interactive", false.into()), ("radius", 6.into())])
        };
        let outline = leaflet::polygon(&lat_lngs(&[first]), &style("drawn"));
        let dot = leaflet::circle_marker(&lat_lng(first[1], first[0]), &style("drawn-corner"));
        outline.add_to_map(map);
        dot.add_to_map(map);
        if let Some(element) = outline.element() {
            // A fixed name without white space cannot be refused.
            let _valid_name = element.set_attribute("data-testid", "drawn");
        }
        Self { first, outline, dot }
    }
}

impl Drop for Preview {
    fn drop(&mut self) {
        self.outline.remove_layer();
        self.dot.remove_layer();
    }
}
