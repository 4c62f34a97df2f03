//! The search box: words, which are searched for as they are typed, Enter, and example queries as suggestions.

use leptos::ev::{KeyboardEvent, SubmitEvent};
use leptos::prelude::*;

use super::INPUT;
use super::add::Add;
use super::icons;
use super::session::{Phase, Session};
use crate::ask::Asking;
use crate::browser::page;

const SUGGESTIONS: &str = "suggestions";
/// The key code of a key that an input method has taken (UI Events, section 7.3.1); Safari says no more of it.
const COMPOSING: u32 = 229;

#[component]
pub fn SearchBox() -> impl IntoView {
    let session = expect_context::<Session>();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        session.search_words();
    };
    let keydown = move |event: KeyboardEvent| {
        // Keys belong to the input method while it composes: Enter takes a suggestion, Escape drops one.
        if event.is_composing() || event.key_code() == COMPOSING {
            if event.key() == "Enter" {
                event.prevent_default();
            }
            return;
        }
        if event.key() == "Escape" {
            event.prevent_default();
            session.clear();
        }
    };
    let clear = move |_| {
        session.clear();
        page::focus(INPUT);
    };
    let suggested = move || session.suggestions().into_iter().map(|one| one.text).collect::<Vec<_>>();
    let unwanted = move || session.asking().with(Asking::is_unwanted);
    let busy = move || session.phase.with(|phase| *phase == Phase::Searching);
    let something = move || {
        session.asking().with(|asking| {
            !asking.text().is_empty()
                || !asking.confirmed().has_no_terms()
                || asking.confirmed().since.is_some()
        })
    };
    view! {
        <form class="search" role="search" on:submit=submit aria-busy=move || busy().to_string()>
            <label class="out-of-sight" for=INPUT>"Search the imagery in words"</label>
            <span class="search-icon">
                {move || if unwanted() { view! { <span class="minus" data-testid="unwanted">"\u{2212}"</span> }.into_any() } else { icons::search().into_any() }}
            </span>
            <input id=INPUT data-testid="search-input" type="text" enterkeyhint="search" autocomplete="off"
                autocapitalize="none" spellcheck="true" list=SUGGESTIONS
                placeholder=move || if unwanted() { "But not … e.g. cars" } else { "What to find" }
                prop:value=move || session.asking().with(|asking| asking.text().to_owned())
                on:input=move |event| session.typed(event_target_value(&event))
                on:blur=move |_| session.leave_box()
                on:keydown=keydown/>
            <datalist id=SUGGESTIONS>
                <For each=suggested key=|example| example.clone() children=|example| view! { <option value=example></option> }/>
            </datalist>
            <Show when=something>
                <button type="button" class="quiet clear" aria-label="Clear the search" title="Clear (Escape)" on:click=clear>
                    {icons::close()}
                </button>
            </Show>
            <Add/>
            <button type="submit" class="primary" data-testid="search-button">"Search"</button>
        </form>
    }
}
