//! Where things are on the page, in its pixels.

use super::page::{document, element};

/// The upper edge of the element with this id, from the window's, and its height; 0 while it is hidden.
pub fn vertical(id: &str) -> Option<(f64, f64)> {
    let place = element(id)?.get_bounding_client_rect();
    Some((place.top(), place.height()))
}

/// Height of the window.
pub fn window_height() -> Option<f64> {
    web_sys::window()?.inner_height().ok()?.as_f64()
}

/// Columns of the grid with this id; 0 where there is none.
pub fn columns(id: &str) -> usize {
    let styles = web_sys::window().zip(element(id));
    let styles = styles.and_then(|(window, element)| window.get_computed_style(&element).ok().flatten());
    let columns = styles.and_then(|styles| styles.get_property_value("grid-template-columns").ok());
    columns.map_or(0, |columns| columns.split_whitespace().count())
}

/// Whether a selector finds anything.
pub fn exists(selector: &str) -> bool {
    document().is_some_and(|document| document.query_selector(selector).is_ok_and(|found| found.is_some()))
}

/// Tells whoever measures the page that parts of it have another size.
pub fn say_resized() {
    let event = web_sys::Event::new("resize");
    if let (Some(window), Ok(event)) = (web_sys::window(), event) {
        // Nobody stops this event.
        let _is_heard = window.dispatch_event(&event);
    }
}
