//! The top of the page: which area this is, the search box, and the choice of light or dark.

use leptos::prelude::*;

use super::catalog_switch::Area;
use super::icons;
use super::search_box::SearchBox;
use super::session::Session;
use super::terms::Terms;
use crate::browser::theme;

#[component]
pub fn Header() -> impl IntoView {
    let session = expect_context::<Session>();
    let synthetic = move || session.manifest.with(|manifest| manifest.as_ref().is_some_and(|m| m.synthetic));
    view! {
        <header class="top">
        <div class="bar">
            <div class="brand">
                {icons::mark()}
                <div class="brand-words">
                    <h1>"CLIP-RS"</h1>
                    <Area/>
                </div>
                <Show when=synthetic>
                    <span class="badge" data-testid="synthetic-badge"
                        title="These pictures were drawn by a program and show no real place">
                        "Synthetic imagery"
                    </span>
                </Show>
            </div>
            <SearchBox/>
            <ThemeToggle/>
        </div>
        <Terms/>
        </header>
    }
}

#[component]
fn ThemeToggle() -> impl IntoView {
    let theme = RwSignal::new(theme::chosen().unwrap_or_else(theme::of_system));
    if let Some(chosen) = theme::chosen() {
        theme::show(chosen);
    }
    theme::on_system_change(move || theme.set(theme::chosen().unwrap_or_else(theme::of_system)));
    let toggle = move |_| {
        theme.update(|theme| *theme = theme.other());
        theme::show(theme.get_untracked());
        theme::remember(theme.get_untracked());
    };
    let dark = move || theme.get() == theme::Theme::Dark;
    let label = move || if dark() { "Switch to light colours" } else { "Switch to dark colours" };
    view! {
        <button type="button" class="quiet theme-toggle" data-testid="theme-toggle" aria-label=label title=label on:click=toggle>
            {move || if dark() { icons::sun().into_any() } else { icons::moon().into_any() }}
        </button>
    }
}
