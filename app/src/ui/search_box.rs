//! The search box: words, which are searched for as they are typed, Enter, and example queries as suggestions.

use leptos::ev::{KeyboardEvent, SubmitEvent};
use leptos::prelude::*;

use super::icons;
use super::session::{Phase, Session};
use crate::browser::page;
use crate::link::MAX_QUERY;

/// Id of the text field.
pub const INPUT: &str = "query";
const SUGGESTIONS: &str = "suggestions";

#[component]
pub fn SearchBox() -> impl IntoView {
    let session = expect_context::<Session>();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        session.search_words();
    };
    let keydown = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.prevent_default();
            session.clear();
        }
    };
    let clear = move |_| {
        session.clear();
        page::focus(INPUT);
    };
    let examples =
        move || session.manifest.get().map(|manifest| manifest.examples.clone()).unwrap_or_default();
    let busy = move || session.phase.with(|phase| *phase == Phase::Searching);
    let something =
        move || session.words.with(|words| !words.is_empty()) || session.ask.with(Option::is_some);
    view! {
        <form class="search" role="search" on:submit=submit aria-busy=move || busy().to_string()>
            <label class="out-of-sight" for=INPUT>"Search the imagery in words"</label>
            <span class="search-icon">{icons::search()}</span>
            <input id=INPUT data-testid="search-input" type="text" enterkeyhint="search" autocomplete="off"
                autocapitalize="none" spellcheck="true" maxlength=MAX_QUERY list=SUGGESTIONS
                placeholder="Describe what to find, e.g. “baseball field”"
                prop:value=move || session.words.get()
                on:input=move |event| session.typed(event_target_value(&event))
                on:change=move |_| session.typed_all()
                on:keydown=keydown/>
            <datalist id=SUGGESTIONS>
                <For each=examples key=|example| example.clone() children=|example| view! { <option value=example></option> }/>
            </datalist>
            <Show when=something>
                <button type="button" class="quiet clear" aria-label="Clear the search" title="Clear (Escape)" on:click=clear>
                    {icons::close()}
                </button>
            </Show>
            <button type="submit" class="primary" data-testid="search-button">"Search"</button>
        </form>
    }
}
