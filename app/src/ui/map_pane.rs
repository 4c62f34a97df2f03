//! What Leaflet draws: the area, its tiles, the footprints, and where the map looks.

use std::cell::Cell;
use std::rc::Rc;

use clip_rs_catalog::{Bounds, Manifest};
use clip_rs_search::Polygon;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

use super::footprints::Footprints;
use super::layer::Overlay;
use super::map_tiles::MapTiles;
use super::pictures::Pictures;
use super::session::{Camera, Session};
use super::shown::Shown;
use crate::browser::leaflet::{self, Layer, lat_lng, lat_lng_bounds, lat_lngs};
use crate::browser::{options, page, reason};
use crate::link::MapView;
use crate::protocol::Hit;
use crate::unwrapped::{Extent, Frame, wrapped};
use crate::zooms::{self, Zooms};

/// Pixels kept free around what is to be seen.
const MARGIN: f64 = 36.0;
/// Edge of the smallest map that anybody looks at, pixels.
const SMALLEST: f64 = 256.0;
/// A tile's edges are not known to the last digit.
const ROUNDING: f64 = 0.01;

/// A Leaflet map and what is on it. Listeners live as long as what they listen to.
pub struct MapPane {
    map: leaflet::Map,
    session: Session,
    area: Option<Area>,
    quiet: Rc<Cell<bool>>,
    /// What the view may not lose sight of.
    kept: Rc<Cell<Option<Extent>>>,
    tiles: Option<MapTiles>,
    footprints: Footprints,
    /// Of what is searched.
    outlines: Vec<Layer>,
    /// How well every place fits.
    overlay: Option<Layer>,
    _moved: Closure<dyn FnMut()>,
    _resized: Closure<dyn FnMut()>,
}

/// The area that the map is of.
struct Area {
    frame: Frame,
    extent: Extent,
    zooms: Option<Zooms>,
    attribution: String,
}

impl Area {
    /// None if nothing in the catalog has a place.
    fn of(manifest: &Manifest) -> Option<Self> {
        let bounds = manifest.bounds.as_ref()?;
        let frame = Frame::of(Some(bounds));
        // Said once, by whoever made it or by us.
        let says_so = manifest.attribution.to_lowercase().contains("synthetic");
        let made = if manifest.synthetic && !says_so { "Synthetic imagery · " } else { "" };
        Some(Self {
            frame,
            extent: frame.extent(bounds),
            zooms: manifest.tiles.as_ref().map(Zooms::of),
            attribution: escaped(&format!("{made}{}", manifest.attribution)),
        })
    }
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
        // Above the attribution, in the same corner: however long that is, neither covers the other.
        let scale = [("maxWidth", 140.into()), ("position", "bottomright".into())];
        leaflet::scale(&options(&scale)).add_to(&map);
        let quiet = Rc::new(Cell::new(true));
        let moved = {
            let (map, quiet) = (map.clone(), Rc::clone(&quiet));
            Closure::<dyn FnMut()>::new(move || {
                if !quiet.get() {
                    let (at, zoom) = (map.centre(), map.zoom());
                    session.looked(MapView { zoom, lat: at.lat(), lng: wrapped(at.lng()) }, shown_by(&map));
                }
            })
        };
        map.on("moveend", moved.as_ref().unchecked_ref());
        let kept = Rc::new(Cell::new(None));
        let resized = {
            let (map, kept) = (map.clone(), Rc::clone(&kept));
            Closure::<dyn FnMut()>::new(move || keep_in_sight(&map, kept.get()))
        };
        map.on("zoomend resize", resized.as_ref().unchecked_ref());
        Ok(Self {
            map,
            session,
            area: None,
            quiet,
            kept,
            tiles: None,
            footprints: Footprints::default(),
            outlines: Vec::new(),
            overlay: None,
            _moved: moved,
            _resized: resized,
        })
    }

    /// The map itself, for its tools.
    pub fn map(&self) -> leaflet::Map {
        self.map.clone()
    }

    /// Shows the area and the tiles of a catalog. Where to look is what the camera says, or else the whole area, unless the
    /// map shows a part of it already.
    pub fn show_catalog(
        &mut self,
        manifest: &Manifest,
        pictures: Option<Rc<Pictures>>,
        camera: Option<Camera>,
    ) {
        self.tiles = None;
        let before = self.area.take();
        if let (Some(before), Some(attribution)) = (&before, self.map.attribution()) {
            attribution.remove_attribution(&before.attribution);
        }
        let Some(area) = Area::of(manifest) else { return };
        if let Some(attribution) = self.map.attribution() {
            attribution.add_attribution(&area.attribution);
        }
        let whole = area.extent.zoom_to_fit(SMALLEST);
        self.map.set_min_zoom(zooms::shallowest(area.zooms, whole));
        self.map.set_max_zoom(zooms::deepest(area.zooms));
        let stays = before.is_some_and(|before| before.extent.intersects(area.extent));
        let (extent, zooms) = (area.extent, area.zooms);
        self.area = Some(area);
        if !stays {
            self.quiet.set(true);
            // The area before keeps nothing any more.
            self.kept.set(None);
            self.map.set_max_bounds(&JsValue::NULL);
            // The map's element may just have come to be seen.
            self.map.invalidate_size(&options(&[("animate", false.into())]));
            let still = [("animate", false.into()), ("maxZoom", zooms::finest(zooms).into())];
            self.map.fit_bounds(&lat_lng_bounds(extent), &options(&still));
            if let Some(camera) = camera {
                self.look(camera);
            }
        }
        self.kept.set(Some(extent));
        keep_in_sight(&self.map, Some(extent));
        if let (Some(pictures), Some(zooms)) = (pictures, zooms) {
            self.tiles = Some(MapTiles::new(&self.map, self.session, pictures, zooms, extent));
        }
        self.quiet.set(false);
        self.session.shows(shown_by(&self.map));
    }

    /// Tries again to get tiles that could not be had.
    pub fn retry_tiles(&self) {
        if let Some(tiles) = &self.tiles {
            tiles.retry();
        }
    }

    /// Draws the footprints of `hits`, best on top, each with its rank.
    pub fn show_hits(&mut self, hits: &[Hit]) {
        let frame = self.area.as_ref().map(|area| area.frame);
        // Without an area no hit has a place.
        let (frame, hits) = frame.map_or((Frame::of(None), &[][..]), |frame| (frame, hits));
        self.footprints.show(&self.map, frame, self.session, hits);
    }

    /// Outlines what is searched, or nothing.
    pub fn show_searched(&mut self, within: &[Polygon]) {
        for outline in self.outlines.drain(..) {
            outline.remove_layer();
        }
        let Some(area) = &self.area else { return };
        for within in within {
            let style = options(&[("className", "searched".into()), ("interactive", false.into())]);
            let outline = leaflet::polygon(&lat_lngs(&area.frame.ring(within)), &style);
            outline.add_to_map(&self.map);
            self.outlines.push(outline);
        }
    }

    /// Lays a picture over the tiles and below the footprints, or none.
    pub fn show_overlay(&mut self, overlay: Option<&Overlay>) {
        if let Some(before) = self.overlay.take() {
            before.remove_layer();
        }
        if let Some(Overlay { url, extent }) = overlay {
            let style = options(&[("className", "similarity-layer".into()), ("interactive", false.into())]);
            let layer = leaflet::image_overlay(url, &lat_lng_bounds(*extent), &style);
            layer.add_to_map(&self.map);
            self.overlay = Some(layer);
        }
    }

    /// How opaque that picture is, 0 to 1.
    pub fn fade_overlay(&self, opacity: f64) {
        if let Some(overlay) = &self.overlay {
            overlay.set_opacity(opacity);
        }
    }

    /// Highlights the footprint of the item called `id`, and no other.
    pub fn select(&mut self, id: Option<&str>) {
        self.footprints.select(id);
    }

    /// Turns the map there; it flies unless the person asked for less motion.
    pub fn look(&self, camera: Camera) {
        // Until the area is known there is nothing to fly over: it takes the camera's place over when it comes.
        let Some(area) = &self.area else { return };
        // In a frame that nobody sees the map has no size to fit anything into.
        if self.map.size().x() <= 0.0 {
            return;
        }
        let finest = zooms::finest(area.zooms);
        let fly = !page::prefers_less_motion() && !self.quiet.get();
        let motion = options(&[
            ("animate", fly.into()),
            ("duration", 0.8.into()),
            ("maxZoom", finest.into()),
            ("padding", js_sys::Array::of2(&MARGIN.into(), &MARGIN.into()).into()),
        ]);
        match camera {
            Camera::View(MapView { zoom, lat, lng }) => {
                let at = lat_lng(lat, area.frame.longitude(lng));
                self.map.set_view(&at, zoom, &options(&[("animate", false.into())]));
            }
            Camera::Box(extent) if fly => self.map.fly_to_bounds(&lat_lng_bounds(extent), &motion),
            Camera::Box(extent) => self.map.fit_bounds(&lat_lng_bounds(extent), &motion),
            Camera::Item(extent) => {
                let ((lng, lat), near) = (extent.centre(), self.map.zoom());
                // An item larger than the map's finest tiles is shown whole.
                let best = (extent.zoom_to_fit(SMALLEST) + ROUNDING).floor().min(finest);
                let zoom = if (near - best).abs() > 1.0 { best } else { near };
                let at = lat_lng(lat, lng);
                if fly { self.map.fly_to(&at, zoom, &motion) } else { self.map.set_view(&at, zoom, &motion) }
            }
        }
    }
}

impl Drop for MapPane {
    fn drop(&mut self) {
        self.tiles = None;
        self.map.remove();
    }
}

/// Keeps an area in sight, at a zoom and a size of the map that just changed.
fn keep_in_sight(map: &leaflet::Map, area: Option<Extent>) {
    if let Some(area) = area {
        let size = map.size();
        map.set_max_bounds(&lat_lng_bounds(area.widened(map.zoom(), (size.x(), size.y()))));
    }
}

/// The box that a map shows.
fn shown_by(map: &leaflet::Map) -> Option<Bounds> {
    Shown::by(map).extent.bounds()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribution_is_text_and_no_html() {
        assert_eq!(
            escaped("<img src=x onerror=\"a\"> & co"),
            "&lt;img src=x onerror=&quot;a&quot;&gt; &amp; co"
        );
    }
}
