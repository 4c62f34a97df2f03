//! Pictures that are dropped on the page or pasted into it.

use leptos::prelude::*;
use web_sys::{Blob, DataTransfer};

use super::desk;
use super::session::Session;

#[component]
pub fn Giving() -> impl IntoView {
    let session = expect_context::<Session>();
    let over = RwSignal::new(false);
    let holds_files =
        |data: Option<DataTransfer>| data.is_some_and(|data| data.types().includes(&"Files".into(), 0));
    window_event_listener(leptos::ev::dragover, move |event| {
        if holds_files(event.data_transfer()) {
            event.prevent_default();
            over.set(true);
        }
    });
    window_event_listener(leptos::ev::dragleave, move |event| {
        // Without a next element the pointer has left the window.
        if event.related_target().is_none() {
            over.set(false);
        }
    });
    window_event_listener(leptos::ev::drop, move |event| {
        over.set(false);
        if holds_files(event.data_transfer()) {
            event.prevent_default();
            take(session, event.data_transfer(), "The dropped file");
        }
    });
    window_event_listener(leptos::ev::paste, move |event| {
        if holds_files(event.clipboard_data()) {
            event.prevent_default();
            take(session, event.clipboard_data(), "The pasted picture");
        }
    });
    view! {
        <Show when=move || over.get()>
            <div class="drop" data-testid="drop"><p>"Drop the picture: places that look like it are searched for"</p></div>
        </Show>
    }
}

/// Takes the first file.
fn take(session: Session, data: Option<DataTransfer>, otherwise: &str) {
    let file = data.and_then(|data| data.files()).and_then(|files| files.get(0));
    match file {
        Some(file) => {
            let name =
                Some(file.name()).filter(|name| !name.is_empty()).unwrap_or_else(|| otherwise.to_owned());
            desk::give(session, Blob::from(file), name);
        }
        None => session.could_not(format!("{otherwise} is no file that this page can read.")),
    }
}
