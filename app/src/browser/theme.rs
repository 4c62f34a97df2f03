//! Light or dark: the system's choice, unless the person chose on this page before.

use super::{page, storage};

const KEY: &str = "clip-rs:theme";
const DARK: &str = "(prefers-color-scheme: dark)";

/// A colour scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark text on light ground.
    Light,
    /// Light text on dark ground.
    Dark,
}

impl Theme {
    fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Light => Self::Dark,
            Self::Dark => Self::Light,
        }
    }
}

/// The theme that the person chose here before.
pub fn chosen() -> Option<Theme> {
    match storage::get(KEY)?.as_str() {
        "light" => Some(Theme::Light),
        "dark" => Some(Theme::Dark),
        _ => None,
    }
}

/// The system's theme.
pub fn of_system() -> Theme {
    if page::prefers(DARK) { Theme::Dark } else { Theme::Light }
}

/// Calls `changed` when the system's theme changes, for as long as the page lives.
pub fn on_system_change(changed: impl Fn() + 'static) {
    page::on_preference(DARK, changed);
}

/// Shows `theme` whatever the system says.
pub fn show(theme: Theme) {
    if let Some(root) = page::document().and_then(|document| document.document_element()) {
        // `data-theme` is a valid attribute name: this cannot be refused.
        let _valid_name = root.set_attribute("data-theme", theme.name());
    }
}

/// Remembers `theme` for the next visit.
pub fn remember(theme: Theme) {
    let _lasts_as_long_as_the_page = storage::set(KEY, theme.name());
}
