//! The map: the catalog's own tiles, and the footprint of every hit.
//!
//! The component only passes signals on to a [`MapPane`], which owns what Leaflet draws.

use gloo::timers::callback::Timeout;
use leptos::html::{Div, Section};
use leptos::prelude::*;

use super::draw_surface::{Draw, DrawSurface};
use super::graticule::Graticule;
use super::layer::{Layer, Legend};
use super::map_pane::MapPane;
use super::map_tools::MapTools;
use super::session::Session;
use super::shown;

#[component]
pub fn Map() -> impl IntoView {
    let session = expect_context::<Session>();
    let (node, frame) = (NodeRef::<Div>::new(), NodeRef::<Section>::new());
    let pane = RwSignal::new_local(None::<MapPane>);
    let broken = RwSignal::new(None::<String>);
    // What the tools work with: the map, and what it shows.
    let (map, shown) = (RwSignal::new_local(None), RwSignal::new(None));
    let following = StoredValue::new_local(None);
    let draw = Draw::new(map);
    Effect::new(move || {
        let Some(element) = node.get() else { return };
        match MapPane::new(&element, session) {
            Ok(made) => {
                following.set_value(Some(shown::follow(&made.map(), shown)));
                map.set(Some(made.map()));
                pane.set(Some(made));
            }
            Err(reason) => broken.set(Some(reason)),
        }
    });
    let on_pane = move |show: &dyn Fn(&mut MapPane)| {
        pane.track();
        pane.update_untracked(|pane| {
            if let Some(pane) = pane {
                show(pane);
            }
        });
    };
    // The order matters: where there is no view yet, the area's is taken.
    Effect::new(move || {
        let (manifest, pictures) = (session.manifest.get(), session.pictures.get());
        let camera = session.camera.get_untracked();
        on_pane(&|pane| {
            if let Some(manifest) = &manifest {
                pane.show_catalog(manifest, pictures.clone(), camera);
            }
        });
    });
    // The list comes first; the map has its turn after it, so that neither makes the page wait for the other.
    let turn = StoredValue::new_local(None::<Timeout>);
    Effect::new(move || {
        pane.track();
        session.hits.track();
        let draw = move || {
            let hits = session.hits.get_untracked();
            let selected = session.selected.get_untracked();
            pane.update_untracked(|pane| {
                if let Some(pane) = pane {
                    pane.show_hits(&hits);
                    pane.select(selected.as_ref().map(|selected| selected.id.as_str()));
                }
            });
        };
        turn.set_value(Some(Timeout::new(0, draw)));
    });
    Effect::new(move || {
        let selected = session.selected.get();
        on_pane(&|pane| pane.select(selected.as_ref().map(|selected| selected.id.as_str())));
    });
    Effect::new(move || {
        // An outline lies in the frame of a catalog.
        session.manifest.track();
        session.knows_places();
        let areas = session.asking().with(|asking| session.areas_of(asking.confirmed()));
        on_pane(&|pane| pane.show_searched(&areas));
    });
    let layer = expect_context::<Layer>();
    Effect::new(move || {
        let overlay = layer.overlay();
        on_pane(&|pane| pane.show_overlay(overlay.as_ref()));
        let opacity = layer.opacity.get_untracked();
        on_pane(&|pane| pane.fade_overlay(opacity));
    });
    Effect::new(move || {
        let opacity = layer.opacity.get();
        on_pane(&|pane| pane.fade_overlay(opacity));
    });
    Effect::new(move || {
        if let Some(camera) = session.camera.get() {
            on_pane(&|pane| pane.look(camera));
        }
    });
    Effect::new(move || {
        if session.attempt.get() > 0 {
            on_pane(&|pane| pane.retry_tiles());
        }
    });
    let label = move || {
        let title =
            session.manifest.get().map_or(String::new(), |manifest| format!(" of {}", manifest.title));
        format!(
            "Map{title}. Arrow keys move it, plus and minus zoom. What it marks is also in the list of results."
        )
    };
    view! {
        <section class="map-frame" aria-label="Map" node_ref=frame on:keydown=move |event| draw.keydown(session, &event)>
            <div class="map" data-testid="map" role="application" aria-label=label node_ref=node>
                <Graticule shown/>
                <DrawSurface draw shown/>
            </div>
            <Legend/>
            <MapTools map shown frame draw/>
            {move || broken.get().map(|reason| view! {
                <p class="map-broken" role="alert">"The map could not be started ("{reason}"). Reload the page to try again."</p>
            })}
        </section>
    }
}
