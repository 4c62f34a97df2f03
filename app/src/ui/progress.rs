//! What is loaded, file by file, and how much is still to come.

use leptos::prelude::*;

use super::session::Session;
use crate::format::bytes;
use crate::protocol::{FileProgress, Progress};

#[component]
pub fn Loading() -> impl IntoView {
    let session = expect_context::<Session>();
    let whole = Memo::new(move |_| {
        let Progress { mut files, preparing } = session.progress.get();
        if !files.is_empty() {
            files.extend(session.listing_progress.get());
        }
        Progress { files, preparing }
    });
    let summary = move || {
        let progress = whole.get();
        match (progress.files.is_empty(), progress.preparing) {
            (true, _) => "Asking what there is to load…".to_owned(),
            (_, true) => "Everything is here; getting ready…".to_owned(),
            _ => format!("{} of {}", bytes(progress.done()), bytes(progress.total())),
        }
    };
    let count = move || whole.with(|progress| progress.files.len());
    view! {
        <div class="loading" data-testid="progress">
            <h2>"Getting ready to search"</h2>
            <p class="soft">"The search engine runs in your browser. It is loaded once; what you search for never leaves this device."</p>
            <progress max="1" aria-label="Loaded in all" prop:value=move || whole.with(|progress| progress.share())
                value=move || whole.with(|progress| format!("{:.4}", progress.share()))></progress>
            <p class="summary" data-testid="progress-summary">{summary}</p>
            <button type="button" class="plain" data-testid="stop" on:click=move |_| session.stop()>"Stop loading"</button>
            <ul class="files">
                <ForEnumerate each=move || 0..count() key=|at| *at children=move |_, at| {
                    view! { <File file=Signal::derive(move || whole.with(|progress| progress.files.get(at).cloned()))/> }
                }/>
            </ul>
        </div>
    }
}

#[component]
fn File(file: Signal<Option<FileProgress>>) -> impl IntoView {
    let of = move |part: fn(&FileProgress) -> String| {
        file.with(|file| file.as_ref().map(part).unwrap_or_default())
    };
    let done = move || file.with(|file| file.as_ref().is_some_and(|file| file.done == file.total));
    view! {
        <li class:done=done>
            <span class="role">{move || of(|file| file.role.clone())}</span>
            <span class="name">{move || of(|file| file.name.clone())}</span>
            <span class="amount">
                {move || of(|file| if file.done == file.total {
                    bytes(file.total)
                } else {
                    format!("{} of {}, {} to go", bytes(file.done), bytes(file.total), bytes(file.total - file.done))
                })}
            </span>
        </li>
    }
}
