//! Who made the imagery, which model searches it, and that nothing typed leaves the browser.

use leptos::prelude::*;

use super::session::Session;
use crate::format::counted;

#[component]
pub fn Footer() -> impl IntoView {
    let session = expect_context::<Session>();
    let about = move || {
        let manifest = session.manifest.get()?;
        let count = counted(manifest.count(), "picture");
        let imagery = match manifest.attribution.trim_end_matches('.') {
            "" => format!("Imagery: licence {}.", manifest.licence),
            made_by => format!("Imagery: {made_by} ({}).", manifest.licence),
        };
        Some(view! {
            <p>{imagery}</p>
            <p>{format!("{count}, searched by the model {} in your browser. Map by Leaflet.", manifest.model.name)}</p>
        })
    };
    view! {
        <footer class="about">
            {about}
            <p>"What you search for stays on this device."</p>
            <p class="keys">
                <kbd>"/"</kbd>" search "<kbd>"↑"</kbd><kbd>"↓"</kbd>" results "<kbd>"Esc"</kbd>" clear"
            </p>
        </footer>
    }
}
