//! A picture that was given: it is searched for at once, and here it can be turned, and a part of it chosen.

use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html::{Canvas, Div};
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

use super::given::Given;
use super::icons;
use super::session::Session;
use crate::ask::{About, Ask, Named, Origin, Part};
use crate::browser::pixels::{Cut, Picture};
use crate::vector::Vector;

/// Longest edge of the preview, pixels.
const PREVIEW: f64 = 720.0;
/// Parts smaller than this share of an edge are slips of the hand.
const LEAST: f64 = 0.05;
/// How far an arrow key moves the part, as a share of an edge.
const STEP: f64 = 0.05;

/// Takes a file as a picture, and searches for what looks like it.
pub fn give(session: Session, file: Blob, name: String) {
    session.given();
    spawn_local(async move {
        match Picture::decode(&file).await {
            Ok(picture) => {
                let given = Given { picture, name };
                session.desk.set(Some(given.clone()));
                look(session, given, Cut::WHOLE).await;
            }
            Err(why) => session.could_not(format!("{name} was not taken. {why}")),
        }
    });
}

/// Searches for what looks like a part of the picture, in the place of another part of it.
async fn look(session: Session, given: Given, cut: Cut) {
    let pixels = match given.picture.pixels(cut) {
        Ok(pixels) => pixels,
        Err(why) => return session.could_not(format!("{} was not taken. {why}", given.name)),
    };
    let Some(vector) = session.see(&pixels).await else { return };
    let named = Named { origin: Origin::Picture, name: short(&given.name), vector: Vector::new(&vector) };
    let about = About::Named(named);
    session.alter(|ask| put(ask, about));
}

/// A picture takes the place of the one before.
fn put(ask: &mut Ask, about: About) {
    let is_picture =
        |part: &&mut Part| matches!(&part.about, About::Named(named) if named.origin == Origin::Picture);
    match ask.parts.iter_mut().find(is_picture) {
        Some(part) => part.about = about,
        None => ask.add(Part::plus(about)),
    }
}

/// A name that fits a chip, without what it has no room for.
fn short(name: &str) -> String {
    let kept: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
    if kept.trim().is_empty() { "without a name".to_owned() } else { kept }
}

#[component]
pub fn Desk() -> impl IntoView {
    let session = expect_context::<Session>();
    // Without its term there is nothing on the desk.
    let is_asked = Memo::new(move |_| {
        session.asking().with(|asking| {
            asking
                .confirmed()
                .parts
                .iter()
                .any(|part| matches!(&part.about, About::Named(named) if named.origin == Origin::Picture))
        })
    });
    move || {
        let given = session.desk.get().filter(|_| is_asked.get())?;
        Some(view! { <Preview given/> })
    }
}

#[component]
fn Preview(given: Given) -> impl IntoView {
    let session = expect_context::<Session>();
    let canvas = NodeRef::<Canvas>::new();
    let frame = NodeRef::<Div>::new();
    let cut = RwSignal::new(Cut::WHOLE);
    let from = StoredValue::new(None::<(f64, f64)>);
    let given = StoredValue::new_local(given);
    let turns = Memo::new(move |_| cut.get().turns);
    Effect::new(move || {
        let (Some(canvas), turns) = (canvas.get(), turns.get()) else { return };
        let drawn =
            given.with_value(|given| given.picture.draw(&canvas, Cut { turns, ..Cut::WHOLE }, PREVIEW));
        if let Err(why) = drawn {
            session.could_not(why);
        }
    });
    let search = move || {
        let (given, cut) = (given.get_value(), cut.get_untracked());
        spawn_local(look(session, given, cut));
    };
    let at = move |event: &PointerEvent| {
        let edges = frame.get_untracked()?.get_bounding_client_rect();
        let share = |from: f64, start: f64, length: f64| ((from - start) / length.max(1.0)).clamp(0.0, 1.0);
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        Some((share(x, edges.left(), edges.width()), share(y, edges.top(), edges.height())))
    };
    let down = move |event: PointerEvent| {
        event.prevent_default();
        from.set_value(at(&event));
        if let Some(frame) = frame.get_untracked() {
            // Without capture the drag ends at the frame's edge, which is no harm.
            let _ends_at_the_edge = frame.set_pointer_capture(event.pointer_id());
        }
    };
    let moved = move |event: PointerEvent| {
        if let (Some(from), Some(to)) = (from.get_value(), at(&event)) {
            cut.update(|cut| *cut = between(from, to, cut.turns));
        }
    };
    let up = move |_| {
        if from.get_value().is_some() {
            from.set_value(None);
            cut.update(|cut| {
                if cut.width < LEAST || cut.height < LEAST {
                    *cut = Cut { turns: cut.turns, ..Cut::WHOLE };
                }
            });
            search();
        }
    };
    let keydown = move |event: KeyboardEvent| {
        if let Some(moved) = keyed(cut.get_untracked(), &event.key()) {
            event.prevent_default();
            cut.set(moved);
            search();
        }
    };
    let percent = |share: f64| format!("{:.2}%", share * 100.0);
    view! {
        <div class="desk" data-testid="desk">
            <div class="desk-frame" node_ref=frame tabindex="0" role="application" data-testid="desk-frame"
                aria-label="The picture that is searched for. Draw a box for a part of it; or plus and minus make the part larger and smaller, arrow keys move it."
                on:pointerdown=down on:pointermove=moved on:pointerup=up on:keydown=keydown>
                <canvas node_ref=canvas></canvas>
                <span class="desk-cut" data-testid="desk-cut"
                    style:left=move || percent(cut.get().left) style:top=move || percent(cut.get().top)
                    style:width=move || percent(cut.get().width) style:height=move || percent(cut.get().height)></span>
            </div>
            <div class="desk-tools">
                <button type="button" class="plain" data-testid="desk-turn" on:click=move |_| {
                    cut.update(|cut| *cut = Cut { turns: (cut.turns + 1) % 4, ..Cut::WHOLE });
                    search();
                }>{icons::turn()}"Turn"</button>
                <button type="button" class="plain" data-testid="desk-whole" disabled=move || is_whole(cut.get()) on:click=move |_| {
                    cut.update(|cut| *cut = Cut { turns: cut.turns, ..Cut::WHOLE });
                    search();
                }>"All of it"</button>
                <p class="soft">"Draw a box for a part of it. The picture stays in this browser."</p>
            </div>
        </div>
    }
}

fn is_whole(cut: Cut) -> bool {
    cut == Cut { turns: cut.turns, ..Cut::WHOLE }
}

/// The part between two corners.
fn between(from: (f64, f64), to: (f64, f64), turns: u32) -> Cut {
    let (left, top) = (from.0.min(to.0), from.1.min(to.1));
    Cut { turns, left, top, width: (from.0 - to.0).abs(), height: (from.1 - to.1).abs() }
}

/// The part after a key was pressed; none if the key means nothing here.
fn keyed(cut: Cut, key: &str) -> Option<Cut> {
    let resized = |factor: f64| {
        let (width, height) =
            ((cut.width * factor).clamp(LEAST, 1.0), (cut.height * factor).clamp(LEAST, 1.0));
        let (left, top) = (cut.left + (cut.width - width) / 2.0, cut.top + (cut.height - height) / 2.0);
        Cut { turns: cut.turns, left, top, width, height }
    };
    let shifted = |x: f64, y: f64| Cut { left: cut.left + x, top: cut.top + y, ..cut };
    let moved = match key {
        "+" | "=" => resized(1.25),
        "-" => resized(0.8),
        "ArrowLeft" => shifted(-STEP, 0.0),
        "ArrowRight" => shifted(STEP, 0.0),
        "ArrowUp" => shifted(0.0, -STEP),
        "ArrowDown" => shifted(0.0, STEP),
        _ => return None,
    };
    let (left, top) = (moved.left.clamp(0.0, 1.0 - moved.width), moved.top.clamp(0.0, 1.0 - moved.height));
    Some(Cut { left, top, ..moved })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_move_and_resize_a_part_within_the_picture() {
        let half = keyed(keyed(keyed(Cut::WHOLE, "-").unwrap(), "-").unwrap(), "-").unwrap();
        assert!((half.width - 0.512).abs() < 1e-9 && (half.left - 0.244).abs() < 1e-9);
        let mut part = half;
        for _ in 0..20 {
            part = keyed(part, "ArrowLeft").unwrap();
        }
        assert_eq!((part.left, part.width), (0.0, half.width));
        for _ in 0..20 {
            part = keyed(part, "+").unwrap();
        }
        assert_eq!(part, Cut::WHOLE);
        assert_eq!(keyed(part, "x"), None);
    }

    #[test]
    fn a_part_lies_between_two_corners_whichever_came_first() {
        let cut = Cut { turns: 1, left: 0.25, top: 0.25, width: 0.5, height: 0.25 };
        assert_eq!(between((0.75, 0.25), (0.25, 0.5), 1), cut);
        assert_eq!(between((0.25, 0.5), (0.75, 0.25), 1), cut);
    }

    #[test]
    fn a_picture_takes_the_place_of_the_one_before_and_keeps_its_weight() {
        let about = |name: &str| {
            let vector = Vector::parse("fw").expect("a vector");
            About::Named(Named { origin: Origin::Picture, name: name.into(), vector })
        };
        let mut ask = Ask::words("pond");
        put(&mut ask, about("a"));
        ask.parts[0].weight = -0.5;
        put(&mut ask, about("b"));
        assert_eq!(ask.parts, [Part { weight: -0.5, about: about("b") }]);
    }

    #[test]
    fn names_fit_a_chip() {
        assert_eq!(short("a\u{0}b.jpg"), "ab.jpg");
        assert_eq!(short(" \n"), "without a name");
        assert_eq!(short(&"船".repeat(99)).chars().count(), 40);
    }
}
