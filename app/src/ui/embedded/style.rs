//! How the page looks in another page: what the host says of it, put on the document, and its height told as it changes.
//!
//! The rules that go with it are in `app/style/embedded.css`. Values are set one by one on elements, which any policy of a
//! page allows.

use std::cell::{Cell, RefCell};

use gloo::events::EventListener;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, ResizeObserver};

use crate::browser::{page, theme};
use crate::embedded::looks::{Accent, Font, Height, Looks, Radius, Theme};
use crate::ui::ROOT;
use crate::ui::session::{Camera, Session};
use crate::unwrapped::Frame;

thread_local! {
    /// Follows the height of the content, while the frame is as high as that.
    static FOLLOWING: RefCell<Option<Following>> = const { RefCell::new(None) };
    /// Whether the window's size is followed: once is enough for as long as the page lives.
    static FOLLOWS_SIZE: Cell<bool> = const { Cell::new(false) };
}

/// An observer with what it calls.
struct Following {
    observer: ResizeObserver,
    _resized: Closure<dyn FnMut()>,
}

impl Drop for Following {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Makes the page look like this. Where its height follows its content, `higher` is told how high that is, in CSS pixels.
pub fn wear(looks: &Looks, higher: impl Fn(u32) + 'static) {
    let root = page::document().and_then(|document| document.document_element());
    let Some(root) = root.and_then(|root| root.dyn_into::<HtmlElement>().ok()) else { return };
    let set = |name: &str, value: Option<&str>| {
        // Names are fixed and valid.
        let _valid_name = match value {
            Some(value) => root.set_attribute(name, value),
            None => root.remove_attribute(name),
        };
    };
    let height = match looks.height {
        Height::Fixed => "fixed",
        Height::Auto => "auto",
    };
    set("data-embedded", Some(height));
    // Who is told by the host what to look like has nothing to choose.
    set("data-themed", (looks.theme != Theme::Auto).then_some(""));
    match (looks.theme, theme::chosen()) {
        (Theme::Light, _) => theme::show(theme::Theme::Light),
        (Theme::Dark, _) => theme::show(theme::Theme::Dark),
        (Theme::Auto, Some(chosen)) => theme::show(chosen),
        (Theme::Auto, None) => set("data-theme", None),
    }
    let accent = looks.accent.map(Accent::css);
    paint(&root, "--accent", accent.as_deref());
    paint(&root, "--meter", accent.as_deref());
    paint(&root, "--accent-ink", looks.accent.map(Accent::ink));
    let wash = accent.map(|accent| format!("color-mix(in srgb, {accent} 14%, var(--surface))"));
    paint(&root, "--accent-wash", wash.as_deref());
    let radius = looks.radius.map(Radius::css);
    paint(&root, "--embedded-radius", radius.as_deref());
    set("data-radius", radius.is_some().then_some(""));
    if let Some(body) = page::document().and_then(|document| document.body()) {
        paint(&body, "font-family", looks.font.as_ref().map(Font::css));
    }
    let following = (looks.height == Height::Auto).then(|| follow(higher)).flatten();
    FOLLOWING.with_borrow_mut(|before| *before = following);
}

/// Sets a property of an element's own style, or takes it off. What is no value of it changes nothing.
fn paint(element: &HtmlElement, name: &str, value: Option<&str>) {
    let style = element.style();
    let _stays_as_it_is = match value {
        Some(value) => style.set_property(name, value),
        None => style.remove_property(name).map(drop),
    };
}

/// Tells the height of the content now and whenever it changes.
fn follow(higher: impl Fn(u32) + 'static) -> Option<Following> {
    let content = page::element(ROOT)?;
    let observed = content.clone();
    let resized = Closure::<dyn FnMut()>::new(move || {
        higher(content.get_bounding_client_rect().height().ceil() as u32);
    });
    let observer = ResizeObserver::new(resized.as_ref().unchecked_ref()).ok()?;
    observer.observe(&observed);
    Some(Following { observer, _resized: resized })
}

/// Turns the map where it should look when the page comes to be seen: where nobody sees it, as in a hidden tab of the host's,
/// the map has no size to fit anything into.
pub fn look_when_seen(session: Session) {
    let Some(window) = web_sys::window() else { return };
    if FOLLOWS_SIZE.replace(true) {
        return;
    }
    let unseen = Cell::new(is_unseen());
    EventListener::new(&window, "resize", move |_| {
        let was_unseen = unseen.replace(is_unseen());
        if !was_unseen || unseen.get() {
            return;
        }
        let bounds = session
            .manifest
            .with_untracked(|manifest| manifest.as_ref().and_then(|manifest| manifest.bounds));
        let whole = bounds.map(|bounds| Camera::Box(Frame::of(Some(&bounds)).extent(&bounds)));
        let Some(camera) = session.camera.get_untracked().or(whole) else { return };
        // After the map's own look at its size, which comes with the next frame.
        request_animation_frame(move || request_animation_frame(move || session.camera.set(Some(camera))));
    })
    .forget();
}

fn is_unseen() -> bool {
    let width =
        web_sys::window().and_then(|window| window.inner_width().ok()).and_then(|width| width.as_f64());
    width.is_some_and(|width| width == 0.0)
}
