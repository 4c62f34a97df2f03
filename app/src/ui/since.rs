//! The choice of another date, to see what has changed since then: other catalogs of the same ground, or an earlier day of this one.

use clip_rs_catalog::{Date, ListedCatalog};
use leptos::ev::Event;
use leptos::prelude::*;

use super::session::Session;
use crate::ask::Ask;
use crate::browser::location;
use crate::catalogs;

/// The choice, where there is any.
#[component]
pub fn SinceWhen() -> impl IntoView {
    let session = expect_context::<Session>();
    let since =
        Memo::new(move |_| session.asking().with(|asking| asking.confirmed().since().map(str::to_owned)));
    let choices = Memo::new(move |_| choices(session, since.get()));
    let choose = move |event: Event| {
        let since = Some(event_target_value(&event)).filter(|chosen| !chosen.is_empty());
        session.search(Ask { words: None, parts: Vec::new(), since, ..session.confirmed() });
    };
    let is_day = move || since.with(|since| since.as_deref().is_some_and(is_day));
    // The choice itself stays on the page, and so keeps the focus.
    let option = move |(value, name): (String, String)| {
        let is_chosen = {
            let value = value.clone();
            move || since.with(|since| since.as_ref() == Some(&value))
        };
        view! { <option value=value prop:selected=is_chosen>{name}</option> }
    };
    view! {
        <Show when=move || !choices.with(Vec::is_empty)>
            <div class="since">
                <label>"What has changed since "
                    <select data-testid="since" autocomplete="off" on:change=choose>
                        <option value="" prop:selected=move || since.with(Option::is_none)>"…"</option>
                        <For each=move || choices.get() key=Clone::clone children=option/>
                    </select>
                </label>
                <Show when=is_day>
                    <label>"Earlier is until "
                        <input type="date" data-testid="since-day" prop:value=move || since.get().unwrap_or_default() on:change=choose/>
                    </label>
                </Show>
            </div>
        </Show>
    }
}

fn is_day(since: &str) -> bool {
    since.parse::<Date>().is_ok()
}

/// What can be compared with, as links say it and as people read it; what is chosen is among it.
fn choices(session: Session, since: Option<String>) -> Vec<(String, String)> {
    let Some(manifest) = session.manifest.get() else { return Vec::new() };
    let at_hand = catalogs::at_hand();
    let is_other = |listed: &&ListedCatalog| {
        location::absolute(listed.url.as_str()).as_ref() != Some(&at_hand)
            && listed.can_be_compared_with(&manifest)
    };
    let choice = |listed: &ListedCatalog| (listed.url.to_string(), catalogs::titled(listed));
    let mut choices: Vec<_> =
        session.listed.with(|listed| listed.iter().filter(is_other).map(choice).collect());
    let days = manifest.captured.map(|[first, last]| (first, last)).or(session.days.get());
    let first = days.filter(|(first, last)| first < last).map(|(first, _)| first.to_string());
    let (day, other) = match since {
        Some(since) if is_day(&since) => (Some(since), None),
        other => (first, other),
    };
    choices.extend(day.map(|day| (day, "an earlier day of this catalog".to_owned())));
    if let Some(other) = other.filter(|other| !choices.iter().any(|(value, _)| value == other)) {
        choices.push((other.clone(), other));
    }
    choices
}
