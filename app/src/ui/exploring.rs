//! What the explorer is doing, how far it is, and what it could not do.

use leptos::prelude::*;

use super::icons;
use super::session::Session;
use crate::format::bytes;

#[component]
pub fn Exploring() -> impl IntoView {
    let session = expect_context::<Session>();
    let said = Memo::new(move |_| {
        let exploring = session.exploring.get();
        exploring.busy.map(|what| {
            let (done, total) = (exploring.progress.done(), exploring.progress.total());
            if done < total {
                format!("{what}: {} of {}", bytes(done), bytes(total))
            } else {
                format!("{what} …")
            }
        })
    });
    let failed = Memo::new(move |_| {
        session.exploring.with(|exploring| exploring.refused.clone().or_else(|| exploring.failed.clone()))
    });
    view! {
        <div role="status" aria-live="polite">
            {move || said.get().map(|said| view! { <p class="exploring" data-testid="exploring">{said}</p> })}
            {move || failed.get().map(|why| view! {
                <div class="notice" data-testid="exploring-failed">
                    {icons::warning()}
                    <p>{why}</p>
                    <span></span>
                    <button type="button" class="quiet" aria-label="Dismiss" title="Dismiss"
                        on:click=move |_| session.exploring.set(Default::default())>{icons::close()}</button>
                </div>
            })}
        </div>
    }
}
