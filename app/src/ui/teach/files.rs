//! Concepts that are kept: to search for, to share as a file, to forget; and files that bring a concept or marks.

use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{File, HtmlInputElement};

use super::Teaching;
use crate::ask::{About, Ask, Part};
use crate::browser::{download, reason};
use crate::concepts::{MAX_BYTES, Saved};
use crate::export::{self, MarksFormat, read_marks};
use crate::format::counted;
use crate::ui::icons;
use crate::ui::session::Session;

/// The list of kept concepts.
#[component]
pub fn SavedConcepts() -> impl IntoView {
    let (session, teaching) = (expect_context::<Session>(), expect_context::<Teaching>());
    let model = move || {
        session.manifest.with(|manifest| {
            manifest.as_ref().map(|manifest| manifest.model.name.clone()).unwrap_or_default()
        })
    };
    let here = move || {
        let model = model();
        teaching.saved.get().into_iter().filter(|saved| saved.model == model).collect::<Vec<_>>()
    };
    let others = move || {
        let model = model();
        teaching.saved.with(|saved| saved.iter().filter(|saved| saved.model != model).count())
    };
    let chosen = move |event: web_sys::Event| {
        let input: HtmlInputElement = event_target(&event);
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            spawn_local(take(session, teaching, file));
        }
        input.set_value("");
    };
    view! {
        <section class="saved" aria-label="Saved concepts" data-testid="saved-concepts">
            <h2>"Concepts"</h2>
            <p class="soft">"Mark results yes or no, and what you mean is learnt and kept here, in this browser."</p>
            <ul>
                <For each=here key=|saved| format!("{saved:?}") children=move |saved| view! { <Row saved/> }/>
            </ul>
            {move || Some(others()).filter(|others| *others > 0).map(|others| view! {
                <p class="soft">{format!("{} of other models are kept too.", counted(others, "concept"))}</p>
            })}
            <label class="plain file">
                "Open a concept or marks …"
                <input class="out-of-sight" type="file" accept=".json,.geojson,.csv" data-testid="concept-file" on:change=chosen/>
            </label>
        </section>
    }
}

#[component]
fn Row(saved: Saved) -> impl IntoView {
    let (session, teaching) = (expect_context::<Session>(), expect_context::<Teaching>());
    let name = saved.concept.clone();
    let (one, shared, gone) = (saved.clone(), saved.clone(), name.clone());
    let search = move |_| {
        if let Some(named) = one.named() {
            session.search(Ask { parts: vec![Part::plus(About::Named(named))], ..Ask::default() });
        }
    };
    let share = move |_| {
        let file = format!("{}.json", export::file_stem(&shared.concept));
        if let Err(why) = download::save(&file, "application/json", &shared.to_json()) {
            session.could_not(format!("The concept was not saved. {why}"));
        }
    };
    view! {
        <li data-testid="saved-concept">
            <button type="button" class="chip" on:click=search>{name.clone()}</button>
            <span class="soft">{counted(saved.marks.len(), "mark")}</span>
            <button type="button" class="quiet" aria-label=format!("Save {name} as a file") title="Save as a file" data-testid="concept-share" on:click=share>
                {icons::down()}
            </button>
            <button type="button" class="quiet" aria-label=format!("Forget {name}") title="Forget" data-testid="concept-forget"
                on:click=move |_| teaching.forget(&gone)>
                {icons::close()}
            </button>
        </li>
    }
}

/// Takes a file: a concept, or marks as GeoJSON or CSV. What is not understood is said, by its row.
async fn take(session: Session, teaching: Teaching, file: File) {
    session.given();
    let name = file.name();
    if file.size() > export::MAX_MARKS_BYTES.max(MAX_BYTES) as f64 {
        return session.could_not(format!("{name} was not read: it is larger than 10 MB."));
    }
    let text = match JsFuture::from(file.text()).await {
        Ok(text) => text.as_string().unwrap_or_default(),
        Err(thrown) => return session.could_not(format!("{name} was not read ({}).", reason(&thrown))),
    };
    if text.contains("\"concept\"") && !text.contains("\"FeatureCollection\"") {
        return match Saved::from_json(&text, &teaching.model()) {
            Ok(saved) => teaching.take(saved),
            Err(error) => session.could_not(format!("{name} was not taken: {error}.")),
        };
    }
    match read_marks(&text, MarksFormat::of_name(&name)) {
        Ok(marks) => {
            let refused: Vec<String> = marks.refused.iter().map(ToString::to_string).collect();
            if marks.marks.is_empty() && refused.is_empty() {
                return session.could_not(format!("{name} holds no marks."));
            }
            teaching.take_marks(marks.marks);
            if !refused.is_empty() {
                let first = refused.iter().take(3).cloned().collect::<Vec<_>>().join("; ");
                let more = refused.len().saturating_sub(3);
                let more = if more == 0 { String::new() } else { format!(" and {more} more") };
                session.could_not(format!(
                    "{} of {name} were not taken: {first}{more}.",
                    counted(refused.len(), "row")
                ));
            }
        }
        Err(error) => session.could_not(format!("{name} was not taken: {error}.")),
    }
}
