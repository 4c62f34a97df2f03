//! What stands where results will be: an invitation with example queries, or that nothing was found.

use leptos::prelude::*;

use super::session::Session;
use crate::format::counted;
use crate::protocol::Ask;

#[component]
pub fn Welcome() -> impl IntoView {
    let session = expect_context::<Session>();
    let about = move || {
        let manifest = session.manifest.get()?;
        let count = counted(manifest.count(), "aerial picture");
        let made = if manifest.synthetic { " The landscape is invented: no such place exists." } else { "" };
        Some(format!("{count} of {}.{made}", manifest.title))
    };
    view! {
        <div class="welcome">
            <h2>"What are you looking for?"</h2>
            <p class="soft">{about}</p>
            <p class="soft">"Say it in plain words. Places that look like it are marked on the map."</p>
            <Examples/>
        </div>
    }
}

#[component]
pub fn NothingFound() -> impl IntoView {
    view! {
        <div class="welcome">
            <h2>"Nothing looks like that"</h2>
            <p class="soft">"Try other words, or fewer of them. Describe what is seen from above."</p>
            <Examples/>
        </div>
    }
}

/// Example queries as buttons.
#[component]
fn Examples() -> impl IntoView {
    let session = expect_context::<Session>();
    let examples =
        move || session.manifest.get().map(|manifest| manifest.examples.clone()).unwrap_or_default();
    let chip = move |example: String| {
        let ask = Ask::Text(example.clone());
        view! {
            <li>
                <button type="button" class="chip" data-testid="example" on:click=move |_| session.search(ask.clone())>
                    {example}
                </button>
            </li>
        }
    };
    view! {
        <ul class="chips" aria-label="Example searches">
            <For each=examples key=|example| example.clone() children=chip/>
        </ul>
    }
}
