//! The column of tools on the map: the whole screen, where the person is, and where to search.

use clip_rs_search::Polygon;
use leptos::html::Section;
use leptos::prelude::*;

use super::draw::Shape;
use super::draw_surface::Draw;
use super::icons;
use super::locate::Locate;
use super::menu::Menu;
use super::session::Session;
use super::shown::Shown;
use crate::browser::leaflet::Map;
use crate::browser::{fullscreen, options, page};

/// Id of the button that opens the choice of where to search.
const BUTTON: &str = "tool-draw";

#[component]
pub fn MapTools(
    map: RwSignal<Option<Map>, LocalStorage>,
    /// None until the map was told where to look.
    shown: RwSignal<Option<Shown>>,
    /// The map with its tools.
    frame: NodeRef<Section>,
    draw: Draw,
) -> impl IntoView {
    let said = RwSignal::new(None::<String>);
    view! {
        <Show when=move || shown.with(Option::is_some)>
            <div class="map-tools">
                <FullScreen map frame/>
                <Locate map said/>
                <Where map draw/>
            </div>
        </Show>
        <div class="map-said">
            <p role="status" data-testid="draw-help">{move || draw.help().map(|[say, keys]| view! {
                {say}<span class="by-keys">" "{keys}</span>
            })}</p>
            <p role="status" data-testid="locate-said">{move || said.get()}</p>
            <Show when=move || said.with(Option::is_some)>
                <button type="button" class="quiet" aria-label="Close" title="Close" on:click=move |_| said.set(None)>
                    {icons::close()}
                </button>
            </Show>
        </div>
    }
}

#[component]
fn FullScreen(map: RwSignal<Option<Map>, LocalStorage>, frame: NodeRef<Section>) -> impl IntoView {
    let is_full = RwSignal::new(false);
    fullscreen::on_change(move || {
        is_full.set(frame.get_untracked().is_some_and(|frame| fullscreen::is_filled_by(&frame)));
        if let Some(map) = map.get_untracked() {
            map.invalidate_size(&options(&[("animate", false.into())]));
        }
    });
    let toggle = move |_| {
        if is_full.get_untracked() {
            fullscreen::leave();
        } else if let Some(frame) = frame.get_untracked() {
            fullscreen::fill(&frame);
        }
    };
    let label = move || if is_full.get() { "Leave the whole screen" } else { "Map on the whole screen" };
    fullscreen::is_offered().then(|| {
        view! {
            <button type="button" class="tool" data-testid="tool-fullscreen" title=label aria-label=label
                aria-pressed=move || is_full.get().to_string() on:click=toggle>
                {move || if is_full.get() { icons::leave_fullscreen().into_any() } else { icons::fullscreen().into_any() }}
            </button>
        }
    })
}

/// Where to search: in an outline that is drawn, in what the map shows, or everywhere.
#[component]
fn Where(map: RwSignal<Option<Map>, LocalStorage>, draw: Draw) -> impl IntoView {
    let session = expect_context::<Session>();
    let menu = Menu::new(BUTTON, ".where-tool");
    let toggle = move |_| {
        if draw.is_on() {
            draw.stop();
        } else {
            menu.toggle();
        }
    };
    let start = move |shape: Shape| {
        move |_| {
            let by_keys = page::is_focus_seen();
            menu.close();
            draw.start(shape, by_keys);
        }
    };
    let in_view = move |_| {
        menu.back();
        if let Some(map) = map.get_untracked() {
            session.search_within(Shown::by(&map).extent.bounds().map(Polygon::from));
        }
    };
    let everywhere = move |_| {
        menu.back();
        session.search_within(None);
    };
    let is_everywhere = move || session.asking().with(|asking| asking.confirmed().area.is_none());
    let label = move || if draw.is_on() { "Stop drawing" } else { "Where to search: draw an area" };
    view! {
        <div class="where-tool" on:keydown=move |event| menu.keydown(&event) on:focusout=move |event| menu.left(&event)>
            <button type="button" class="tool" id=BUTTON data-testid="tool-draw" title=label aria-label=label
                aria-expanded=move || menu.is_open().to_string() aria-controls="where-list"
                aria-pressed=move || draw.is_on().to_string() on:click=toggle>
                {move || if draw.is_on() { icons::close().into_any() } else { icons::draw().into_any() }}
            </button>
            <ul class="menu" id="where-list" hidden=move || !menu.is_open()>
                <li><button type="button" data-testid="draw-rectangle" on:click=start(Shape::Rectangle)>"Draw a rectangle"<small>"and search only there"</small></button></li>
                <li><button type="button" data-testid="draw-polygon" on:click=start(Shape::Polygon)>"Draw a polygon"<small>"corner by corner"</small></button></li>
                <li><button type="button" data-testid="draw-view" on:click=in_view>"Search in this view"<small>"only what the map shows now"</small></button></li>
                <li><button type="button" data-testid="draw-everywhere" disabled=is_everywhere on:click=everywhere>"Search everywhere"<small>"without an area"</small></button></li>
            </ul>
        </div>
    }
}
