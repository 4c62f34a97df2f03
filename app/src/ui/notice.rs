//! An unobtrusive note about what could not be shown; the page goes on without, and the note goes when it is there.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::icons;
use super::session::Session;
use crate::trouble::sentence;

#[component]
pub fn Notice() -> impl IntoView {
    let session = expect_context::<Session>();
    let said = Memo::new(move |_| {
        let shown = !session.dismissed.get();
        session.troubles.with(|troubles| {
            let files: BTreeSet<&str> = troubles.iter().map(|trouble| trouble.file.as_str()).collect();
            let files = files.into_iter().collect::<Vec<_>>().join("\n");
            sentence(troubles).filter(|_| shown).map(|sentence| (sentence, files))
        })
    });
    let note = move || {
        let (sentence, files) = said.get()?;
        Some(view! {
            <div class="notice" data-testid="notice" title=files>
                {icons::warning()}
                <p>{sentence}</p>
                <button type="button" class="plain" data-testid="retry" on:click=move |_| session.retry_lacks()>"Retry"</button>
                <button type="button" class="quiet" aria-label="Dismiss" title="Dismiss" on:click=move |_| session.dismissed.set(true)>
                    {icons::close()}
                </button>
            </div>
        })
    };
    view! { <div role="status" aria-live="polite">{note}</div> }
}
