//! What is here: the area in groups of places that look alike, each with a name, examples, and a way to search for it.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::picture::{CARD, Picture};
use super::session::Session;
use crate::ask::{About, Ask, Named, Origin, Part};
use crate::format::{counted, millis};
use crate::link::Side;
use crate::protocol::explore::{Cluster, Request, Response};
use crate::vector::Vector;

/// Groups that are looked for at first.
const COUNT: usize = 12;
/// Pictures that are shown of each.
const EXAMPLES: usize = 4;

/// The groups' state. Copies are handles to the same state.
#[derive(Clone, Copy)]
pub struct Groups {
    session: Session,
    found: RwSignal<Option<Found>>,
    count: RwSignal<usize>,
    turn: StoredValue<u32>,
}

#[derive(Debug, Clone, PartialEq)]
struct Found {
    clusters: Vec<Cluster>,
    millis: f64,
    is_of_area: bool,
}

impl Groups {
    /// Nothing looked for yet.
    pub fn new(session: Session) -> Self {
        let turn = StoredValue::new(0);
        Self { session, found: RwSignal::new(None), count: RwSignal::new(COUNT), turn }
    }

    /// Looks for them where it is searched.
    fn look(self) {
        let ask = self.session.confirmed();
        let areas = self.session.areas_of(&ask);
        let (is_of_area, count) = (!areas.is_empty(), self.count.get_untracked());
        self.turn.update_value(|turn| *turn = turn.wrapping_add(1));
        let turn = self.turn.get_value();
        self.found.set(None);
        spawn_local(async move {
            let answer = self
                .session
                .explore("Looking at what is here", Request::Clusters { areas, count }, &[])
                .await;
            if self.turn.get_value() == turn
                && let Some((Response::Clusters { clusters, millis }, _)) = answer
            {
                self.found.set(Some(Found { clusters, millis, is_of_area }));
            }
        });
    }
}

#[component]
pub fn WhatIsHere() -> impl IntoView {
    let (session, groups) = (expect_context::<Session>(), expect_context::<Groups>());
    // Anew for another area, another catalog, another number.
    let subject = Memo::new(move |_| {
        session.manifest.track();
        (
            session
                .asking()
                .with(|asking| (asking.confirmed().area.clone(), asking.confirmed().place.clone())),
            groups.count.get(),
        )
    });
    Effect::new(move || {
        subject.track();
        groups.look();
    });
    let summary = move || {
        let found = groups.found.get()?;
        let whole = if found.is_of_area { "the searched area" } else { "everything" };
        Some(format!(
            "{} in {whole}, found in {}.",
            counted(found.clusters.len(), "group"),
            millis(found.millis)
        ))
    };
    let rows = move || groups.found.get().map(|found| found.clusters).unwrap_or_default();
    view! {
        <section class="groups" aria-label="What is here" data-testid="groups">
            <p class="soft" role="status">{summary}</p>
            <label class="cutoff"><span>"Groups"</span>
                <input type="range" min="4" max="32" step="4" data-testid="groups-count" prop:value=move || groups.count.get().to_string()
                    on:change=move |event| groups.count.set(event_target_value(&event).parse().unwrap_or(COUNT))/>
            </label>
            <ul>
                <For each=rows key=|cluster| format!("{cluster:?}") children=move |cluster| view! { <Group cluster/> }/>
            </ul>
        </section>
    }
}

#[component]
fn Group(cluster: Cluster) -> impl IntoView {
    let session = expect_context::<Session>();
    let Cluster { names, count, examples, vector } = cluster;
    let mut names = names.into_iter();
    let name = names.next().unwrap_or_else(|| "something else".to_owned());
    let others: Vec<String> = names.collect();
    let others = if others.is_empty() { String::new() } else { format!("or {}", others.join(", ")) };
    let named = Named { origin: Origin::Concept, name: name.clone(), vector: Vector::new(&vector) };
    let search = move |_| {
        let before = session.confirmed();
        let parts = vec![Part::plus(About::Named(named.clone()))];
        session.turn_to(Side::Results);
        session.search(Ask { words: None, parts, ..before });
    };
    view! {
        <li class="group" data-testid="group">
            <button type="button" class="group-main" title="Search for places like these" on:click=search>
                <span class="group-name"><strong data-testid="group-name">{name}</strong>" "<small>{others}</small></span>
                <span class="soft">{counted(count, "place")}</span>
                <span class="group-examples">
                    {examples.into_iter().take(EXAMPLES).map(|id| {
                        let id = id.to_string();
                        view! { <Picture id=id.clone() alt=format!("Aerial picture {id}") edge=CARD/> }
                    }).collect_view()}
                </span>
            </button>
        </li>
    }
}
