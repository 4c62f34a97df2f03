//! The edge between map and results on a phone: drawn up or down with a thumb, or with the arrow keys, it gives the results a
//! line, a half, or nearly all of the page.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html::Div;
use leptos::prelude::*;

use super::session::{By, Session};
use crate::browser::layout;

/// Drawn less than this it was a tap, pixels.
const TAP: f64 = 12.0;

/// How much of the page the results take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Share {
    /// One line that says what was found.
    Line,
    /// About a half.
    #[default]
    Half,
    /// All but a strip of the map.
    Whole,
}

impl Share {
    /// The name that styles know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Half => "half",
            Self::Whole => "whole",
        }
    }

    fn more(self) -> Self {
        if self == Self::Line { Self::Half } else { Self::Whole }
    }

    fn less(self) -> Self {
        if self == Self::Whole { Self::Half } else { Self::Line }
    }

    /// After a thumb drew it so far down, pixels.
    fn drawn(self, down: f64) -> Self {
        if down < 0.0 { self.more() } else { self.less() }
    }

    /// After a tap: more and more, then a half again.
    fn tapped(self) -> Self {
        if self == Self::Whole { Self::Half } else { self.more() }
    }
}

/// The grip on the results' upper edge; styles show it where the map is above them.
#[component]
pub fn Grip(share: RwSignal<Share>) -> impl IntoView {
    let session = expect_context::<Session>();
    let grip = NodeRef::<Div>::new();
    let from = StoredValue::new(None::<f64>);
    let was_drawn = StoredValue::new(false);
    // What is chosen in the list is seen on the map.
    Effect::new(move || {
        let by_list = session.selected.with(|selected| selected.as_ref().is_some_and(|s| s.by == By::List));
        if by_list && share.get_untracked() == Share::Whole {
            share.set(Share::Half);
        }
    });
    // The map is told that it has another size.
    Effect::new(move |before: Option<Share>| {
        let now = share.get();
        if before.is_some_and(|before| before != now) {
            layout::say_resized();
        }
        now
    });
    let down = move |event: PointerEvent| {
        from.set_value(Some(event.client_y().into()));
        was_drawn.set_value(false);
        if let Some(grip) = grip.get_untracked() {
            // Without capture the drag ends at the grip's edge, which is no harm.
            let _ends_at_the_edge = grip.set_pointer_capture(event.pointer_id());
        }
    };
    let up = move |event: PointerEvent| {
        let Some(from) = from.try_update_value(Option::take).flatten() else { return };
        let down = f64::from(event.client_y()) - from;
        if down.abs() >= TAP {
            was_drawn.set_value(true);
            share.update(|share| *share = share.drawn(down));
        }
    };
    // A tap waits for its click, which would else go to what has come below the finger meanwhile.
    let click = move |_| {
        if !was_drawn.get_value() {
            share.update(|share| *share = share.tapped());
        }
    };
    let keydown = move |event: KeyboardEvent| {
        let to = match event.key().as_str() {
            "ArrowUp" => share.get_untracked().more(),
            "ArrowDown" => share.get_untracked().less(),
            "Home" => Share::Line,
            "End" => Share::Whole,
            _ => return,
        };
        event.prevent_default();
        share.set(to);
    };
    let said = move || match share.get() {
        Share::Line => "only a line",
        Share::Half => "half of the page",
        Share::Whole => "nearly all of the page",
    };
    view! {
        <div class="grip" role="slider" tabindex="0" aria-label="Height of the results" aria-orientation="vertical" data-testid="grip"
            aria-valuemin="0" aria-valuemax="2" aria-valuenow=move || share.get() as u8 aria-valuetext=said node_ref=grip
            on:pointerdown=down on:pointerup=up on:pointercancel=move |_| from.set_value(None) on:click=click on:keydown=keydown></div>
    }
}

#[cfg(test)]
mod tests {
    use super::Share::{Half, Line, Whole};

    #[test]
    fn a_thumb_draws_it_up_and_down_a_step_at_a_time_and_a_tap_opens_and_closes_it() {
        assert_eq!([Line, Half, Whole].map(|share| share.drawn(-80.0)), [Half, Whole, Whole]);
        assert_eq!([Line, Half, Whole].map(|share| share.drawn(80.0)), [Line, Line, Half]);
        assert_eq!([Line, Half, Whole].map(super::Share::tapped), [Half, Whole, Half]);
    }
}
