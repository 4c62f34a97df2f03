//! One of the catalog's pictures as an `<img>`, with a place kept for it while it comes or if it cannot.

use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::pictures::BlobUrl;
use super::session::Session;

#[derive(Clone)]
enum State {
    Coming,
    Here(Rc<BlobUrl>),
    Absent,
}

/// The picture of the item with this id.
#[component]
pub fn Picture(id: String, alt: String) -> impl IntoView {
    let session = expect_context::<Session>();
    let state = RwSignal::new_local(State::Coming);
    Effect::new(move || {
        session.attempt.track();
        let Some(pictures) = session.pictures.get() else { return };
        if matches!(state.get_untracked(), State::Here(_)) {
            return;
        }
        let Some(key) = pictures.paths().key_of_item(&id) else { return state.set(State::Absent) };
        spawn_local(async move {
            let got = match pictures.get(&key).await {
                Some(Ok(url)) => State::Here(url),
                Some(Err(error)) => {
                    session.damaged(&error);
                    State::Absent
                }
                None => State::Absent,
            };
            // The card may be gone by now.
            state.try_set(got);
        });
    });
    move || {
        match state.get() {
        State::Coming => view! { <span class="picture coming" aria-hidden="true"></span> }.into_any(),
        State::Absent => {
            view! { <span class="picture absent" role="img" aria-label="The picture could not be loaded"></span> }.into_any()
        }
        State::Here(url) => {
            let alt = alt.clone();
            view! { <img class="picture" data-testid="result-image" width="256" height="256" alt=alt src=url.as_str().to_owned()/> }.into_any()
        }
    }
    }
}
