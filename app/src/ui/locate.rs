//! Where the person is: asked for by a press only, shown as a dot with a circle, and never told to anybody.

use clip_rs_catalog::Bounds;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::icons;
use super::session::Session;
use crate::browser::geolocation::{self, Here};
use crate::browser::leaflet::{self, Layer, Map, lat_lng};
use crate::browser::options;
use crate::distance;
use crate::unwrapped::Frame;

/// Where the person is, on the map; it leaves the map with this value.
struct Mark {
    dot: Layer,
    circle: Layer,
}

impl Mark {
    fn draw(map: &Map, frame: Frame, here: Here) -> Self {
        let at = lat_lng(here.at.lat(), frame.longitude(here.at.lng()));
        let style = |class: &str, radius: f64| {
            options(&[("className", class.into()), ("interactive", false.into()), ("radius", radius.into())])
        };
        let circle = leaflet::circle(&at, &style("here-circle", here.accuracy_m));
        let dot = leaflet::circle_marker(&at, &style("here", 7.0));
        circle.add_to_map(map);
        dot.add_to_map(map);
        if let Some(element) = dot.element() {
            // A fixed name without white space cannot be refused.
            let _valid_name = element.set_attribute("data-testid", "here");
        }
        Self { dot, circle }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        self.dot.remove_layer();
        self.circle.remove_layer();
    }
}

/// What is said of a position; nothing where the map can show it.
fn told(here: Here, area: &Bounds) -> Option<String> {
    let metres = distance::to_area(here.at, area);
    (metres > here.accuracy_m).then(|| format!("You are {} from this area.", distance::said(metres)))
}

#[component]
pub fn Locate(map: RwSignal<Option<Map>, LocalStorage>, said: RwSignal<Option<String>>) -> impl IntoView {
    let session = expect_context::<Session>();
    let mark = StoredValue::new_local(None::<Mark>);
    let asking = RwSignal::new(false);
    // A position lies in the frame of a catalog.
    Effect::new(move || {
        session.manifest.track();
        mark.set_value(None);
    });
    let show = move |here: Here| {
        let area = session
            .manifest
            .with_untracked(|manifest| manifest.as_ref().and_then(|manifest| manifest.bounds));
        let (Some(map), Some(area)) = (map.get_untracked(), area) else { return };
        let frame = Frame::of(Some(&area));
        mark.set_value(Some(Mark::draw(&map, frame, here)));
        match told(here, &area) {
            None => map.pan_to(&lat_lng(here.at.lat(), frame.longitude(here.at.lng()))),
            far => said.set(far),
        }
    };
    let ask = move |_| {
        said.set(None);
        if asking.get_untracked() {
            return;
        }
        asking.set(true);
        spawn_local(async move {
            let found = geolocation::here().await;
            asking.set(false);
            match found {
                Ok(here) => show(here),
                Err(unknown) => {
                    mark.set_value(None);
                    said.set(Some(unknown.to_string()));
                }
            }
        });
    };
    view! {
        <button type="button" class="tool" data-testid="tool-locate" title="Show where I am" aria-label="Show where I am"
            aria-busy=move || asking.get().to_string() on:click=ask>
            {icons::locate()}
        </button>
    }
}

#[cfg(test)]
mod tests {
    use clip_rs_catalog::LngLat;

    use super::*;

    #[test]
    fn who_is_elsewhere_is_told_how_far_away() {
        let area = Bounds::new(-77.6, 39.0, -77.5, 39.1).expect("a box");
        let here = |lng, lat| Here { at: LngLat::new(lng, lat).expect("a position"), accuracy_m: 50.0 };
        assert_eq!(told(here(-77.55, 39.05), &area), None);
        assert_eq!(told(here(-77.55, 39.1003), &area), None, "within what the device is sure of");
        let far = told(here(8.68, 50.11), &area);
        assert_eq!(far.as_deref(), Some("You are 6,550 km from this area."));
    }
}
