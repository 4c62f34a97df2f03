//! What Leaflet draws: the area, its tiles, the footprints, and where the map looks.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use clip_rs_catalog::{Bounds, Manifest};
use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

use super::map_tile;
use super::pictures::Pictures;
use super::session::{By, Camera, Session};
use crate::browser::leaflet::{self, Layer, lat_lng, lat_lng_bounds};
use crate::browser::{options, page, reason};
use crate::link::MapView;
use crate::protocol::Hit;

/// How much further than the deepest tiles the map may be zoomed.
const OVERZOOM: f64 = 2.0;
/// Pixels kept free around what is to be seen.
const MARGIN: f64 = 36.0;

/// A Leaflet map and what is on it. Listeners live as long as what they listen to.
pub struct MapPane {
    map: leaflet::Map,
    session: Session,
    deepest: f64,
    shown: Option<Bounds>,
    quiet: Rc<Cell<bool>>,
    tiles: Option<(Layer, Closure<CreateTile>)>,
    footprints: HashMap<String, Footprint>,
    selected: Option<String>,
    _moved: Closure<dyn FnMut()>,
}

type CreateTile = dyn FnMut(JsValue, Function) -> JsValue;

struct Footprint {
    layer: Layer,
    _clicked: Closure<dyn FnMut()>,
}

impl MapPane {
    /// A map in `element`, showing nothing yet.
    pub fn new(element: &HtmlElement, session: Session) -> Result<Self, String> {
        let motion = !page::prefers_less_motion();
        let settings = options(&[
            ("zoomAnimation", motion.into()),
            ("fadeAnimation", motion.into()),
            ("inertia", motion.into()),
            ("maxBoundsViscosity", 0.8.into()),
        ]);
        let map = leaflet::map(element, &settings).map_err(|thrown| reason(&thrown))?;
        if let Some(attribution) = map.attribution() {
            attribution.set_prefix(&JsValue::FALSE);
        }
        leaflet::scale(&options(&[("maxWidth", 140.into())])).add_to(&map);
        let quiet = Rc::new(Cell::new(true));
        let moved = {
            let (map, quiet) = (map.clone(), Rc::clone(&quiet));
            Closure::<dyn FnMut()>::new(move || {
                if !quiet.get() {
                    let (at, zoom) = (map.centre(), map.zoom());
                    session.looked(MapView { zoom, lat: at.lat(), lng: at.lng() });
                }
            })
        };
        map.on("moveend", moved.as_ref().unchecked_ref());
        Ok(Self {
            map,
            session,
            deepest: 18.0,
            shown: None,
            quiet,
            tiles: None,
            footprints: HashMap::new(),
            selected: None,
            _moved: moved,
        })
    }

    /// Shows the whole area of a catalog, unless the camera already says where to look.
    pub fn show_area(&mut self, manifest: &Manifest, camera: Option<Camera>) {
        let Some(bounds) = manifest.bounds else { return };
        if let Some(tiles) = &manifest.tiles {
            self.deepest = f64::from(tiles.maxzoom);
            self.map.set_min_zoom(f64::from(tiles.minzoom));
        }
        self.map.set_max_zoom(self.deepest + OVERZOOM);
        if self.shown == Some(bounds) {
            return;
        }
        self.shown = Some(bounds);
        if let Some(attribution) = self.map.attribution() {
            let made = if manifest.synthetic { "Synthetic imagery · " } else { "" };
            attribution.add_attribution(&escaped(&format!("{made}{}", manifest.attribution)));
        }
        self.quiet.set(true);
        self.map.fit_bounds(&lat_lng_bounds(&bounds), &options(&[("animate", false.into())]));
        if let Some(camera) = camera {
            self.look(camera);
        }
        self.map.set_max_bounds(&lat_lng_bounds(&widened(bounds)));
        self.quiet.set(false);
    }

    /// Lays out the tiles of `pictures`, or none.
    pub fn show_tiles(&mut self, pictures: Option<Rc<Pictures>>, manifest: Option<&Manifest>) {
        if let Some((layer, _)) = self.tiles.take() {
            layer.remove_layer();
        }
        let (Some(pictures), Some((tiles, bounds))) =
            (pictures, manifest.and_then(|manifest| manifest.tiles.as_ref().zip(manifest.bounds)))
        else {
            return;
        };
        let layer = leaflet::grid_layer(&options(&[
            ("tileSize", tiles.tile_size.into()),
            ("minNativeZoom", tiles.minzoom.into()),
            ("maxNativeZoom", tiles.maxzoom.into()),
            ("minZoom", tiles.minzoom.into()),
            ("maxZoom", (self.deepest + OVERZOOM).into()),
            ("bounds", lat_lng_bounds(&bounds)),
            ("keepBuffer", 1.into()),
        ]));
        let session = self.session;
        let create = Closure::<CreateTile>::new(move |at: JsValue, done: Function| {
            map_tile::create(session, &pictures, &at, done).map_or(JsValue::NULL, JsValue::from)
        });
        leaflet::set_create_tile(&layer, create.as_ref().unchecked_ref());
        layer.add_to_map(&self.map);
        self.tiles = Some((layer, create));
    }

    /// Makes all tiles anew: those that failed are fetched again.
    pub fn redraw_tiles(&self) {
        if let Some((layer, _)) = &self.tiles {
            layer.redraw();
        }
    }

    /// Draws the footprints of `hits`, best on top, each with its rank.
    pub fn show_hits(&mut self, hits: &[Hit]) {
        for (_, footprint) in self.footprints.drain() {
            footprint.layer.remove_layer();
        }
        self.selected = None;
        for (rank, hit) in hits.iter().enumerate().rev() {
            if let Some(bounds) = &hit.footprint {
                let footprint = self.footprint(rank, &hit.id, bounds);
                self.footprints.insert(hit.id.clone(), footprint);
            }
        }
    }

    fn footprint(&self, rank: usize, id: &str, bounds: &Bounds) -> Footprint {
        let settings = options(&[("className", "footprint".into()), ("radius", 12.into())]);
        let layer = if bounds.west() == bounds.east() && bounds.south() == bounds.north() {
            leaflet::circle_marker(&lat_lng(bounds.south(), bounds.west()), &settings)
        } else {
            leaflet::rectangle(&lat_lng_bounds(bounds), &settings)
        };
        let label =
            [("permanent", true.into()), ("direction", "center".into()), ("className", "rank-label".into())];
        layer.bind_tooltip(&(rank + 1).to_string(), &options(&label));
        layer.add_to_map(&self.map);
        if let Some(element) = layer.element() {
            // Names and values are fixed or ids: attributes take any text.
            let _valid_names = element.set_attribute("data-testid", "footprint");
            let _valid_names = element.set_attribute("data-id", id);
        }
        let (session, id) = (self.session, id.to_owned());
        let clicked = Closure::<dyn FnMut()>::new(move || session.select(Some(&id), By::Map));
        layer.on_layer("click", clicked.as_ref().unchecked_ref());
        Footprint { layer, _clicked: clicked }
    }

    /// Highlights the footprint of the item called `id`, and no other.
    pub fn select(&mut self, id: Option<&str>) {
        self.mark(false);
        self.selected = id.map(str::to_owned);
        self.mark(true);
    }

    fn mark(&self, on: bool) {
        let Some(footprint) = self.selected.as_ref().and_then(|id| self.footprints.get(id)) else { return };
        if on {
            footprint.layer.bring_to_front();
        }
        if let Some(element) = footprint.layer.element() {
            // A fixed class name without white space cannot be refused.
            let _valid_name = element.class_list().toggle_with_force("selected", on);
        }
    }

    /// Turns the map there; it flies unless the person asked for less motion.
    pub fn look(&self, camera: Camera) {
        // Until the area is known there is nothing to fly over: it takes the camera's place over when it comes.
        if self.shown.is_none() {
            return;
        }
        let fly = !page::prefers_less_motion() && !self.quiet.get();
        let motion = options(&[
            ("animate", fly.into()),
            ("duration", 0.8.into()),
            ("maxZoom", self.deepest.into()),
            ("padding", js_sys::Array::of2(&MARGIN.into(), &MARGIN.into()).into()),
        ]);
        match camera {
            Camera::View(MapView { zoom, lat, lng }) => {
                self.map.set_view(&lat_lng(lat, lng), zoom, &options(&[("animate", false.into())]));
            }
            Camera::Box(bounds) if fly => self.map.fly_to_bounds(&lat_lng_bounds(&bounds), &motion),
            Camera::Box(bounds) => self.map.fit_bounds(&lat_lng_bounds(&bounds), &motion),
            Camera::Item(bounds) => {
                let (at, near) = (bounds.centre(), self.map.zoom());
                let zoom = if (near - self.deepest).abs() > 1.0 { self.deepest } else { near };
                let at = lat_lng(at.lat(), at.lng());
                if fly { self.map.fly_to(&at, zoom, &motion) } else { self.map.set_view(&at, zoom, &motion) }
            }
        }
    }
}

impl Drop for MapPane {
    fn drop(&mut self) {
        self.map.remove();
    }
}

/// Half the area's size more on each side: room to bring an edge to the middle.
fn widened(bounds: Bounds) -> Bounds {
    let (width, height) = (bounds.east() - bounds.west(), bounds.north() - bounds.south());
    let wide = Bounds::new(
        (bounds.west() - width / 2.0).max(-180.0),
        (bounds.south() - height / 2.0).max(-90.0),
        (bounds.east() + width / 2.0).min(180.0),
        (bounds.north() + height / 2.0).min(90.0),
    );
    wide.unwrap_or(bounds)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_widened_box_stays_on_earth() {
        let area = Bounds::new(-77.5, 38.5, -77.0, 39.0).expect("in range");
        assert_eq!(widened(area), Bounds::new(-77.75, 38.25, -76.75, 39.25).expect("in range"));
        let world = Bounds::new(-180.0, -90.0, 180.0, 90.0).expect("in range");
        assert_eq!(widened(world), world);
    }

    #[test]
    fn an_attribution_is_text_and_no_html() {
        assert_eq!(
            escaped("<img src=x onerror=\"a\"> & co"),
            "&lt;img src=x onerror=&quot;a&quot;&gt; &amp; co"
        );
    }
}
