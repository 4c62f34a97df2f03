//! The footprints of the hits on the map, each with its rank; many small ones are drawn as one circle with their number.
//!
//! Of thousands only those are drawn that lie in what the map shows or near it, and not all at once, so that none holds up the
//! page.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use gloo::timers::callback::Timeout;
use wasm_bindgen::prelude::*;

use super::hit_clusters::{self, Spot};
use super::map_marks::{Mark, Placed};
use super::session::Session;
use super::shown::Shown;
use crate::browser::leaflet;
use crate::protocol::Hit;
use crate::unwrapped::Frame;

/// Up to so many hits are all drawn, wherever they lie.
const FEW: usize = 60;
/// What is drawn at a time.
const PIECE: usize = 30;

/// What is drawn of the hits. Listeners live as long as what they listen to.
#[derive(Default)]
pub struct Footprints {
    drawn: Rc<RefCell<Drawn>>,
    moved: Option<Closure<dyn FnMut()>>,
}

#[derive(Default)]
struct Drawn {
    on: Option<(leaflet::Map, Session)>,
    /// Best first.
    hits: Vec<Placed>,
    /// By place among the hits.
    marks: BTreeMap<usize, Mark>,
    /// By the places of their members.
    clusters: BTreeMap<Vec<usize>, Mark>,
    selected: Option<String>,
    /// Draws the next piece.
    turn: Option<Timeout>,
}

impl Footprints {
    /// Draws `hits` and nothing else, best on top, the unlikely ones fainter; none is selected.
    pub fn show(&mut self, map: &leaflet::Map, frame: Frame, session: Session, hits: &[Hit]) {
        let drawn = Rc::clone(&self.drawn);
        self.moved.get_or_insert_with(|| {
            let moved = Closure::<dyn FnMut()>::new(move || arrange(&drawn));
            map.on("moveend", moved.as_ref().unchecked_ref());
            moved
        });
        let placed = (1..).zip(hits).filter_map(|(rank, hit)| {
            let extent = frame.extent(hit.footprint.as_ref()?);
            let is_unlikely = session.is_unlikely(hit.similarity);
            Some(Placed { id: hit.id.clone(), rank, extent, is_unlikely })
        });
        if let Ok(mut drawn) = self.drawn.try_borrow_mut() {
            *drawn = Drawn { on: Some((map.clone(), session)), hits: placed.collect(), ..Drawn::default() };
        }
        arrange(&self.drawn);
    }

    /// Highlights the footprint of the item called `id`, and no other.
    pub fn select(&mut self, id: Option<&str>) {
        if let Ok(mut drawn) = self.drawn.try_borrow_mut() {
            if let Some(mark) = drawn.selected().and_then(|place| drawn.marks.get(&place)) {
                mark.set_selected(false);
            }
            drawn.selected = id.map(str::to_owned);
        }
        arrange(&self.drawn);
    }
}

/// Draws what is to be seen, a piece now and the next one a moment later.
fn arrange(drawn: &Rc<RefCell<Drawn>>) {
    // Whoever changes what is drawn arranges it afterwards.
    let Ok(mut now) = drawn.try_borrow_mut() else { return };
    let is_complete = now.draw_piece();
    now.turn = (!is_complete).then(|| {
        let drawn = Rc::clone(drawn);
        Timeout::new(0, move || arrange(&drawn))
    });
}

impl Drawn {
    fn selected(&self) -> Option<usize> {
        self.hits.iter().position(|hit| Some(&hit.id) == self.selected.as_ref())
    }

    /// Takes off what is not to be seen, and draws some of what is. True if nothing is left to draw.
    fn draw_piece(&mut self) -> bool {
        let Some((map, session)) = self.on.clone() else { return true };
        let zoom = map.zoom();
        let spots: Vec<Spot> = self.hits.iter().map(|hit| Spot::of(hit.extent, zoom)).collect();
        let selected = self.selected();
        // A map that was never told where to look has no hits to show, and no view.
        let view = (spots.len() > FEW).then(|| Spot::of(Shown::by(&map).extent, zoom));
        let is_seen = |place: &usize| {
            view.is_none_or(|view| spots.get(*place).is_some_and(|spot| spot.is_within(&view)))
        };
        let mut groups = hit_clusters::groups(&spots, selected);
        let mut is_alone: Vec<bool> = (0..spots.len()).map(|place| is_seen(&place)).collect();
        for member in groups.iter().flatten() {
            if let Some(is_alone) = is_alone.get_mut(*member) {
                *is_alone = false;
            }
        }
        groups.retain(|group| group.first().is_some_and(is_seen));
        self.marks.retain(|place, _| is_alone.get(*place).copied().unwrap_or_default());
        self.clusters.retain(|members, _| groups.contains(members));

        let mut left = PIECE;
        let mut one_more = || {
            left = left.saturating_sub(1);
            left > 0
        };
        let mut is_complete = true;
        groups.retain(|group| !self.clusters.contains_key(group));
        for group in groups {
            if !one_more() {
                is_complete = false;
                break;
            }
            let members: Vec<&Placed> = group.iter().filter_map(|member| self.hits.get(*member)).collect();
            if let Some(mark) = Mark::many(&map, session, &members) {
                self.clusters.insert(group, mark);
            }
        }
        let mut some_came = false;
        // What comes to the map comes on top, so the best comes last.
        for (place, hit) in self.hits.iter().enumerate().rev() {
            if is_alone.get(place) != Some(&true) || self.marks.contains_key(&place) {
                continue;
            }
            if !one_more() {
                is_complete = false;
                break;
            }
            some_came = true;
            self.marks.insert(place, Mark::one(&map, session, hit));
        }
        if some_came {
            self.marks.values().rev().for_each(Mark::bring_to_front);
        }
        if is_complete {
            self.label(&spots);
        }
        if let Some(mark) = selected.and_then(|place| self.marks.get(&place)) {
            mark.bring_to_front();
            mark.set_selected(true);
        }
        is_complete
    }

    /// Shows the ranks that there is room for.
    fn label(&mut self, spots: &[Spot]) {
        let hits = &self.hits;
        let rank = |place: &usize| hits.get(*place).map_or(0, |hit| hit.rank);
        let ranked: Vec<_> =
            self.marks.keys().map(|place| Some((*spots.get(*place)?, rank(place)))).collect();
        for ((place, mark), has_room) in self.marks.iter_mut().zip(hit_clusters::roomy(&ranked)) {
            mark.set_label(rank(place), has_room);
        }
    }
}
