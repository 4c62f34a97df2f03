//! One line that says what the page is doing. Screen readers hear it too, but not while a query is being typed.

use leptos::prelude::*;

use super::session::{Phase, Session};
use crate::ask::{About, Ask, MAX_WORDS};
use crate::format::{bytes, counted, grouped, item, millis};
use crate::protocol::LookedAt;

#[component]
pub fn Status() -> impl IntoView {
    let session = expect_context::<Session>();
    let text = move || match session.phase.get() {
        Phase::Loading => "Loading the search engine…".to_owned(),
        Phase::Ready => {
            let count =
                session.manifest.with(|manifest| manifest.as_ref().map_or(0, |manifest| manifest.count()));
            format!("Ready: {} to search.", counted(count, "picture"))
        }
        Phase::Searching => "Searching…".to_owned(),
        Phase::Results => {
            let asked = asked(&session.wanted());
            let (count, line) = (session.hits.with(|hits| hits.len()), session.line());
            let above = |line: f32| {
                session.hits.with(|hits| hits.iter().filter(|hit| hit.similarity >= line).count())
            };
            match line.map(above).filter(|likely| *likely < count) {
                None => format!("{} for {asked}", counted(count, "result")),
                Some(0) => format!("None likely of {} for {asked}", counted(count, "result")),
                Some(likely) => format!("{likely} likely of {} for {asked}", counted(count, "result")),
            }
        }
        Phase::Unlikely => format!("Nothing here looks like {}", asked(&session.wanted())),
        Phase::Empty => format!("No results for {}", asked(&session.wanted())),
        Phase::Failed(_) => "Something went wrong.".to_owned(),
    };
    let announced = Memo::new(
        move |last: Option<&String>| {
            if session.is_draft() { last.cloned().unwrap_or_default() } else { text() }
        },
    );
    let timing = move || {
        let timing = session.timing.get().filter(|_| session.phase.with(|phase| *phase == Phase::Results))?;
        let (encode, search) = (millis(timing.encode_ms), millis(timing.search_ms));
        Some(view! {
            <span class="timing" title=format!("Reading the query {encode}, searching {search}, all in this browser")>
                {millis(timing.encode_ms + timing.search_ms)}
            </span>
        })
    };
    let is_answered =
        move || session.phase.with(|phase| matches!(phase, Phase::Results | Phase::Unlikely | Phase::Empty));
    let looked_at = move || {
        let LookedAt { items, of, bytes: fetched, requests } =
            session.timing.get().and_then(|timing| timing.looked_at).filter(|_| is_answered())?;
        let looked_at = if items == of {
            format!("all {}", counted(of, "picture"))
        } else {
            format!("the {} of {} that are nearest in meaning", grouped(items), counted(of, "picture"))
        };
        Some(match requests {
            0 => format!("Looked at {looked_at}: all of it was here."),
            _ => format!("Looked at {looked_at}: {} in {}.", bytes(fetched), counted(requests, "request")),
        })
    };
    let cut = move || {
        let is_long = session.asking().with(|asking| asking.text().chars().count() > MAX_WORDS);
        match (is_long, session.is_cut.get() && is_answered()) {
            (true, _) => Some(format!("Only the first {MAX_WORDS} characters are taken.")),
            (false, true) => Some(
                "The model reads only the beginning of these words: the rest did not count. Say it shorter."
                    .to_owned(),
            ),
            (false, false) => None,
        }
    };
    view! {
        <div class="status-line">
            <p class="out-of-sight" role="status" aria-live="polite">{announced}</p>
            <p aria-hidden="true" data-testid="status">{text}</p>
            {timing}
        </div>
        <p class="cut" role="status" data-testid="cut">{cut}</p>
        <p class="looked-at" data-testid="looked-at">{looked_at}</p>
    }
}

/// What is asked, in a few words.
pub fn asked(ask: &Ask) -> String {
    let parts = ask.parts.iter().map(|part| (part.weight, named(&part.about)));
    let mut said = String::new();
    for (weight, name) in ask.words.iter().map(|words| (1.0, format!("“{words}”"))).chain(parts) {
        let joint = match (said.is_empty(), weight < 0.0) {
            (true, true) => "what is not ",
            (true, false) => "",
            (false, true) => " without ",
            (false, false) => " with ",
        };
        said.extend([joint, &name]);
    }
    match ask.since() {
        Some(_) => "what has changed".to_owned(),
        None if said.is_empty() => "nothing".to_owned(),
        None => said,
    }
}

fn named(about: &About) -> String {
    match about {
        About::Words(words) => format!("“{words}”"),
        About::Item(id) => format!("places like {}", item(id)),
        About::Named(named) => format!("places like {}", named.name),
    }
}
