//! Drawing on the map: what fingers, pens, the mouse and keys do while an outline is drawn, and its preview.

use clip_rs_search::Polygon;
use gloo::timers::callback::Timeout;
use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent, TouchEvent};
use leptos::prelude::*;

use super::draw::{Drawing, Shape};
use super::draw_preview::preview;
use super::session::Session;
use super::shown::Shown;
use crate::browser::leaflet::{Map, lat_lng, pixels};

/// A shorter way between pressing and releasing is a click, pixels.
const DRAG: f64 = 8.0;
/// So near a corner that corner is meant, pixels: by the mouse, and by other pointers.
const REACH: (f64, f64) = (10.0, 22.0);
/// What a browser makes of the last press (a click, a double click) comes within this time, milliseconds.
const LATE_MS: u32 = 400;

/// What is being drawn. Copies are handles to the same state.
#[derive(Clone, Copy)]
pub struct Draw {
    map: RwSignal<Option<Map>, LocalStorage>,
    drawing: RwSignal<Option<Drawing>>,
    /// Where the next corner would be.
    pointer: RwSignal<Option<[f64; 2]>>,
    /// Whether keys set the next corner, in the middle of the map.
    by_keys: RwSignal<bool>,
    /// Whether an outline was just done: what its last press still causes is not for the map.
    is_fresh: RwSignal<bool>,
    press: StoredValue<Option<Press>>,
}

/// A pointer that is down.
#[derive(Debug, Clone, Copy)]
struct Press {
    pointer: i32,
    at: (f64, f64),
    /// Whether it set a corner when it went down.
    has_set: bool,
}

impl Draw {
    /// Nothing drawn on `map`: its signals belong to the reactive owner at hand.
    pub fn new(map: RwSignal<Option<Map>, LocalStorage>) -> Self {
        Self {
            map,
            drawing: RwSignal::new(None),
            pointer: RwSignal::new(None),
            by_keys: RwSignal::new(false),
            is_fresh: RwSignal::new(false),
            press: StoredValue::new(None),
        }
    }

    /// Begins another outline; the map takes the keyboard focus. With `by_keys`, its middle is where corners are set.
    pub fn start(self, shape: Shape, by_keys: bool) {
        self.drawing.set(Some(Drawing::new(shape)));
        self.press.set_value(None);
        self.use_keys(by_keys);
        if let Some(map) = self.map.get_untracked() {
            // A map that cannot be focused is drawn on with the pointer.
            let _stays_where_it_is = map.container().focus();
        }
    }

    /// Lets go of the outline.
    pub fn stop(self) {
        self.drawing.set(None);
        self.pointer.set(None);
        self.press.set_value(None);
    }

    /// Whether something is being drawn.
    pub fn is_on(self) -> bool {
        self.drawing.with(Option::is_some)
    }

    /// What to do next, for people: with a pointer, and with keys.
    pub fn help(self) -> Option<[&'static str; 2]> {
        self.drawing.with(|drawing| drawing.as_ref().map(Drawing::help))
    }

    /// Enter sets a corner in the middle of the map or finishes, Backspace takes one back, Escape stops. Keys that mean
    /// something here mean nothing elsewhere.
    pub fn keydown(self, session: Session, event: &KeyboardEvent) {
        let on_map = self
            .map
            .get_untracked()
            .is_some_and(|map| event.target().is_some_and(|target| target == map.container().into()));
        if self.drawing.with_untracked(Option::is_none)
            || event.ctrl_key()
            || event.meta_key()
            || event.alt_key()
        {
            return;
        }
        match event.key().as_str() {
            "Escape" => self.stop(),
            // A key that is held down sets one corner.
            "Enter" if on_map && !event.repeat() => self.enter(session),
            "Backspace" if on_map => self.change(Drawing::take_back),
            // The map moves itself.
            "ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight" if on_map => return self.use_keys(true),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    }

    /// Sets a corner at the cross. Who draws with a pointer finishes, or is shown the cross.
    fn enter(self, session: Session) {
        let done = self.drawing.with_untracked(|drawing| drawing.as_ref().and_then(Drawing::close));
        match self.pointer.get_untracked() {
            Some(at) if self.by_keys.get_untracked() => self.put(session, at, REACH.0),
            _ if done.is_some() => self.finish(session, done),
            _ => self.use_keys(true),
        }
    }

    fn use_keys(self, by_keys: bool) {
        self.by_keys.set(by_keys);
        let middle = self.map.get_untracked().map(|map| map.centre()).map(|at| [at.lng(), at.lat()]);
        self.pointer.set(middle.filter(|_| by_keys));
    }

    fn change(self, change: impl FnOnce(&mut Drawing)) {
        self.drawing.update(|drawing| {
            if let Some(drawing) = drawing {
                change(drawing);
            }
        });
    }

    /// Sets a corner, and searches within the outline if it is done.
    fn put(self, session: Session, at: [f64; 2], reach: f64) {
        let Some(map) = self.map.get_untracked() else { return };
        let on_screen = |[lng, lat]: [f64; 2]| {
            let point = map.pixels_of(&lat_lng(lat, lng));
            (point.x(), point.y())
        };
        let here = on_screen(at);
        let is_here = |corner| apart(on_screen(corner), here) <= reach;
        let mut done = None;
        self.change(|drawing| done = drawing.put(at, is_here));
        if done.is_some() {
            self.finish(session, done);
        }
    }

    fn finish(self, session: Session, done: Option<Polygon>) {
        self.stop();
        self.is_fresh.set(true);
        Timeout::new(LATE_MS, move || self.is_fresh.set(false)).forget();
        session.search_within(done);
    }

    /// Where on the map an event happened: in its pixels, and in degrees.
    fn place(self, event: &MouseEvent) -> Option<((f64, f64), [f64; 2])> {
        let map = self.map.get_untracked()?;
        let edges = map.container().get_bounding_client_rect();
        let (x, y) = (f64::from(event.client_x()) - edges.left(), f64::from(event.client_y()) - edges.top());
        let position = map.position_at(&pixels(x, y));
        Some(((x, y), [position.lng(), position.lat()]))
    }

    fn down(self, session: Session, event: &PointerEvent) {
        if !event.is_primary() || event.button() != 0 {
            // A second finger zooms the map; the first one then draws nothing.
            return self.abandon();
        }
        let Some((at, position)) = self.place(event) else { return };
        let is_first = self.drawing.with_untracked(|drawing| {
            drawing.as_ref().is_some_and(|one| one.shape() == Shape::Rectangle && one.corners().is_empty())
        });
        if is_first {
            self.put(session, position, reach(event));
        }
        self.press.set_value(Some(Press { pointer: event.pointer_id(), at, has_set: is_first }));
        self.by_keys.set(false);
    }

    fn moved(self, event: &PointerEvent) {
        let is_down = self.press.get_value().is_some_and(|press| press.pointer == event.pointer_id());
        if is_down || event.pointer_type() == "mouse" {
            self.by_keys.set(false);
            self.pointer.set(self.place(event).map(|(_, position)| position));
        }
    }

    fn up(self, session: Session, event: &PointerEvent) {
        let Some(press) = self.press.get_value().filter(|press| press.pointer == event.pointer_id()) else {
            return;
        };
        self.press.set_value(None);
        let Some((at, position)) = self.place(event) else { return };
        // Whoever presses, moves and lets go draws a rectangle at once.
        if !press.has_set || apart(press.at, at) >= DRAG {
            self.put(session, position, reach(event));
        }
        if event.pointer_type() != "mouse" {
            self.pointer.set(None);
        }
    }

    /// Forgets the pointer that is down.
    fn abandon(self) {
        if self.press.get_value().is_some_and(|press| press.has_set) {
            self.change(Drawing::take_back);
        }
        self.press.set_value(None);
    }
}

fn reach(event: &PointerEvent) -> f64 {
    if event.pointer_type() == "mouse" { REACH.0 } else { REACH.1 }
}

fn apart(one: (f64, f64), other: (f64, f64)) -> f64 {
    (one.0 - other.0).hypot(one.1 - other.1)
}

/// What lies over the map while an outline is drawn, so that the map is not dragged. It stands inside the map's element:
/// the wheel, keys and two fingers still move the map.
#[component]
pub fn DrawSurface(draw: Draw, shown: RwSignal<Option<Shown>>) -> impl IntoView {
    let session = expect_context::<Session>();
    preview(draw.map, draw.drawing, draw.pointer);
    Effect::new(move || {
        shown.track();
        if draw.drawing.with_untracked(Option::is_some) && draw.by_keys.get_untracked() {
            draw.use_keys(true);
        }
    });
    let grasp = move |event: PointerEvent| {
        event.stop_propagation();
        draw.down(session, &event);
        let surface: web_sys::HtmlElement = event_target(&event);
        // Without capture the drag ends at the map's edge, which is no harm.
        let _ends_at_the_edge = surface.set_pointer_capture(event.pointer_id());
    };
    let touched = move |event: TouchEvent| {
        if event.touches().length() < 2 {
            event.stop_propagation();
        }
    };
    let keep = |event: MouseEvent| event.stop_propagation();
    view! {
        <Show when=move || draw.is_on() || draw.is_fresh.get()>
            <div class="draw-surface" data-testid="draw-surface"
                on:pointerdown=grasp
                on:pointermove=move |event| draw.moved(&event)
                on:pointerup=move |event| draw.up(session, &event)
                on:pointercancel=move |_| draw.abandon()
                on:touchstart=touched on:mousedown=keep on:click=keep on:dblclick=keep
                on:contextmenu=move |event| event.prevent_default()>
                <Show when=move || draw.is_on() && draw.by_keys.get()>
                    <span class="draw-cross" data-testid="draw-cross"></span>
                </Show>
            </div>
        </Show>
    }
}
