//! What is shown, to take away: a link, results as files, the layer's scores, a sheet on paper.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::icons;
use super::layer::Layer;
use super::menu::Menu;
use super::session::Session;
use crate::browser::{clipboard, download, location};
use crate::export::Format;

/// Id of the button that opens the list.
const BUTTON: &str = "save";

#[component]
pub fn Save() -> impl IntoView {
    let (session, layer) = (expect_context::<Session>(), expect_context::<Layer>());
    let menu = Menu::new(BUTTON, ".save");
    let told = RwSignal::new(None::<String>);
    let results = move |format: Format| {
        move |_| {
            let content = session.hits.with_untracked(|hits| format.write(hits));
            let name = format!("clip-rs-results.{}", format.extension());
            told.set(download::save(&name, format.media_type(), &content).err());
            menu.back();
        }
    };
    let scores = move |format: Format| {
        move |_| {
            if let Some(content) = layer.export(format) {
                let name = format!("clip-rs-layer.{}", format.extension());
                told.set(download::save(&name, format.media_type(), &content).err());
            }
            menu.back();
        }
    };
    let link = move |_| {
        menu.back();
        spawn_local(async move {
            let words = match clipboard::copy(&location::address()).await {
                Ok(()) => "The link is copied".to_owned(),
                Err(reason) => format!("The link was not copied ({reason}): copy the page's address instead"),
            };
            told.try_set(Some(words));
        });
    };
    let has_layer = move || layer.painted.with(Option::is_some);
    view! {
        <div class="save" on:keydown=move |event| menu.keydown(&event) on:focusout=move |event| menu.left(&event)>
            <button type="button" class="plain" id=BUTTON data-testid="save" aria-expanded=move || menu.is_open().to_string()
                aria-controls="save-list" on:click=move |_| menu.toggle()>
                {icons::down()}"Take away"
            </button>
            <ul class="menu" id="save-list" hidden=move || !menu.is_open()>
                <li><button type="button" data-testid="copy-link" on:click=link>"Copy a link to this"</button></li>
                {Format::ALL.map(|format| view! {
                    <li><button type="button" data-testid=format!("save-{}", format.extension()) on:click=results(format)>
                        {format!("Results as {}", format.name())}
                    </button></li>
                })}
                <Show when=has_layer>
                    {Format::ALL.map(|format| view! {
                        <li><button type="button" data-testid=format!("layer-{}", format.extension()) on:click=scores(format)>
                            {format!("Layer as {}", format.name())}
                        </button></li>
                    })}
                </Show>
            </ul>
            <span class="said" role="status" data-testid="saved-said">{told}</span>
        </div>
    }
}
