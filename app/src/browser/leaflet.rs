//! The part of Leaflet 1.9 that the map uses. Names are Leaflet's; its script must have run before.

use js_sys::{Function, Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement};

use super::options;
use crate::unwrapped::Extent;

#[wasm_bindgen]
extern "C" {
    /// The map.
    #[wasm_bindgen(js_namespace = L, js_name = Map)]
    #[derive(Clone, Debug)]
    pub type Map;
    /// `L.map(element, options)`; fails if the script is not there or the element already has a map.
    #[wasm_bindgen(catch, js_namespace = L)]
    pub fn map(element: &HtmlElement, options: &Object) -> Result<Map, JsValue>;
    /// Jumps or animates to a place.
    #[wasm_bindgen(method, js_name = setView)]
    pub fn set_view(this: &Map, at: &JsValue, zoom: f64, options: &Object);
    /// Flies to a place.
    #[wasm_bindgen(method, js_name = flyTo)]
    pub fn fly_to(this: &Map, at: &JsValue, zoom: f64, options: &Object);
    /// Shows a box.
    #[wasm_bindgen(method, js_name = fitBounds)]
    pub fn fit_bounds(this: &Map, bounds: &JsValue, options: &Object);
    /// Shows a box, flying.
    #[wasm_bindgen(method, js_name = flyToBounds)]
    pub fn fly_to_bounds(this: &Map, bounds: &JsValue, options: &Object);
    /// Where the map may be dragged.
    #[wasm_bindgen(method, js_name = setMaxBounds)]
    pub fn set_max_bounds(this: &Map, bounds: &JsValue);
    /// Deepest zoom.
    #[wasm_bindgen(method, js_name = setMaxZoom)]
    pub fn set_max_zoom(this: &Map, zoom: f64);
    /// Shallowest zoom.
    #[wasm_bindgen(method, js_name = setMinZoom)]
    pub fn set_min_zoom(this: &Map, zoom: f64);
    /// Current zoom.
    #[wasm_bindgen(method, js_name = getZoom)]
    pub fn zoom(this: &Map) -> f64;
    /// Middle of the map.
    #[wasm_bindgen(method, js_name = getCenter)]
    pub fn centre(this: &Map) -> LatLng;
    /// What the map shows.
    #[wasm_bindgen(method, js_name = getBounds)]
    pub fn bounds(this: &Map) -> LatLngBounds;
    /// Listens to an event.
    #[wasm_bindgen(method)]
    pub fn on(this: &Map, event: &str, listener: &Function);
    /// Shows another place at the same zoom.
    #[wasm_bindgen(method, js_name = panTo)]
    pub fn pan_to(this: &Map, at: &JsValue);
    /// Deepest zoom of the map.
    #[wasm_bindgen(method, js_name = getMaxZoom)]
    pub fn max_zoom(this: &Map) -> f64;
    /// Size of the map on the page, pixels.
    #[wasm_bindgen(method, js_name = getSize)]
    pub fn size(this: &Map) -> Point;
    /// The element that the map is in.
    #[wasm_bindgen(method, js_name = getContainer)]
    pub fn container(this: &Map) -> HtmlElement;
    /// The position at pixels from the map's upper left corner.
    #[wasm_bindgen(method, js_name = containerPointToLatLng)]
    pub fn position_at(this: &Map, pixels: &JsValue) -> LatLng;
    /// Pixels from the map's upper left corner of a position.
    #[wasm_bindgen(method, js_name = latLngToContainerPoint)]
    pub fn pixels_of(this: &Map, at: &JsValue) -> Point;
    /// Tells the map that its element may have a new size.
    #[wasm_bindgen(method, js_name = invalidateSize)]
    pub fn invalidate_size(this: &Map, options: &Object);
    /// Takes the map away.
    #[wasm_bindgen(method)]
    pub fn remove(this: &Map);
    /// The control that shows attributions.
    #[wasm_bindgen(method, getter, js_name = attributionControl)]
    pub fn attribution(this: &Map) -> Option<Control>;

    /// A place on the screen, or a size there, pixels.
    #[derive(Debug)]
    pub type Point;
    /// Pixels to the right.
    #[wasm_bindgen(method, getter)]
    pub fn x(this: &Point) -> f64;
    /// Pixels down.
    #[wasm_bindgen(method, getter)]
    pub fn y(this: &Point) -> f64;

    /// A position.
    #[derive(Debug)]
    pub type LatLng;
    /// Latitude, degrees.
    #[wasm_bindgen(method, getter)]
    pub fn lat(this: &LatLng) -> f64;
    /// Longitude, degrees.
    #[wasm_bindgen(method, getter)]
    pub fn lng(this: &LatLng) -> f64;

    /// A box.
    #[derive(Debug)]
    pub type LatLngBounds;
    /// West edge, degrees; may lie beyond 180.
    #[wasm_bindgen(method, js_name = getWest)]
    pub fn west(this: &LatLngBounds) -> f64;
    /// South edge, degrees.
    #[wasm_bindgen(method, js_name = getSouth)]
    pub fn south(this: &LatLngBounds) -> f64;
    /// East edge, degrees; may lie beyond 180.
    #[wasm_bindgen(method, js_name = getEast)]
    pub fn east(this: &LatLngBounds) -> f64;
    /// North edge, degrees.
    #[wasm_bindgen(method, js_name = getNorth)]
    pub fn north(this: &LatLngBounds) -> f64;

    /// A control in a corner of the map.
    #[derive(Debug)]
    pub type Control;
    /// `L.control.scale(options)`.
    #[wasm_bindgen(js_namespace = ["L", "control"])]
    pub fn scale(options: &Object) -> Control;
    /// Puts the control on the map.
    #[wasm_bindgen(method, js_name = addTo)]
    pub fn add_to(this: &Control, map: &Map);
    /// The attribution control's text before all others; false for none.
    #[wasm_bindgen(method, js_name = setPrefix)]
    pub fn set_prefix(this: &Control, prefix: &JsValue);
    /// Adds an attribution (HTML).
    #[wasm_bindgen(method, js_name = addAttribution)]
    pub fn add_attribution(this: &Control, html: &str);

    /// Takes an attribution (HTML) away.
    #[wasm_bindgen(method, js_name = removeAttribution)]
    pub fn remove_attribution(this: &Control, html: &str);

    /// Anything drawn on the map.
    #[derive(Clone, Debug)]
    pub type Layer;
    /// `L.gridLayer(options)`: tiles whose elements its `createTile` makes.
    #[wasm_bindgen(js_namespace = L, js_name = gridLayer)]
    pub fn grid_layer(options: &Object) -> Layer;
    /// `L.rectangle(bounds, options)`.
    #[wasm_bindgen(js_namespace = L)]
    pub fn rectangle(bounds: &JsValue, options: &Object) -> Layer;
    /// `L.polygon(corners, options)`.
    #[wasm_bindgen(js_namespace = L)]
    pub fn polygon(corners: &JsValue, options: &Object) -> Layer;
    /// `L.imageOverlay(url, bounds, options)`.
    #[wasm_bindgen(js_namespace = L, js_name = imageOverlay)]
    pub fn image_overlay(url: &str, bounds: &JsValue, options: &Object) -> Layer;
    /// Of an image overlay, 0 to 1.
    #[wasm_bindgen(method, js_name = setOpacity)]
    pub fn set_opacity(this: &Layer, opacity: f64);
    /// `L.circleMarker(at, options)`.
    #[wasm_bindgen(js_namespace = L, js_name = circleMarker)]
    pub fn circle_marker(at: &JsValue, options: &Object) -> Layer;
    /// `L.circle(at, options)`, whose radius is in metres.
    #[wasm_bindgen(js_namespace = L)]
    pub fn circle(at: &JsValue, options: &Object) -> Layer;
    /// Gives a polygon other corners.
    #[wasm_bindgen(method, js_name = setLatLngs)]
    pub fn set_corners(this: &Layer, corners: &JsValue);
    /// Draws it.
    #[wasm_bindgen(method, js_name = addTo)]
    pub fn add_to_map(this: &Layer, map: &Map);
    /// Takes it away.
    #[wasm_bindgen(method, js_name = remove)]
    pub fn remove_layer(this: &Layer);
    /// Attaches a label (HTML).
    #[wasm_bindgen(method, js_name = bindTooltip)]
    pub fn bind_tooltip(this: &Layer, html: &str, options: &Object);
    /// Takes the label away.
    #[wasm_bindgen(method, js_name = unbindTooltip)]
    pub fn unbind_tooltip(this: &Layer);
    /// The element it is drawn as, once it is on the map.
    #[wasm_bindgen(method, js_name = getElement)]
    pub fn element(this: &Layer) -> Option<Element>;
    /// Draws it above its neighbours.
    #[wasm_bindgen(method, js_name = bringToFront)]
    pub fn bring_to_front(this: &Layer);
    /// Listens to an event.
    #[wasm_bindgen(method, js_name = on)]
    pub fn on_layer(this: &Layer, event: &str, listener: &Function);
}

/// Makes `create(coords, done)` the maker of a grid layer's tiles, which Leaflet calls "extending" it.
pub fn set_create_tile(layer: &Layer, create: &Function) {
    // Leaflet looks at the number of declared parameters: two mean that tiles become ready later, by `done`.
    // Both changes are to objects made here, which accept them.
    let two = options(&[("value", 2.into())]);
    let _cannot_fail = Reflect::define_property(create, &"length".into(), &two);
    let _cannot_fail = Reflect::set(layer, &"createTile".into(), create);
}

/// A position as Leaflet takes it: latitude first.
pub fn lat_lng(lat: f64, lng: f64) -> JsValue {
    js_sys::Array::of2(&lat.into(), &lng.into()).into()
}

/// Pixels from the map's upper left corner as Leaflet takes them.
pub fn pixels(x: f64, y: f64) -> JsValue {
    js_sys::Array::of2(&x.into(), &y.into()).into()
}

/// Corners as Leaflet takes them, from longitudes and latitudes.
pub fn lat_lngs(corners: &[[f64; 2]]) -> JsValue {
    corners.iter().map(|[lng, lat]| lat_lng(*lat, *lng)).collect::<js_sys::Array>().into()
}

/// A box as Leaflet takes it: south-west corner, north-east corner.
pub fn lat_lng_bounds(extent: Extent) -> JsValue {
    let south_west = lat_lng(extent.south, extent.west);
    let north_east = lat_lng(extent.north, extent.east);
    js_sys::Array::of2(&south_west, &north_east).into()
}
