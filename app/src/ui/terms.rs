//! The terms beside the words, as chips: each can be turned into its opposite, weighed, taken back into the box, and removed.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::INPUT;
use super::icons;
use super::picture::{CARD, Picture};
use super::session::Session;
use crate::ask::{About, Origin, Part};
use crate::browser::page;
use crate::format::item;
use crate::protocol::Taken;

#[component]
pub fn Terms() -> impl IntoView {
    let session = expect_context::<Session>();
    let ask = Memo::new(move |_| session.asking().with(|asking| asking.confirmed().clone()));
    let parts = move || ask.with(|ask| ask.parts.iter().cloned().enumerate().collect::<Vec<_>>());
    let is_plain = move || {
        ask.with(|ask| {
            ask.parts.is_empty() && ask.area.is_none() && ask.place.is_none() && ask.taken.is_none()
        })
    };
    let keydown = move |event: KeyboardEvent| {
        let Some(at) = page::focused_attribute("data-term").and_then(|at| at.parse::<usize>().ok()) else {
            return;
        };
        let count = ask.with_untracked(|ask| ask.parts.len());
        match event.key().as_str() {
            "ArrowRight" => page::focus(&chip_id((at + 1).min(count.saturating_sub(1)))),
            "ArrowLeft" => page::focus(&chip_id(at.saturating_sub(1))),
            "Delete" | "Backspace" => {
                remove(session, at);
            }
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <Show when=move || !is_plain()>
            <ul class="terms" aria-label="What is searched for" data-testid="terms" on:keydown=keydown>
                <For each=parts key=|(at, part)| format!("{at} {part:?}") children=move |(at, part)| view! { <Chip at part/> }/>
                {move || ask.with(|ask| ask.place.clone()).map(|place| view! {
                    <Where name=place testid="term-place" take_off=move || session.alter(|ask| ask.place = None)/>
                })}
                {move || ask.with(|ask| ask.area.is_some()).then(|| view! {
                    <Where name="the marked area".to_owned() testid="term-area" take_off=move || session.search_within(None)/>
                })}
                {move || ask.with(|ask| ask.taken).map(|taken| view! {
                    <Where name=days(taken) testid="term-taken" take_off=move || session.alter(|ask| ask.taken = None)/>
                })}
            </ul>
        </Show>
    }
}

fn chip_id(at: usize) -> String {
    format!("term-{at}")
}

/// Removes a term, and gives the focus to the next one, or to the box.
fn remove(session: Session, at: usize) {
    session.remove_part(at);
    let left = session.asking().with_untracked(|asking| asking.confirmed().parts.len());
    match left.checked_sub(1) {
        Some(last) => page::focus(&chip_id(at.min(last))),
        None => page::focus(INPUT),
    }
}

#[component]
fn Chip(at: usize, part: Part) -> impl IntoView {
    let session = expect_context::<Session>();
    let Part { weight, about } = part;
    let name = named(&about);
    let unwanted = weight < 0.0;
    let opened = RwSignal::new(false);
    let turn = move |_| session.weigh(at, if unwanted { Part::PLUS } else { Part::MINUS });
    let weigh = move |event| {
        if let Ok(size) = event_target_value(&event).parse::<f32>() {
            session.weigh(at, if unwanted { -size } else { size });
        }
    };
    let picture = match &about {
        About::Item(id) => Some(view! { <Picture id=id.clone() alt=String::new() edge=CARD/> }),
        _ => None,
    };
    let is_words = matches!(about, About::Words(_));
    let label = if is_words {
        view! {
            <button type="button" class="term-name" id=chip_id(at) title="Change these words" on:click=move |_| {
                session.edit_part(at);
                page::focus(INPUT);
            }>{name.clone()}</button>
        }
        .into_any()
    } else {
        view! { <span class="term-name" id=chip_id(at) tabindex="-1">{name.clone()}</span> }.into_any()
    };
    let (sign, said) = if unwanted { ("\u{2212}", "not wanted") } else { ("+", "wanted") };
    view! {
        <li class="term" class:unwanted=unwanted data-testid="term" data-term=at data-weight=weight.to_string()>
            <button type="button" class="term-sign" on:click=turn title=format!("This is {said}: press for the opposite")>
                <span aria-hidden="true">{sign}</span>
                <span class="out-of-sight">{format!("{name} is {said}: turn round")}</span>
            </button>
            {picture}
            {label}
            <button type="button" class="term-weight" title="How much it counts" data-testid="term-weight"
                aria-expanded=move || opened.get().to_string() on:click=move |_| opened.update(|opened| *opened = !*opened)>
                {format!("× {}", weight.abs())}
            </button>
            <Show when=move || opened.get()>
                <input type="range" min="0.1" max=Part::MOST.to_string() step="0.1" aria-label="How much it counts"
                    prop:value=weight.abs().to_string() on:change=weigh/>
            </Show>
            <button type="button" class="quiet" aria-label=format!("Remove {}", named(&about)) title="Remove" data-testid="term-remove"
                on:click=move |_| remove(session, at)>
                {icons::close()}
            </button>
        </li>
    }
}

#[component]
fn Where(name: String, testid: &'static str, take_off: impl Fn() + 'static) -> impl IntoView {
    let label = format!("Search everywhere instead of {name}");
    view! {
        <li class="term where" data-testid=testid>
            {icons::place()}
            <span class="term-name">{name}</span>
            <button type="button" class="quiet" aria-label=label title="Search everywhere" data-testid="term-remove" on:click=move |_| {
                take_off();
                page::focus(INPUT);
            }>
                {icons::close()}
            </button>
        </li>
    }
}

fn days(Taken { from, to }: Taken) -> String {
    match (from, to) {
        (Some(from), Some(to)) if from == to => format!("taken on {from}"),
        (Some(from), Some(to)) => format!("taken {from} to {to}"),
        (Some(from), None) => format!("taken since {from}"),
        (None, Some(to)) => format!("taken until {to}"),
        (None, None) => "taken on any day".to_owned(),
    }
}

/// What a term is called.
pub fn named(about: &About) -> String {
    match about {
        About::Words(words) => words.clone(),
        About::Item(id) => format!("like {}", item(id)),
        About::Named(named) => match named.origin {
            Origin::Picture => format!("picture {}", named.name),
            Origin::Concept => format!("concept {}", named.name),
        },
    }
}
