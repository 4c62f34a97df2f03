//! The footprints of the hits on the map, each with its rank; many small ones are drawn as one circle with their number.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::hit_clusters::{self, Spot};
use super::session::{By, Session};
use crate::browser::leaflet::{self, Layer, lat_lng, lat_lng_bounds};
use crate::browser::options;
use crate::protocol::Hit;
use crate::unwrapped::{Extent, Frame};

/// Zooms that a click on a cluster goes further in at most, so that people see where they come to.
const CLOSER: f64 = 4.0;
/// Pixels kept free around what a cluster holds.
const MARGIN: f64 = 60.0;

/// What is drawn of the hits. Listeners live as long as what they listen to.
#[derive(Default)]
pub struct Footprints {
    drawn: Rc<RefCell<Drawn>>,
    zoomed: Option<Closure<dyn FnMut()>>,
}

#[derive(Default)]
struct Drawn {
    on: Option<(leaflet::Map, Session)>,
    /// Best first.
    footprints: Vec<Footprint>,
    clusters: Vec<Cluster>,
    selected: Option<String>,
}

struct Footprint {
    id: String,
    /// From 1.
    rank: usize,
    extent: Extent,
    layer: Layer,
    is_shown: bool,
    _clicked: Closure<dyn FnMut()>,
}

/// Footprints that are drawn as one.
struct Cluster {
    members: Vec<usize>,
    layer: Layer,
    _clicked: Closure<dyn FnMut()>,
}

impl Footprints {
    /// Draws `hits` and nothing else, best on top, the unlikely ones fainter; none is selected.
    pub fn show(&mut self, map: &leaflet::Map, frame: Frame, session: Session, hits: &[Hit]) {
        let drawn = Rc::clone(&self.drawn);
        self.zoomed.get_or_insert_with(|| {
            let zoomed = Closure::<dyn FnMut()>::new(move || {
                // Whoever changes what is drawn arranges it afterwards.
                if let Ok(mut drawn) = drawn.try_borrow_mut() {
                    drawn.arrange();
                }
            });
            map.on("zoomend", zoomed.as_ref().unchecked_ref());
            zoomed
        });
        let mut drawn = self.drawn.borrow_mut();
        drawn.clear();
        drawn.on = Some((map.clone(), session));
        for (rank, hit) in hits.iter().enumerate() {
            if let Some(bounds) = &hit.footprint {
                let is_unlikely = session.is_unlikely(hit.similarity);
                let extent = frame.extent(bounds);
                drawn.footprints.push(Footprint::new(session, (rank + 1, is_unlikely), &hit.id, extent));
            }
        }
        drawn.arrange();
    }

    /// Highlights the footprint of the item called `id`, and no other.
    pub fn select(&mut self, id: Option<&str>) {
        let mut drawn = self.drawn.borrow_mut();
        drawn.mark(false);
        drawn.selected = id.map(str::to_owned);
        drawn.arrange();
    }
}

impl Drawn {
    fn clear(&mut self) {
        self.clusters.clear();
        for footprint in self.footprints.drain(..) {
            footprint.layer.remove_layer();
        }
        self.selected = None;
    }

    /// Draws each footprint by itself or as a part of a cluster, and ranks where there is room for them.
    fn arrange(&mut self) {
        let Some((map, session)) = self.on.clone() else { return };
        let zoom = map.zoom();
        let spots: Vec<Spot> =
            self.footprints.iter().map(|footprint| Spot::of(footprint.extent, zoom)).collect();
        let selected = self.footprints.iter().position(|one| Some(&one.id) == self.selected.as_ref());
        let groups = hit_clusters::groups(&spots, selected);
        let mut by_itself = vec![true; spots.len()];
        for member in groups.iter().flatten() {
            if let Some(by_itself) = by_itself.get_mut(*member) {
                *by_itself = false;
            }
        }
        // What comes to the map comes on top: also of better ones that stay.
        let (mut some_came, mut is_ordered) = (false, true);
        for (footprint, by_itself) in self.footprints.iter_mut().zip(by_itself).rev() {
            let stays = footprint.is_shown && by_itself;
            some_came |= footprint.show(&map, by_itself);
            is_ordered &= !(stays && some_came);
        }
        if !is_ordered {
            self.footprints.iter().rev().for_each(|footprint| footprint.layer.bring_to_front());
        }
        if self.clusters.iter().map(|cluster| &cluster.members).ne(&groups) {
            self.clusters.clear();
            self.clusters = groups
                .into_iter()
                .filter_map(|members| Cluster::draw(&map, session, &self.footprints, members))
                .collect();
        }
        let ranked: Vec<_> = self
            .footprints
            .iter()
            .zip(spots)
            .map(|(one, spot)| one.is_shown.then_some((spot, one.rank)))
            .collect();
        for (footprint, has_room) in self.footprints.iter().zip(hit_clusters::roomy(&ranked)) {
            let label = footprint.layer.tooltip().and_then(|label| label.element());
            if let Some(label) = label {
                // A fixed class name without white space cannot be refused.
                let _valid_name = label.class_list().toggle_with_force("crowded", !has_room);
            }
        }
        self.mark(true);
    }

    fn mark(&self, on: bool) {
        let Some(footprint) = self.footprints.iter().find(|one| Some(&one.id) == self.selected.as_ref())
        else {
            return;
        };
        if on {
            footprint.layer.bring_to_front();
        }
        if let Some(element) = footprint.layer.element() {
            // A fixed class name without white space cannot be refused.
            let _valid_name = element.class_list().toggle_with_force("selected", on);
        }
    }
}

impl Footprint {
    /// A footprint that is not on the map yet.
    fn new(session: Session, (rank, is_unlikely): (usize, bool), id: &str, extent: Extent) -> Self {
        let class = if is_unlikely { "footprint unlikely" } else { "footprint" };
        let settings = options(&[("className", class.into()), ("radius", 12.into())]);
        let layer = if extent.is_point() {
            leaflet::circle_marker(&lat_lng(extent.south, extent.west), &settings)
        } else {
            leaflet::rectangle(&lat_lng_bounds(extent), &settings)
        };
        label(&layer, rank, "rank-label");
        let id = id.to_owned();
        let clicked = {
            let id = id.clone();
            Closure::<dyn FnMut()>::new(move || session.select(Some(&id), By::Map))
        };
        layer.on_layer("click", clicked.as_ref().unchecked_ref());
        Self { id, rank, extent, layer, is_shown: false, _clicked: clicked }
    }

    /// Puts it on the map or takes it off; true if it came.
    fn show(&mut self, map: &leaflet::Map, is_shown: bool) -> bool {
        let came = is_shown && !self.is_shown;
        if came {
            self.layer.add_to_map(map);
            // Each time it is another element.
            name(&self.layer, &[("data-testid", "footprint"), ("data-id", &self.id)]);
        } else if self.is_shown && !is_shown {
            self.layer.remove_layer();
        }
        self.is_shown = is_shown;
        came
    }
}

impl Cluster {
    /// A circle in the middle of its members. None without members.
    fn draw(map: &leaflet::Map, session: Session, all: &[Footprint], members: Vec<usize>) -> Option<Self> {
        let within: Vec<&Footprint> = members.iter().filter_map(|member| all.get(*member)).collect();
        let best = within.first()?.id.clone();
        let extent = within.iter().map(|one| one.extent).reduce(Extent::union)?;
        let count = within.len();
        let mean = |of: fn(&Footprint) -> f64| within.iter().map(|one| of(one)).sum::<f64>() / count as f64;
        let (lng, lat) = (mean(|one| one.extent.centre().0), mean(|one| one.extent.centre().1));
        let radius = 12.0 + 5.0 * (count as f64).log10();
        let settings = options(&[("className", "hit-cluster".into()), ("radius", radius.into())]);
        let layer = leaflet::circle_marker(&lat_lng(lat, lng), &settings);
        label(&layer, count, "rank-label cluster-count");
        let clicked = {
            let map = map.clone();
            Closure::<dyn FnMut()>::new(move || open(&map, session, extent, &best))
        };
        layer.on_layer("click", clicked.as_ref().unchecked_ref());
        layer.add_to_map(map);
        name(&layer, &[("data-testid", "hit-cluster"), ("data-count", &count.to_string())]);
        Some(Self { members, layer, _clicked: clicked })
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.layer.remove_layer();
    }
}

/// Shows what a cluster holds; where the map goes no deeper, its best hit.
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

fn label(layer: &Layer, number: usize, class: &str) {
    let settings = [("permanent", true.into()), ("direction", "center".into()), ("className", class.into())];
    layer.bind_tooltip(&number.to_string(), &options(&settings));
}

fn name(layer: &Layer, names: &[(&str, &str)]) {
    let Some(element) = layer.element() else { return };
    for (name, value) in names {
        // Names and values are fixed or ids: attributes take any text.
        let _valid_names = element.set_attribute(name, value);
    }
}
