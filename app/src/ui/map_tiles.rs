//! The map's tiles: elements whose pictures come later, checked like every other. Where a tile is not there, the part of the
//! nearest one further out is shown, enlarged. Pictures are backgrounds, of which a part can be shown.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use clip_rs_catalog::TileId;
use js_sys::{Function, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Element, HtmlElement, HtmlImageElement};

use super::pictures::{BlobUrl, Pictures};
use super::session::{Lack, Session};
use crate::browser::leaflet::{self, Layer, lat_lng_bounds};
use crate::browser::{options, page};
use crate::unwrapped::Extent;
use crate::zooms::{self, Zooms};

/// Attribute that says which of the map's tiles this is.
const KEY: &str = "data-key";
/// How far a tile reaches over its right and lower neighbour, pixels. Where tiles do not begin on whole pixels of the screen,
/// the ground would shine through between them.
const OVERLAP: f64 = 0.5;

type CreateTile = dyn FnMut(JsValue, Function) -> JsValue;

/// The layer of one catalog's tiles; it is taken off the map when this is dropped.
pub struct MapTiles {
    layer: Layer,
    maker: Rc<Maker>,
    _create: Closure<CreateTile>,
    _unload: Closure<dyn FnMut(JsValue)>,
}

struct Maker {
    session: Session,
    pictures: Rc<Pictures>,
    zooms: Zooms,
    next_key: Cell<u32>,
    /// What the map shows without its picture.
    failed: RefCell<HashMap<String, Failed>>,
    /// The pictures that the map shows.
    held: RefCell<HashMap<String, Rc<BlobUrl>>>,
}

struct Failed {
    element: HtmlElement,
    tile: TileId,
    _lack: Lack,
}

impl MapTiles {
    /// The tiles of `pictures` on the map, which lie in `area`.
    pub fn new(
        map: &leaflet::Map,
        session: Session,
        pictures: Rc<Pictures>,
        zooms: Zooms,
        area: Extent,
    ) -> Self {
        let deepest = zooms::deepest(Some(zooms));
        let zooms = zooms.on_screen(page::pixel_ratio());
        let layer = leaflet::grid_layer(&options(&[
            ("tileSize", zooms.edge().into()),
            ("minNativeZoom", zooms.native.0.into()),
            ("maxNativeZoom", zooms.native.1.into()),
            ("minZoom", zooms.shown_from.into()),
            ("maxZoom", deepest.into()),
            ("bounds", lat_lng_bounds(area)),
            // Else Leaflet would compare the area with tiles as they lie within 180 degrees.
            ("noWrap", true.into()),
            ("keepBuffer", 1.into()),
        ]));
        let maker = Rc::new(Maker {
            session,
            pictures,
            zooms,
            next_key: Cell::new(0),
            failed: RefCell::default(),
            held: RefCell::default(),
        });
        let making = Rc::clone(&maker);
        let create = Closure::<CreateTile>::new(move |at: JsValue, done: Function| {
            making.create(&at, done).map_or(JsValue::NULL, JsValue::from)
        });
        leaflet::set_create_tile(&layer, create.as_ref().unchecked_ref());
        let forgetting = Rc::clone(&maker);
        let unload = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let tile =
                Reflect::get(&event, &"tile".into()).ok().and_then(|tile| tile.dyn_into::<Element>().ok());
            if let Some(key) = tile.and_then(|tile| tile.get_attribute(KEY)) {
                forgetting.forget(&key);
            }
        });
        layer.on_layer("tileunload", unload.as_ref().unchecked_ref());
        layer.add_to_map(map);
        Self { layer, maker, _create: create, _unload: unload }
    }

    /// Tries again to get what could not be had.
    pub fn retry(&self) {
        let failed = std::mem::take(&mut *self.maker.failed.borrow_mut());
        for (key, failed) in failed {
            let Failed { element, tile, .. } = &failed;
            let (maker, element, tile) = (Rc::clone(&self.maker), element.clone(), *tile);
            // What it lacks is said until it is known whether that is still so.
            spawn_local(async move {
                maker.fill(key, element, tile, None).await;
                drop(failed);
            });
        }
    }
}

impl Drop for MapTiles {
    fn drop(&mut self) {
        self.layer.remove_layer();
    }
}

impl Maker {
    /// The element of one tile; its picture comes later, and `done` tells Leaflet so.
    fn create(self: &Rc<Self>, at: &JsValue, done: Function) -> Option<HtmlElement> {
        let element: HtmlElement = page::document()?.create_element("div").ok()?.dyn_into().ok()?;
        let number = |name: &str| Reflect::get(at, &name.into()).ok()?.as_f64();
        let key = self.next_key.replace(self.next_key.get().wrapping_add(1)).to_string();
        let tile = self.zooms.tile(number("x")?, number("y")?, number("z")?);
        let Some(tile) = tile else {
            // Beyond the pyramid there is nothing to wait for.
            finish(&done, &element);
            return Some(element);
        };
        // Fixed names without white space cannot be refused.
        let _valid_names = element.set_attribute(KEY, &key);
        let _valid_names = element.set_attribute("data-tile", &tile.to_string());
        let (maker, filled) = (Rc::clone(self), element.clone());
        spawn_local(async move { maker.fill(key, filled, tile, Some(done)).await });
        Some(element)
    }

    async fn fill(&self, key: String, element: HtmlElement, tile: TileId, done: Option<Function>) {
        let got = self.pictures.map_tile(tile).await;
        let failed = got.is_err();
        // A fixed class name without white space cannot be refused.
        let _valid_name = element.class_list().toggle_with_force("damaged", failed);
        match got {
            Ok(Some((shown, url))) => {
                self.session.heard();
                decode(url.as_str()).await;
                place(&element, url.as_str(), tile, shown, self.zooms.edge());
                self.held.borrow_mut().insert(key.clone(), url);
            }
            Ok(None) => {}
            // The map may have let go of it meanwhile.
            Err(trouble) if element.is_connected() => {
                let lack = self.session.lacks(trouble);
                let failed = Failed { element: element.clone(), tile, _lack: lack };
                self.failed.borrow_mut().insert(key.clone(), failed);
            }
            Err(_) => {}
        }
        done.iter().for_each(|done| finish(done, &element));
        if !element.is_connected() {
            self.forget(&key);
        }
    }

    fn forget(&self, key: &str) {
        self.held.borrow_mut().remove(key);
        let failed = self.failed.borrow_mut().remove(key);
        // Dropped here, when nothing is borrowed: it changes what the page says.
        drop(failed);
    }
}

/// Waits until the browser has made pixels of the picture at `url`, so that it is there when it is shown.
async fn decode(url: &str) {
    let Ok(image) = HtmlImageElement::new() else { return };
    image.set_src(url);
    // What cannot be decoded cannot be shown either: the ground stays.
    let _stays_empty = JsFuture::from(image.decode()).await;
}

/// Lets `element`, which stands for `tile`, show the part of `shown`, the picture at `url`, that is that tile. `edge` is a
/// tile's, in pixels.
fn place(element: &HtmlElement, url: &str, tile: TileId, shown: TileId, edge: f64) {
    let times = 1_u32 << (tile.z() - shown.z());
    let (left, top) = (f64::from(tile.x() % times) * edge, f64::from(tile.y() % times) * edge);
    let side = edge + OVERLAP;
    let whole = f64::from(times) * edge + OVERLAP;
    let style = element.style();
    for (name, value) in [
        ("width", format!("{side}px")),
        ("height", format!("{side}px")),
        ("background-image", format!("url(\"{url}\")")),
        ("background-size", format!("{whole}px")),
        ("background-position", format!("-{left}px -{top}px")),
    ] {
        // Lengths and blob URLs are valid values of these properties.
        let _valid_values = style.set_property(name, &value);
    }
    if times > 1 {
        // A fixed name without white space cannot be refused.
        let _valid_name = element.set_attribute("data-from", &shown.to_string());
    }
}

fn finish(done: &Function, element: &HtmlElement) {
    // Leaflet's callback throws only where the map is already gone.
    let _map_is_gone = done.call2(&JsValue::UNDEFINED, &JsValue::NULL, element);
}
