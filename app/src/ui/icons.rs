//! The page's pictograms, drawn inline so that they take the colour of the text around them.

use leptos::prelude::*;

fn icon(path: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor"
            stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            <path d=path/>
        </svg>
    }
}

/// A magnifying glass.
pub fn search() -> impl IntoView {
    icon("M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13zM15.3 15.3L20 20")
}

/// A cross.
pub fn close() -> impl IntoView {
    icon("M6 6l12 12M18 6L6 18")
}

/// A sun.
pub fn sun() -> impl IntoView {
    icon(
        "M12 8a4 4 0 1 0 0 8a4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
    )
}

/// A crescent.
pub fn moon() -> impl IntoView {
    icon("M20 14.5A8.2 8.2 0 0 1 9.5 4a8.2 8.2 0 1 0 10.5 10.5z")
}

/// Two sheets.
pub fn copy() -> impl IntoView {
    icon("M9 9h10.5v10.5H9zM6 15H4.5V4.5H15V6")
}

/// A tick.
pub fn tick() -> impl IntoView {
    icon("M5 12.5l4.5 4.5L19 7.5")
}

/// Squares of a kind.
pub fn alike() -> impl IntoView {
    icon("M4 4h7v7H4zM13 13h7v7h-7zM13 4h7v7h-7zM7.5 14v6M4.5 17h6")
}

/// An exclamation mark in a triangle.
pub fn warning() -> impl IntoView {
    icon("M12 4L2.8 19.5h18.4zM12 10v4.5M12 17.2v.1")
}

/// The page's mark: a map tile with a found square.
pub fn mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" width="30" height="30" aria-hidden="true">
            <rect class="mark-ground" x="1" y="1" width="30" height="30" rx="7"/>
            <path class="mark-river" d="M-1 22c7-1 8-6 14-6s8 5 20 1v6c-11 3-15-1-20-1s-7 5-14 6z" transform="translate(0 1)"/>
            <rect class="mark-found" x="13.5" y="6" width="12" height="12" rx="1.5"/>
            <circle class="mark-dot" cx="19.5" cy="12" r="2.2"/>
        </svg>
    }
}

/// A plus.
pub fn plus() -> impl IntoView {
    icon("M12 5v14M5 12h14")
}

/// A pin on a map.
pub fn place() -> impl IntoView {
    icon(
        "M12 21s6.5-6.2 6.5-11a6.5 6.5 0 1 0-13 0c0 4.8 6.5 11 6.5 11zM12 7.8a2.2 2.2 0 1 0 0 4.4a2.2 2.2 0 0 0 0-4.4z",
    )
}

/// An arrow that turns clockwise.
pub fn turn() -> impl IntoView {
    icon("M19 12a7 7 0 1 1-2.3-5.2M19 3.5v4h-4")
}

/// Sheets on each other.
pub fn layers() -> impl IntoView {
    icon("M12 4l8.5 4.5L12 13L3.5 8.5zM4.5 12.5L12 16.5l7.5-4M4.5 16.3L12 20.3l7.5-4")
}

/// An arrow into a tray.
pub fn down() -> impl IntoView {
    icon("M12 4v11M7.5 10.5L12 15l4.5-4.5M5 19.5h14")
}

/// An arrow to the left.
pub fn back() -> impl IntoView {
    icon("M20 12H4.5M10.5 6l-6 6l6 6")
}

/// A minus.
pub fn minus() -> impl IntoView {
    icon("M5 12h14")
}

/// Four corners pulled apart.
pub fn fullscreen() -> impl IntoView {
    icon("M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5")
}

/// Four corners pushed together.
pub fn leave_fullscreen() -> impl IntoView {
    icon("M9 4v5H4M20 9h-5V4M15 20v-5h5M4 15h5v5")
}

/// A sight with a dot.
pub fn locate() -> impl IntoView {
    icon("M12 5.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13zM12 2v3.5M12 18.5V22M2 12h3.5M18.5 12H22M12 11.9v.2")
}

/// An outline with corners.
pub fn draw() -> impl IntoView {
    icon("M5 7.5l8-3 6 7-4.5 8L6 17zM5 7.5v.1M13 4.5v.1M19 11.5v.1M14.5 19.5v.1M6 17v.1")
}
