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
    move || {
        let choices = choices.get();
        if choices.is_empty() {
            return None;
        }
        let chosen = since.get().unwrap_or_default();
        let day = chosen.parse::<Date>().ok();
        let option = |(value, name): (String, String)| {
            let selected = value == chosen;
            view! { <option value=value selected=selected>{name}</option> }
        };
        Some(view! {
            <div class="since">
                <label>"What has changed since "
                    <select data-testid="since" autocomplete="off" on:change=choose>
                        <option value="" selected=chosen.is_empty()>"…"</option>
                        {choices.into_iter().map(option).collect_view()}
                    </select>
                </label>
                {day.map(|_| view! {
                    <label>"earlier is until " <input type="date" data-testid="since-day" value=chosen.clone() on:change=choose/></label>
                })}
            </div>
        })
    }
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
    if let Some((first, _)) = days.filter(|(first, last)| first < last) {
        choices.push((first.to_string(), "an earlier day of this catalog".to_owned()));
    }
    if let Some(since) = since.filter(|since| !choices.iter().any(|(value, _)| value == since)) {
        let name =
            if since.parse::<Date>().is_ok() { "an earlier day of this catalog" } else { since.as_str() };
        let name = name.to_owned();
        choices.retain(|(value, _)| value.parse::<Date>().is_err() || since.parse::<Date>().is_err());
        choices.push((since, name));
    }
    choices
}
