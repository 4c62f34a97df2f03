//! Yes and no on a result.

use leptos::prelude::*;

use super::Teaching;
use crate::ui::icons;

/// Two buttons that mark an item. `of` names it for people.
#[component]
pub fn YesNo(id: String, of: String) -> impl IntoView {
    let teaching = expect_context::<Teaching>();
    let marked = {
        let id = id.clone();
        Memo::new(move |_| teaching.mark_of(&id))
    };
    let button = |yes: bool| {
        let id = id.clone();
        let (testid, label) = if yes {
            ("yes", format!("Yes: {of} is what I mean"))
        } else {
            ("no", format!("No: {of} is not what I mean"))
        };
        view! {
            <button type="button" class="plain mark-button" data-testid=testid aria-label=label.clone() title=label
                aria-pressed=move || (marked.get() == Some(yes)).to_string() on:click=move |_| teaching.mark(&id, yes)>
                {if yes { icons::tick().into_any() } else { icons::close().into_any() }}
            </button>
        }
    };
    view! { <span class="yes-no" role="group" aria-label="Is it what you mean?">{button(true)}{button(false)}</span> }
}
