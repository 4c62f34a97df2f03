//! Where the device is, if the person lets the page know (W3C Geolocation, <https://www.w3.org/TR/geolocation/>).

use clip_rs_catalog::LngLat;
use js_sys::{Promise, Reflect};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Position, PositionError, PositionOptions};

/// Longest search for a position once it is allowed, milliseconds.
const PATIENCE_MS: u32 = 15_000;

/// Where the device is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Here {
    /// The position.
    pub at: LngLat,
    /// Radius of the circle in which it is with a probability of 95 %, metres.
    pub accuracy_m: f64,
}

/// Why that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// The person, the browser or the site's policy does not allow it.
    #[error("This page may not know where you are. Allow it in your browser's settings for this site.")]
    Refused,
    /// The device does not know.
    #[error("Your device could not find out where you are.")]
    Unavailable,
    /// It took too long.
    #[error("Your device took too long to find out where you are. Press again to go on trying.")]
    Late,
    /// The browser has no such thing.
    #[error("This browser does not offer your position to pages.")]
    Missing,
}

/// Asks where the device is; the person may be asked for permission first, and take their time.
pub async fn here() -> Result<Here, Unknown> {
    let navigator = web_sys::window().ok_or(Unknown::Missing)?.navigator();
    let is_there = Reflect::get(&navigator, &"geolocation".into()).is_ok_and(|offered| offered.is_object());
    if !is_there {
        return Err(Unknown::Missing);
    }
    let geolocation = navigator.geolocation().map_err(|_thrown| Unknown::Missing)?;
    let options = PositionOptions::new();
    options.set_timeout(PATIENCE_MS);
    options.set_enable_high_accuracy(true);
    let asked = Promise::new(&mut |found, failed| {
        let asking =
            geolocation.get_current_position_with_error_callback_and_options(&found, Some(&failed), &options);
        if let Err(thrown) = asking {
            // Taken for a failure without a code. A promise's functions do not throw.
            let _cannot_fail = failed.call1(&wasm_bindgen::JsValue::UNDEFINED, &thrown);
        }
    });
    match JsFuture::from(asked).await {
        Ok(found) => {
            let coords = found.unchecked_ref::<Position>().coords();
            let at = LngLat::new(coords.longitude(), coords.latitude()).map_err(|_| Unknown::Unavailable)?;
            Ok(Here { at, accuracy_m: coords.accuracy().max(0.0) })
        }
        Err(failed) => Err(match failed.unchecked_ref::<PositionError>().code() {
            1 => Unknown::Refused,
            3 => Unknown::Late,
            _ => Unknown::Unavailable,
        }),
    }
}
