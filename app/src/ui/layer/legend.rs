//! The layer's button, and its legend on the map: what the colours mean, how opaque they are, and from which mark on.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::Layer;
use crate::browser::page;
use crate::format::{counted, grouped, millis, percent};
use crate::painted::{Change, Painted};
use crate::ui::icons;
use crate::ui::session::Session;
use crate::ui::status::asked as asked_in_words;

const AGAINST: &str = "layer-against";
/// Where there is room for all of the legend.
const ROOMY: &str = "(width >= 820px)";

/// Shows the layer, or takes it off.
#[component]
pub fn LayerButton() -> impl IntoView {
    let (session, layer) = (expect_context::<Session>(), expect_context::<Layer>());
    view! {
        <Show when=move || session.has_map()>
            <button type="button" class="plain" data-testid="layer" aria-pressed=move || layer.is_on.get().to_string()
                title="Show how well every place fits (l)" on:click=move |_| layer.toggle()>
                {icons::layers()}"Everywhere"
            </button>
        </Show>
    }
}

/// What the colours of the layer mean, while it is shown.
#[component]
pub fn Legend() -> impl IntoView {
    let layer = expect_context::<Layer>();
    let is_shown = move || layer.is_on.get() && layer.painted.with(Option::is_some);
    view! { <Show when=is_shown><Shown/></Show> }
}

#[component]
fn Shown() -> impl IntoView {
    let (session, layer) = (expect_context::<Session>(), expect_context::<Layer>());
    let is_difference =
        move || layer.painted.with(|painted| painted.as_ref().is_some_and(|p| p.is_difference));
    let asked = move || session.asking().with(|asking| asked_in_words(asking.confirmed()));
    let against = move || layer.against.get().unwrap_or_default();
    let number = |event| event_target_value(&event).parse::<f64>().unwrap_or_default();
    let compare = move |event: SubmitEvent| {
        event.prevent_default();
        let words = page::value(AGAINST).and_then(|text| crate::ask::words(&text));
        layer.against.set(words);
    };
    let is_change =
        move || layer.painted.with(|painted| painted.as_ref().is_some_and(|p| p.change.is_some()));
    let is_estimate =
        move || layer.painted.with(|painted| painted.as_ref().is_some_and(|p| p.grid.is_estimate));
    let heading = move || match (is_change(), is_difference(), is_estimate()) {
        (true, ..) => "What has changed",
        (false, true, false) => "Which fits better",
        (false, true, true) => "Which fits better, estimated",
        (false, false, false) => "How well each place fits",
        (false, false, true) => "How well places fit, estimated",
    };
    let ends = move || match (is_change(), is_difference()) {
        (true, _) => ("as usual".to_owned(), "much more".to_owned()),
        (false, true) => (format!("“{}”", against()), asked()),
        (false, false) => ("less".to_owned(), "more likely".to_owned()),
    };
    let scored = move || {
        let (shown, all) = layer.counts()?;
        layer.painted.with(|painted| {
            let Painted { grid, change, .. } = painted.as_ref()?;
            let (shown, cells, places) = (grouped(shown), counted(all, "cell"), counted(grid.items, "place"));
            Some(match change {
                Some(Change { unpaired, stand_out, .. }) => format!(
                    "{shown} of {cells} painted; {places} compared, {} changed, {} not seen on both dates",
                    grouped(*stand_out),
                    grouped(*unpaired)
                ),
                None if grid.is_estimate => {
                    format!("{shown} of {cells} painted, estimated by the kinds of places there; zoom in to score each place")
                }
                None => {
                    let near = if session.is_all(grid.items) { "" } else { " near here" };
                    format!("{shown} of {cells} painted; {places}{near} scored in {}", millis(grid.millis))
                }
            })
        })
    };
    view! {
        <section class="legend" aria-label="Similarity layer" data-testid="legend">
            <header>
                <h2>{heading}</h2>
                <button type="button" class="quiet" aria-label="Take the layer off" title="Take off (l)" on:click=move |_| layer.toggle()>
                    {icons::close()}
                </button>
            </header>
            <div class="legend-bar" class:difference=is_difference aria-hidden="true"></div>
            <p class="legend-ends">
                <span>{move || ends().0}</span>
                <span>{move || ends().1}</span>
            </p>
            // A phone has little map: what is seldom needed waits there to be asked for.
            <details open=page::prefers(ROOMY)>
                <summary data-testid="legend-more">"Adjust"</summary>
                <div class="legend-sliders">
                    <label>"Opacity"
                        <input type="range" min="0.1" max="1" step="0.05" data-testid="layer-opacity" prop:value=move || layer.opacity.get().to_string()
                            on:input=move |event| layer.opacity.set(number(event))/>
                    </label>
                    <label><span>"From "{move || percent(layer.threshold.get())}</span>
                        <input type="range" min="0" max="0.95" step="0.05" data-testid="layer-threshold" prop:value=move || layer.threshold.get().to_string()
                            on:input=move |event| layer.threshold.set(number(event) as f32)/>
                    </label>
                </div>
                <form class="compare" hidden=is_change on:submit=compare>
                    <label class="out-of-sight" for=AGAINST>"Compare with other words"</label>
                    <input id=AGAINST data-testid="layer-against" type="text" autocomplete="off" placeholder="Compare with …" prop:value=against/>
                    <button type="submit" class="plain" data-testid="layer-compare">"Compare"</button>
                </form>
            </details>
            <p class="soft" role="status" data-testid="layer-counts">{scored}</p>
        </section>
    }
}
