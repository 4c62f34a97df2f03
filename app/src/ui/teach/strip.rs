//! The strip above the list while a concept is being taught: how many marks, how good it is, what to mark next, and what can be
//! done with it.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::{Teaching, YesNo};
use crate::browser::{download, page};
use crate::export::{Format, write_marks};
use crate::format::{item, percent};
use crate::protocol::explore::Review;
use crate::ui::icons;
use crate::ui::picture::{CARD, Picture};
use crate::ui::session::Session;

const NAME: &str = "concept-name";

/// Shown from the first mark on.
#[component]
pub fn Strip() -> impl IntoView {
    let teaching = expect_context::<Teaching>();
    let is_teaching = move || teaching.marks.with(|marks| !marks.is_empty());
    view! { <Show when=is_teaching><Shown/></Show> }
}

#[component]
fn Shown() -> impl IntoView {
    let (session, teaching) = (expect_context::<Session>(), expect_context::<Teaching>());
    let counts = move || {
        let yes = teaching.marks.with(|marks| marks.iter().filter(|(_, yes)| *yes).count());
        let no = teaching.marks.with(Vec::len) - yes;
        format!("{yes} yes, {no} no")
    };
    let quality = move || teaching.review.with(|review| review.as_ref().map(said));
    let next = Memo::new(move |_| {
        teaching.review.with(|review| {
            let suggestions = review.iter().flat_map(|review| &review.suggestions);
            suggestions.map(ToString::to_string).collect::<Vec<_>>()
        })
    });
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        teaching.save(&page::value(NAME).unwrap_or_default());
    };
    let export = move |format: Format| {
        let marks = teaching.marks.get_untracked();
        let text = write_marks(&marks, format, |id| teaching.footprint(id));
        let name = format!("clip-rs-marks.{}", format.extension());
        if let Err(why) = download::save(&name, format.media_type(), &text) {
            session.could_not(format!("The marks were not saved. {why}"));
        }
    };
    view! {
        <section class="strip" aria-label="A concept from your marks" data-testid="strip">
            <p role="status"><strong data-testid="strip-counts">{counts}</strong>" "<span data-testid="strip-quality">{quality}</span></p>
            <Show when=move || next.with(|next| !next.is_empty())>
                <div class="strip-next">
                    <p class="soft">"It is least sure of these:"</p>
                    <ul>
                        <For each=move || next.get() key=|id| id.clone() children=|id| view! {
                            <li data-testid="suggestion" data-id=id.clone()>
                                <Picture id=id.clone() alt=format!("Aerial picture {id}") edge=CARD/>
                                <YesNo id=id.clone() of=item(&id)/>
                            </li>
                        }/>
                    </ul>
                </div>
            </Show>
            <form class="strip-tools" on:submit=save>
                <label class="out-of-sight" for=NAME>"Name of the concept"</label>
                <input id=NAME data-testid="concept-name" type="text" autocomplete="off" maxlength="60" placeholder="Name it"
                    value=teaching.suggested_name()/>
                <button type="submit" class="primary" data-testid="concept-save" disabled=move || teaching.learnt.with(Option::is_none)>"Save"</button>
                <button type="button" class="plain" data-testid="undo" on:click=move |_| teaching.undo()>"Undo"</button>
                <button type="button" class="plain" data-testid="discard" on:click=move |_| teaching.discard()>"Discard"</button>
                {Format::ALL.map(|format| view! {
                    <button type="button" class="plain" data-testid=format!("marks-{}", format.extension())
                        title=format!("Save the marks as {}", format.name()) on:click=move |_| export(format)>
                        {icons::down()}{format.name()}
                    </button>
                })}
            </form>
        </section>
    }
}

/// How good a concept is, in words.
fn said(review: &Review) -> String {
    let Some(precision) = review.precision else {
        return "Mark three of each, and it can be told how good it is.".to_owned();
    };
    let earlier = review.curve.split_last().map_or(&[][..], |(_, earlier)| earlier);
    let earlier: Vec<String> =
        earlier.iter().map(|(marks, precision)| format!("{} with {marks}", percent(*precision))).collect();
    let before = if earlier.is_empty() { String::new() } else { format!(" (it was {})", earlier.join(", ")) };
    format!("Of the marks that were held out, {} of what it calls yes was yes{before}.", percent(precision))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(precision: Option<f32>, curve: &[(usize, f32)]) -> Review {
        Review { precision, curve: curve.to_vec(), suggestions: Vec::new(), millis: 1.0 }
    }

    #[test]
    fn how_good_it_is_is_said_with_what_it_was() {
        assert!(said(&review(None, &[])).starts_with("Mark three"));
        assert_eq!(
            said(&review(Some(0.8), &[(3, 0.5), (6, 0.75), (10, 0.8)])),
            "Of the marks that were held out, 80 % of what it calls yes was yes (it was 50 % with 3, 75 % with 6)."
        );
    }
}
