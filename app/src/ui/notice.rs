//! An unobtrusive note about pictures that could not be shown; the page goes on without them.

use leptos::prelude::*;

use super::icons;
use super::session::Session;

#[component]
pub fn Notice() -> impl IntoView {
    let session = expect_context::<Session>();
    let note = move || {
        let damages = session.damages.get();
        let first = damages.first()?.message.clone();
        let more = match damages.len() {
            1 => None,
            count => Some(format!(" (and {} more)", count - 1)),
        };
        let files = damages.iter().map(|damage| damage.file.clone()).collect::<Vec<_>>().join("\n");
        Some(view! {
            <div class="notice" data-testid="notice" title=files>
                {icons::warning()}
                <p>{first}{more}</p>
                <button type="button" class="plain" data-testid="retry" on:click=move |_| session.retry_pictures()>"Retry"</button>
                <button type="button" class="quiet" aria-label="Dismiss" title="Dismiss" on:click=move |_| session.damages.set(Vec::new())>
                    {icons::close()}
                </button>
            </div>
        })
    };
    view! { <div role="status" aria-live="polite">{note}</div> }
}
