//! What can be added to a search: more words, words for what is not wanted, a picture.

use leptos::html::Input;
use leptos::prelude::*;
use web_sys::{Blob, HtmlInputElement};

use super::INPUT;
use super::desk;
use super::icons;
use super::menu::Menu;
use super::session::Session;
use crate::browser::page;
use crate::protocol::Taken;
use clip_rs_catalog::Date;

/// Id of the button that opens the list.
const BUTTON: &str = "add";

#[component]
pub fn Add() -> impl IntoView {
    let session = expect_context::<Session>();
    let menu = Menu::new(BUTTON, ".add");
    let (file, camera) = (NodeRef::<Input>::new(), NodeRef::<Input>::new());
    let next = move |unwanted: bool| {
        move |_| {
            menu.close();
            session.begin_next(unwanted);
            page::focus(INPUT);
        }
    };
    let choose = move |from: NodeRef<Input>| {
        move |_| {
            menu.close();
            if let Some(input) = from.get_untracked() {
                input.click();
            }
        }
    };
    let chosen = move |event: web_sys::Event| {
        let input: HtmlInputElement = event_target(&event);
        let file = input.files().and_then(|files| files.get(0));
        if let Some(file) = file {
            let name = file.name();
            desk::give(session, Blob::from(file), name);
        }
        // The same file can be chosen again.
        input.set_value("");
        page::focus(BUTTON);
    };
    view! {
        <div class="add" on:keydown=move |event| menu.keydown(&event) on:focusout=move |event| menu.left(&event)>
            <button type="button" class="quiet" id=BUTTON data-testid="add" title="Add to the search"
                aria-label="Add to the search" aria-expanded=move || menu.is_open().to_string() aria-controls="add-list"
                on:click=move |_| menu.toggle()>
                {icons::plus()}
            </button>
            <ul class="menu" id="add-list" hidden=move || !menu.is_open()>
                <li><button type="button" data-testid="add-and" on:click=next(false)>"More words …"<small>"as well as these"</small></button></li>
                <li><button type="button" data-testid="add-not" on:click=next(true)>"But not …"<small>"leave out what looks like this"</small></button></li>
                <li><button type="button" data-testid="add-picture" on:click=choose(file)>"A picture …"<small>"or drop or paste one anywhere"</small></button></li>
                <li class="touch"><button type="button" data-testid="add-camera" on:click=choose(camera)>"Take a picture …"</button></li>
                {move || session.days.get().map(|(first, last)| {
                    let set = move |from_too: bool, event: web_sys::Event| {
                        let day = event_target_value(&event).parse().ok();
                        session.alter(|ask| {
                            let before = ask.taken.unwrap_or_default();
                            let taken = if from_too { Taken { from: day, ..before } } else { Taken { to: day, ..before } };
                            ask.taken = (taken != Taken::default()).then_some(taken);
                        });
                    };
                    let taken = move || session.asking().with(|asking| asking.confirmed().taken.unwrap_or_default());
                    let text = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
                    view! {
                        <li class="days" data-testid="days">
                            <span>"Taken between"</span>
                            <input type="date" aria-label="Taken on this day or later" data-testid="taken-from" min=first.to_string() max=last.to_string()
                                prop:value=move || text(taken().from) on:change=move |event| set(true, event)/>
                            <input type="date" aria-label="Taken on this day or earlier" data-testid="taken-to" min=first.to_string() max=last.to_string()
                                prop:value=move || text(taken().to) on:change=move |event| set(false, event)/>
                        </li>
                    }
                })}
            </ul>
            <input type="file" accept="image/*" hidden node_ref=file data-testid="file" on:change=chosen/>
            <input type="file" accept="image/*" capture="environment" hidden node_ref=camera on:change=chosen/>
        </div>
    }
}
