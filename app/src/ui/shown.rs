//! What the map shows at the moment, followed while it moves.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;

use crate::browser::leaflet::Map;
use crate::unwrapped::Extent;

/// The map's events after which it shows something else.
const EVENTS: &str = "move zoom resize";

/// What a map shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown {
    /// Its box; longitudes may lie beyond 180 degrees.
    pub extent: Extent,
    /// Width and height on the page, pixels.
    pub size: (f64, f64),
}

impl Shown {
    /// What `map` shows now. It must have been told where to look.
    pub fn by(map: &Map) -> Self {
        let (bounds, size) = (map.bounds(), map.size());
        let extent =
            Extent { west: bounds.west(), south: bounds.south(), east: bounds.east(), north: bounds.north() };
        Self { extent, size: (size.x(), size.y()) }
    }
}

/// Keeps `shown` up to date for as long as what is returned lives.
pub fn follow(map: &Map, shown: RwSignal<Option<Shown>>) -> Closure<dyn FnMut()> {
    let moving = map.clone();
    let moved = Closure::<dyn FnMut()>::new(move || shown.set(Some(Shown::by(&moving))));
    map.on(EVENTS, moved.as_ref().unchecked_ref());
    moved
}
