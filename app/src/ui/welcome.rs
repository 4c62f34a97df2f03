//! What stands where results will be: an invitation with example queries, or that nothing was found.

use leptos::prelude::*;

use super::RESULTS;
use super::session::Session;
use crate::ask::Ask;
use crate::browser::page;
use crate::format::counted;

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
    let session = expect_context::<Session>();
    let is_change = move || session.compared.with(Option::is_some);
    view! {
        <div class="welcome">
            <h2>{move || if is_change() { "Nothing has changed" } else { "Nothing looks like that" }}</h2>
            <p class="soft">"Try other words, or fewer of them. Describe what is seen from above."</p>
            <Examples/>
        </div>
    }
}

/// Everything that was found is far from what was asked.
#[component]
pub fn NothingLikely() -> impl IntoView {
    let session = expect_context::<Session>();
    let asked = move || match session.wanted().only_words() {
        Some(words) => format!("Nothing here looks like “{words}”"),
        None => "Nothing here looks like that".to_owned(),
    };
    let show = move |_| {
        session.show_nearest();
        page::focus(RESULTS);
    };
    view! {
        <div class="welcome" data-testid="nothing-likely">
            <h2>{asked}</h2>
            <p class="soft">"Or the words are not ones that the model knows: it reads English, and was taught what is seen from above."</p>
            <p><button type="button" class="plain" data-testid="show-nearest" on:click=show>"Show what comes nearest"</button></p>
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
        let ask = Ask::words(&example);
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
