//! Who made the imagery, which model searches it, and that nothing typed leaves the browser.

use leptos::prelude::*;

use super::session::Session;
use crate::format::counted;

/// Id of what shows the keys.
pub const KEYS: &str = "keys";
const ALL_KEYS: [(&str, &str); 9] = [
    ("/", "the search box"),
    ("↑ ↓", "through the results"),
    ("Enter", "the map at a result"),
    ("y", "yes, the selected result is what I mean"),
    ("n", "no, it is not"),
    ("m", "more like the selected result"),
    ("l", "how well every place fits, on the map"),
    ("Esc", "clear, or let go"),
    ("?", "these keys"),
];

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
            <details class="keys">
                <summary id=KEYS>"Keys " <kbd>"?"</kbd></summary>
                <ul>{ALL_KEYS.map(|(key, what)| view! { <li><kbd>{key}</kbd>{what}</li> }).collect_view()}</ul>
            </details>
        </footer>
    }
}
