//! The page in somebody else's page, as a pure part: what a widget (`app/embed/clip-rs-search.js`) and the page in its frame say to
//! each other, from untrusted text to typed requests. The rules of the conversation are in `app/embed/PROTOCOL.md`.
//!
//! - [`hello`]: how it begins, and which versions fit; [`looks`]: how the page is to look there;
//! - [`request`]: what the widget asks for; [`area`]: a polygon as GeoJSON has it;
//! - [`news`]: what the page answers and tells.
//!
//! All bounds on what comes from outside are here, so that what acts on it need not look again.

pub mod area;
pub mod hello;
pub mod looks;
pub mod news;
pub mod request;

/// So much of a reason is passed on, characters: it may repeat what somebody sent.
const MOST_REASON: usize = 200;

/// The beginning of a reason that may repeat what came from outside.
fn short(reason: &str) -> String {
    let kept: String = reason.chars().filter(|c| !c.is_control()).take(MOST_REASON).collect();
    if kept.len() < reason.len() { format!("{kept} …") } else { kept }
}
