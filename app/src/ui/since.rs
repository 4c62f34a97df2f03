//! The choice of another date, to see what has changed since then: other catalogs of the same ground, or an earlier day of this one.

use clip_rs_catalog::{Date, ListedCatalog};
use leptos::ev::Event;
use leptos::prelude::*;

use super::catalog_switch::option;
use super::session::Session;
use crate::ask::Ask;
use crate::browser::location;
use crate::catalogs;

/// The choice, where there is any.
#[component]
pub fn SinceWhen() -> impl IntoView {
    let session = expect_context::<Session>();
    let since =
        move || session.asking().with(|asking| asking.confirmed().since().unwrap_or_default().to_owned());
    let choose = move |event: Event| {
        let since = Some(event_target_value(&event)).filter(|chosen| !chosen.is_empty());
        session.search(Ask { words: None, parts: Vec::new(), since, ..session.confirmed() });
    };
    let options = move || {
        let since = since();
        let option = |(value, name): (String, String)| {
            let is_chosen = value == since;
            option(value, name, is_chosen, false)
        };
        choices(session, &since).into_iter().map(option).collect_view()
    };
    // The choice itself stays on the page, and so keeps the focus.
    view! {
        <div class="since" hidden=move || choices(session, &since()).len() < 2>
            <label>"What has changed since "
                <select data-testid="since" autocomplete="off" on:change=choose>{options}</select>
            </label>
            <label hidden=move || !is_day(&since())>"Earlier is until "
                <input type="date" data-testid="since-day" prop:value=since on:change=choose/>
            </label>
        </div>
    }
}

fn is_day(since: &str) -> bool {
    since.parse::<Date>().is_ok()
}

/// What can be compared with, as links say it and as people read it, behind nothing; what is chosen is among it.
fn choices(session: Session, since: &str) -> Vec<(String, String)> {
    let mut choices = vec![(String::new(), "…".to_owned())];
    let Some(manifest) = session.manifest.get() else { return choices };
    let at_hand = catalogs::at_hand();
    let is_other = |listed: &&ListedCatalog| {
        location::absolute(listed.url.as_str()).as_ref() != Some(&at_hand)
            && listed.can_be_compared_with(&manifest)
    };
    let choice = |listed: &ListedCatalog| (listed.url.to_string(), catalogs::titled(listed));
    session.listed.with(|listed| choices.extend(listed.iter().filter(is_other).map(choice)));
    let first = session.days.get().filter(|(first, last)| first < last).map(|(first, _)| first.to_string());
    let day = if is_day(since) { Some(since.to_owned()) } else { first };
    choices.extend(day.map(|day| (day, "an earlier day of this catalog".to_owned())));
    if !choices.iter().any(|(value, _)| value == since) {
        choices.push((since.to_owned(), since.to_owned()));
    }
    choices
}
