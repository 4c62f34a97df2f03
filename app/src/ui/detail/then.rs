//! The same ground on the date that is compared with.

use leptos::prelude::*;

use crate::ui::picture::Picture;
use crate::ui::session::Session;

/// Edge of the picture, pixels of the page.
const EDGE: f64 = 480.0;

/// What was there before the hit of this rank (from 0); nothing where no dates are compared.
#[component]
pub fn Then(rank: usize) -> impl IntoView {
    let session = expect_context::<Session>();
    move || {
        let id = session
            .compared
            .with(|compared| compared.as_ref()?.change.as_ref()?.before.get(rank).cloned())?;
        Some(view! {
            <h3>"On the other date"</h3>
            <div class="detail-frame" data-testid="detail-then">
                <Picture id alt="The same ground on the other date".to_owned() edge=EDGE of_then=true/>
            </div>
        })
    }
}
