//! Where a result is: in the notation that a person prefers, as the search box of another map takes it, and opened there.

use clip_rs_catalog::Bounds;
use leptos::prelude::*;

use super::copy::Copy;
use crate::browser::storage;
use crate::coordinates::Notation;
use crate::map_sites::MapSite;

const NOTATION: &str = "clip-rs:notation";
const SITE: &str = "clip-rs:map-site";

/// What a person prefers, from visit to visit.
#[derive(Clone, Copy)]
pub struct Choices {
    notation: RwSignal<Notation>,
    site: RwSignal<MapSite>,
}

impl Choices {
    /// What was chosen before, else the plainest.
    pub fn remembered() -> Self {
        let notation = storage::get(NOTATION).and_then(|name| notation_named(&name));
        let site = storage::get(SITE).and_then(|name| site_named(&name));
        Self {
            notation: RwSignal::new(notation.unwrap_or(Notation::Decimal)),
            site: RwSignal::new(site.unwrap_or(MapSite::OpenStreetMap)),
        }
    }
}

fn notation_named(name: &str) -> Option<Notation> {
    Notation::ALL.into_iter().find(|notation| notation.name() == name)
}

fn site_named(name: &str) -> Option<MapSite> {
    MapSite::ALL.into_iter().find(|site| site.name() == name)
}

/// The middle of `footprint`, in words to copy and as links.
#[component]
pub fn Position(footprint: Bounds) -> impl IntoView {
    let Choices { notation, site } = expect_context::<Choices>();
    let (at, zoom) = (footprint.centre(), zoom(&footprint));
    let numbers = Signal::derive(move || {
        let notation = notation.get();
        notation.write(at).unwrap_or_else(|| format!("{} has no numbers so near a pole", notation.name()))
    });
    let search_text = Signal::derive(move || site.get().search_text(at));
    let notation_chosen = move |event| {
        if let Some(chosen) = notation_named(&event_target_value(&event)) {
            notation.set(chosen);
            let _lasts_as_long_as_the_page = storage::set(NOTATION, chosen.name());
        }
    };
    let site_chosen = move |event| {
        if let Some(chosen) = site_named(&event_target_value(&event)) {
            site.set(chosen);
            let _lasts_as_long_as_the_page = storage::set(SITE, chosen.name());
        }
    };
    let notations = Notation::ALL.into_iter().map(|one| {
        view! { <option value=one.name() selected=move || notation.get() == one>{one.name()}</option> }
    });
    let sites = MapSite::ALL.into_iter().map(|one| {
        view! { <option value=one.name() selected=move || site.get() == one>{one.name()}</option> }
    });
    let links = MapSite::ALL.into_iter().map(|site| {
        // A program of the device needs no window of the browser.
        let target = (site != MapSite::Device).then_some("_blank");
        view! {
            <li><a class="plain" data-testid="detail-map-site" href=site.address(at, zoom) target=target
                rel="noopener noreferrer">{site.name()}<span class="out-of-sight">" (leaves this page)"</span></a></li>
        }
    });
    view! {
        <h3>"Where it is"</h3>
        <div class="detail-numbers">
            <label><span>"Notation"</span>
                <select data-testid="detail-notation" on:change=notation_chosen>{notations.collect_view()}</select>
            </label>
            <output class="numbers" data-testid="detail-numbers">{numbers}</output>
            <Copy text=numbers label=Signal::derive(move || format!("Copy as {}", notation.get().name()))/>
        </div>
        <div class="detail-numbers detail-search-text">
            <label><span>"For the search box of"</span>
                <select data-testid="detail-site" on:change=site_chosen>{sites.collect_view()}</select>
            </label>
            <output class="numbers" data-testid="detail-search-text">{search_text}</output>
            <Copy text=search_text label=Signal::derive(move || format!("Copy for {}", site.get().name()))/>
        </div>
        <div class="detail-sites">
            <h3>"Open it in another map"</h3>
            <ul>{links.collect_view()}</ul>
            <p class="soft">
                "These leave this page. Only when you open one does this position leave your device, and it goes to that map alone."
            </p>
        </div>
    }
}

/// The Web Mercator zoom at which a tile is as wide as `footprint`; no number for a mere position.
fn zoom(footprint: &Bounds) -> f64 {
    let width = footprint.width();
    if width > 0.0 { (360.0 / width).log2() } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use clip_rs_catalog::TileId;

    use super::*;

    #[test]
    fn other_maps_open_at_the_zoom_of_the_tile() {
        let tile: TileId = "17/37500/50140".parse().expect("a tile");
        assert!((zoom(&tile.bounds()) - 17.0).abs() < 1e-6);
        let point = Bounds::new(7.0, 50.0, 7.0, 50.0).expect("a position");
        assert!(zoom(&point).is_nan());
    }

    #[test]
    fn choices_are_remembered_by_names_that_differ() {
        for notation in Notation::ALL {
            assert_eq!(notation_named(notation.name()), Some(notation));
        }
        for site in MapSite::ALL {
            assert_eq!(site_named(site.name()), Some(site));
        }
        assert_eq!((notation_named(""), site_named("a map of 1998")), (None, None));
    }
}
