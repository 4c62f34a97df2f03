//! The page's side: components, and the state they share in [`session::Session`].

mod add;
mod card;
mod catalog_switch;
pub mod client;
mod copying;
mod desk;
mod detail;
mod draw;
mod draw_preview;
mod draw_surface;
mod embedded;
mod exploring;
mod failure;
mod footer;
mod footprints;
mod given;
mod giving;
mod graticule;
mod grip;
mod groups;
mod header;
mod hit_clusters;
mod icons;
pub mod layer;
mod listing;
mod locate;
mod map;
mod map_marks;
mod map_pane;
mod map_tiles;
mod map_tools;
mod menu;
mod notice;
mod offline;
mod offline_status;
mod picture;
pub mod pictures;
mod progress;
mod results;
mod save;
mod search_box;
pub mod session;
mod shown;
mod side;
mod since;
mod status;
mod teach;
mod terms;
mod update;
mod welcome;

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use crate::ask::Ask;
use crate::browser::{location, page};
use crate::link::Side;
use footer::Footer;
use header::Header;
use map::Map;
use notice::Notice;
use session::{By, Phase, Session};

/// Id of the element that the page is built into.
const ROOT: &str = "app";
/// Id of the search box.
const INPUT: &str = "query";
/// Id of the panel of results.
const RESULTS: &str = "results";
/// Id of what the page shows before this program has arrived.
const BOOT: &str = "boot";

/// Builds the page and starts its session.
pub fn start() {
    std::panic::set_hook(Box::new(|info| {
        page::set_state("failed");
        page::say_broken(&info.to_string());
        leptos::logging::error!("{info}");
    }));
    let Some(root) = page::element(ROOT) else {
        leptos::logging::error!("the document has no element with the id {ROOT}");
        return;
    };
    page::remove(BOOT);
    mount_to(root, App).forget();
}

#[component]
fn App() -> impl IntoView {
    let session = Session::new();
    provide_context(session);
    provide_context(layer::Layer::new(session));
    provide_context(teach::Teaching::new(session));
    provide_context(groups::Groups::new(session));
    provide_context(offline::Offline::new(session));
    let share = RwSignal::new(grip::Share::default());
    Effect::new(move || page::set_state(session.phase.with(Phase::name)));
    session.follow_link();
    location::on_moved(move || session.follow_link());
    page::on_shown(move || session.look_for_newer_now_and_then());
    page::on_connected(move || session.try_again());
    session.start();
    embedded::listen(session);
    let owner = Owner::current();
    window_event_listener(leptos::ev::keydown, move |event| match &owner {
        Some(owner) => owner.with(|| shortcut(session, &event)),
        None => shortcut(session, &event),
    });
    view! {
        <a class="skip" href="#results" on:click=move |event| { event.prevent_default(); page::focus(RESULTS); }>
            "Skip to the results"
        </a>
        <Header/>
        <giving::Giving/>
        <main class="stage" class:no-map=move || !session.has_map() data-share=move || share.get().name()>
            <section class="panel" id=RESULTS tabindex="-1" aria-label="Search results">
                <grip::Grip share/>
                <side::Tabs/>
                <status::Status/>
                <update::Update/>
                <offline_status::OfflineStatus/>
                <Notice/>
                <exploring::Exploring/>
                <desk::Desk/>
                <Show when=move || session.side() == Side::Results fallback=|| view! { <side::Other/> }>
                    <since::SinceWhen/>
                    <teach::Strip/>
                    <Panel/>
                </Show>
                <Footer/>
            </section>
            <Map/>
        </main>
    }
}

/// What stands beside the map, by phase.
#[component]
fn Panel() -> impl IntoView {
    let session = expect_context::<Session>();
    // Results stay in place while the next ones are searched, so that the page does not jump.
    let shown = Memo::new(move |_| match session.phase.get() {
        Phase::Searching if session.hits.with(|hits| !hits.is_empty()) => Shown::Results,
        Phase::Searching => Shown::Nothing,
        Phase::Loading => Shown::Loading,
        Phase::Ready => Shown::Welcome,
        Phase::Results => Shown::Results,
        Phase::Empty => Shown::Empty,
        Phase::Unlikely => Shown::Unlikely,
        Phase::Failed(_) => Shown::Failure,
    });
    move || match shown.get() {
        Shown::Nothing => ().into_any(),
        Shown::Loading => view! { <progress::Loading/> }.into_any(),
        Shown::Welcome => view! { <welcome::Welcome/> }.into_any(),
        Shown::Results => {
            view! { <detail::ListOrDetail><results::Results/></detail::ListOrDetail> }.into_any()
        }
        Shown::Empty => view! { <welcome::NothingFound/> }.into_any(),
        Shown::Unlikely => view! { <welcome::NothingLikely/> }.into_any(),
        Shown::Failure => view! { <failure::FailurePanel/> }.into_any(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Nothing,
    Loading,
    Welcome,
    Results,
    Empty,
    Unlikely,
    Failure,
}

/// Keys that work anywhere, beside those of the list: `/` goes to the search box, Escape closes the details, then lets go of the selection, `l` shows the layer
/// or takes it off, `y`, `n` and `m` are about the selected result, `?` shows them all.
fn shortcut(session: Session, event: &KeyboardEvent) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() || page::is_typing() {
        return;
    }
    match event.key().as_str() {
        "/" => {
            event.prevent_default();
            page::focus(INPUT);
        }
        "l" if session.has_map_untracked() => expect_context::<layer::Layer>().toggle(),
        "?" => page::press(footer::KEYS),
        key @ ("y" | "n" | "m") => {
            let Some(id) =
                session.selected.with_untracked(|selected| selected.as_ref().map(|s| s.id.clone()))
            else {
                return;
            };
            match key {
                "m" => session.search(Ask::like(id)),
                mark => expect_context::<teach::Teaching>().mark(&id, mark == "y"),
            }
        }
        "Escape" if session.has_details() => session.close_details(),
        "Escape" if session.selected.with_untracked(Option::is_some) => session.select(None, By::List),
        _ => {}
    }
}
