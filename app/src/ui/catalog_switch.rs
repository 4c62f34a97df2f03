//! The name of the area, and where the page may show several catalogs, the choice of another one in its place: what is chosen is
//! the name of what is shown, so that the two never stand beside each other.

use clip_rs_catalog::{CatalogUrl, ListedCatalog};
use leptos::ev::Event;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::session::{Phase, Session};
use crate::browser::{location, page};
use crate::catalogs;

/// A catalog that can be chosen.
#[derive(Debug, Clone, PartialEq)]
struct Choice {
    title: String,
    /// As it is listed; none for the catalog at hand where the list does not have it.
    url: Option<CatalogUrl>,
    is_at_hand: bool,
}

#[component]
pub fn Area() -> impl IntoView {
    let session = expect_context::<Session>();
    let title = move || session.manifest.get().map(|manifest| manifest.title.clone());
    let listed = session.listed;
    // What can be searched comes first. The host of a widget says itself which catalog it shows.
    Effect::new(move |asked: Option<bool>| {
        let asked = asked.unwrap_or_else(location::is_framed);
        let is_time = session.phase.with(|phase| *phase != Phase::Loading);
        if is_time && !asked {
            spawn_local(async move {
                // Without a list there is nothing to choose.
                if let Ok(list) = catalogs::listed().await {
                    listed.set(list.entries().to_vec());
                }
            });
        }
        asked || is_time
    });
    let choices = Memo::new(move |_| listed.with(|listed| choices(listed, title())));
    let choose = move |event: Event| {
        let chosen = event_target_value(&event);
        location::go(&catalogs::page_of(&chosen, &session.confirmed()));
        // Until the page is another one it is about this catalog, and again if "back" finds it as it was left.
        let at_hand = choices.with_untracked(|choices| choices.iter().find(|one| one.is_at_hand).cloned());
        let url = at_hand.and_then(|one| one.url).map(String::from);
        page::set_value(&event, &url.unwrap_or_default());
    };
    move || {
        let choices = choices.get();
        if choices.len() < 2 {
            return view! { <p class="area">{title}</p> }.into_any();
        }
        let option = |Choice { title, url, is_at_hand }: Choice| {
            let is_unlisted = url.is_none();
            option(url.map(String::from).unwrap_or_default(), title, is_at_hand, is_unlisted)
        };
        view! {
            <label class="area">
                <span class="out-of-sight">"Catalog"</span>
                <select data-testid="catalog-switch" autocomplete="off" on:change=choose>
                    {choices.into_iter().map(option).collect_view()}
                </select>
            </label>
        }
        .into_any()
    }
}

/// What can be chosen: all that is listed, and what is shown, which is called `title`.
fn choices(listed: &[ListedCatalog], title: Option<String>) -> Vec<Choice> {
    let at_hand = catalogs::at_hand();
    let choice = |listed: &ListedCatalog| Choice {
        title: catalogs::titled(listed),
        url: Some(listed.url.clone()),
        is_at_hand: location::absolute(listed.url.as_str()).as_ref() == Some(&at_hand),
    };
    let mut choices: Vec<Choice> = listed.iter().map(choice).collect();
    if !choices.is_empty() && !choices.iter().any(|choice| choice.is_at_hand) {
        let title = title.unwrap_or_else(|| "Another catalog".to_owned());
        choices.insert(0, Choice { title, url: None, is_at_hand: true });
    }
    choices
}

/// What a list offers: the value that it stands for, and what people read.
pub fn option(value: String, name: String, is_chosen: bool, is_disabled: bool) -> impl IntoView {
    view! { <option value=value prop:selected=is_chosen disabled=is_disabled>{name}</option> }
}
