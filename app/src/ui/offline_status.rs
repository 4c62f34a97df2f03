//! One line that says that the page is offline, and from when its data are.

use leptos::prelude::*;

use crate::browser::service_worker::{self, CatalogSource};
use crate::catalogs;

#[component]
pub fn OfflineStatus() -> impl IntoView {
    let source = RwSignal::new(CatalogSource::Network);
    service_worker::on_catalog(catalogs::at_hand(), move |heard| source.set(heard));
    let line = move || match source.get() {
        CatalogSource::Network => None,
        CatalogSource::Copy { date } => {
            let since = date
                .map_or_else(|| "an earlier visit".to_owned(), |date| date.trim_end_matches('.').to_owned());
            Some(
                view! { <p class="offline" data-testid="offline">{format!("Offline: the data are those of {since}.")}</p> },
            )
        }
    };
    view! { <div class="live" role="status">{line}</div> }
}
