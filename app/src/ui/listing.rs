//! The list of results as it stands on the page: in which order, which of those that look the same, and which part is made.

use std::ops::Range;
use std::sync::Arc;

use gloo::events::{EventListener, EventListenerOptions};
use gloo::timers::callback::Timeout;
use leptos::prelude::*;
use web_sys::HtmlElement;

use super::RESULTS;
use super::session::{By, Session};
use crate::browser::{layout, page};
use crate::grouping;
use crate::order::Order;
use crate::protocol::Hit;
use crate::virtual_list::{VirtualList, step};

/// Id of the list.
pub const LIST: &str = "result-list";
/// Attribute of a card: its position in the list, from 0.
pub const POSITION: &str = "data-position";
/// What is printed is looked at so often at most, until it is complete.
const PRINT_TURNS: u32 = 200;
/// And after so many milliseconds each time.
const PRINT_TURN_MS: u32 = 50;

/// Element id of the button of the card with this rank (from 0).
pub fn card_id(rank: usize) -> String {
    format!("result-{}", rank + 1)
}

/// The hits in the order of the list.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    hits: Arc<Vec<Hit>>,
    /// What is listed of the hits, which are best first.
    rows: Vec<grouping::Listed>,
    /// The first position of what is less likely than the cutoff.
    line: Option<usize>,
}

impl PartialEq for Listed {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.hits, &other.hits) && self.rows == other.rows && self.line == other.line
    }
}

/// A row of the list.
#[derive(Debug, Clone)]
pub enum Row {
    /// A hit.
    Card {
        /// Its position in the list, from 0.
        position: usize,
        /// Its rank, from 0.
        rank: usize,
        /// Hits that it stands for besides itself.
        others: usize,
        /// What is known of it.
        hit: Box<Hit>,
    },
    /// What comes below it is less likely than the cutoff.
    Line,
}

impl Row {
    /// What tells rows apart, and a card from the same with more on it.
    pub fn key(&self) -> String {
        match self {
            Self::Card { position, rank, others, hit } => format!("{position} {rank} {others} {hit:?}"),
            Self::Line => "line".to_owned(),
        }
    }
}

/// The list. Copies are handles to the same one.
#[derive(Clone, Copy)]
pub struct Listing {
    listed: Memo<Listed>,
    layout: StoredValue<VirtualList>,
    /// The chunks that are on the page.
    made: RwSignal<Range<usize>>,
    /// Those that are to be.
    wanted: RwSignal<Range<usize>>,
    /// The first chunk that is seen.
    first: StoredValue<usize>,
    /// Everything is made, to be printed.
    whole: StoredValue<bool>,
    /// The position that is to be shown as soon as it is there, and whether it gets the focus.
    awaited: StoredValue<Option<(usize, bool)>>,
    /// The position that had the focus when it was let go.
    left: StoredValue<Option<usize>>,
    turn: StoredValue<Option<Timeout>, LocalStorage>,
    printing: StoredValue<Option<Timeout>, LocalStorage>,
    /// What had the focus before others came above it, and the position of its row.
    had_focus: StoredValue<Option<(HtmlElement, usize)>, LocalStorage>,
    /// A card, and where it was before others came above it.
    anchor: StoredValue<Option<(String, f64)>>,
}

impl Listing {
    /// The list of a session's hits; it belongs to the reactive owner at hand.
    pub fn new(session: Session) -> Self {
        let listed = Memo::new(move |_| listed(session));
        let listing = Self {
            listed,
            layout: StoredValue::new(VirtualList::new(0, 1)),
            made: RwSignal::new(0..0),
            wanted: RwSignal::new(0..0),
            first: StoredValue::new(0),
            whole: StoredValue::new(false),
            awaited: StoredValue::new(None),
            left: StoredValue::new(None),
            turn: StoredValue::new_local(None),
            printing: StoredValue::new_local(None),
            had_focus: StoredValue::new_local(None),
            anchor: StoredValue::new(None),
        };
        Effect::new(move |before: Option<Vec<grouping::Listed>>| {
            let rows = listed.with(|listed| listed.rows.clone());
            listing.take(before.is_some_and(|before| rows.starts_with(&before)), rows.len());
            rows
        });
        // A selection made elsewhere is scrolled to.
        Effect::new(move || {
            let Some(selected) = session.selected.get() else { return };
            let rank = session.hits.with(|hits| hits.iter().position(|hit| hit.id == selected.id));
            if let Some(rank) = rank.filter(|_| selected.by != By::List) {
                listing.reveal(rank, false);
            }
        });
        listing.listen();
        listing
    }

    /// Hits that are listed.
    pub fn count(self) -> usize {
        self.listed.with(|listed| listed.rows.len())
    }

    /// The rows that are on the page.
    pub fn rows(self) -> Vec<Row> {
        let made = self.made.get();
        self.listed.with(|listed| {
            let items = self.layout.with_value(|list| list.items(&made));
            let mut rows = Vec::new();
            for position in items.start..items.end.min(listed.rows.len()) {
                if listed.line == Some(position) && (position > items.start || position == 0) {
                    rows.push(Row::Line);
                }
                let Some(grouping::Listed { place: rank, others }) = listed.rows.get(position).copied()
                else {
                    break;
                };
                let hit = listed.hits.get(rank).cloned().map(Box::new);
                rows.extend(hit.map(|hit| Row::Card { position, rank, others, hit }));
            }
            rows
        })
    }

    /// Height of what is not on the page above and below, pixels.
    pub fn room(self) -> (f64, f64) {
        let made = self.made.get();
        self.listed.track();
        self.layout.with_value(|list| (list.above(made.start), list.below(made.end)))
    }

    /// Whether more is about to be made.
    pub fn is_making(self) -> bool {
        self.made.get() != self.wanted.get()
    }

    /// The position of the row that has the focus, or had it when it was let go.
    pub fn focused(self) -> Option<usize> {
        focused_row().or_else(|| self.left.get_value())
    }

    /// Shows the hit of this rank, and gives it the focus if wanted. False if it is not listed.
    pub fn reveal(self, rank: usize, focus: bool) -> bool {
        if self.is_gone() {
            return false;
        }
        let position =
            self.listed.with_untracked(|listed| listed.rows.iter().position(|row| row.place == rank));
        if let Some(position) = position {
            self.show(position, focus);
        }
        position.is_some()
    }

    /// Whether the list was taken off the page while something was about to be done with it.
    fn is_gone(self) -> bool {
        self.made.try_get_untracked().is_none()
    }

    /// Shows the row at this position, and gives it the focus if wanted. Returns its hit's rank.
    pub fn show(self, position: usize, focus: bool) -> Option<usize> {
        let rank = self.listed.with_untracked(|listed| listed.rows.get(position).map(|row| row.place))?;
        self.awaited.set_value(Some((position, focus)));
        let chunk = self.layout.with_value(|list| list.chunk_of(position));
        if self.made.with_untracked(|made| made.contains(&chunk)) {
            self.settle();
        } else if let Some((top, _)) = layout::vertical(LIST) {
            let down = top + self.layout.with_value(|list| list.above(chunk));
            page::set_scrolled(RESULTS, page::scrolled(RESULTS) + down as i32);
            self.want(chunk..chunk + 1);
        }
        Some(rank)
    }

    /// Makes the whole list, waits for its pictures, and opens the browser's dialog for printing.
    pub fn print(self) {
        self.whole.set_value(true);
        self.look();
        self.print_soon(PRINT_TURNS);
    }

    fn print_soon(self, turns: u32) {
        if self.is_gone() {
            return;
        }
        let is_making = self.made.get_untracked() != self.wanted.get_untracked();
        if turns > 0 && (is_making || layout::exists(".results .picture.coming")) {
            let again = Timeout::new(PRINT_TURN_MS, move || self.print_soon(turns - 1));
            return self.printing.set_value(Some(again));
        }
        page::print();
    }

    /// The hits have changed, or only grown.
    fn take(self, has_grown: bool, count: usize) {
        self.layout.update_value(|list| {
            if has_grown {
                list.resize(count);
            } else {
                *list = VirtualList::new(count, list.columns());
            }
        });
        if !has_grown {
            self.left.set_value(None);
            self.made.set(0..0);
        }
        self.look();
    }

    /// Finds out what is seen, and makes it.
    fn look(self) {
        if self.is_gone() {
            return;
        }
        let count = self.listed.with_untracked(|listed| listed.rows.len());
        let columns = layout::columns(LIST).max(1);
        self.layout.update_value(|list| {
            if list.columns() != columns {
                *list = VirtualList::new(count, columns);
            }
        });
        // Out of sight it stays as it is.
        let seen = match layout::vertical(LIST).zip(layout::window_height()) {
            Some(((top, height), window)) if height > 0.0 => {
                self.layout.with_value(|list| list.seen((-top).max(0.0), window - top))
            }
            _ if self.made.with_untracked(Range::is_empty) => 0..1,
            _ => return self.advance(),
        };
        self.want(seen);
    }

    fn want(self, seen: Range<usize>) {
        self.first.set_value(seen.start);
        let wanted = self.layout.with_value(|list| match self.whole.get_value() {
            true => 0..list.chunks(),
            false => list.around(&seen),
        });
        self.wanted.set(wanted);
        self.advance();
    }

    /// Makes the next chunk.
    fn advance(self) {
        let (made, wanted) = (self.made.get_untracked(), self.wanted.get_untracked());
        let next = step(&made, &wanted, self.first.get_value());
        if next == made {
            return;
        }
        let items = self.layout.with_value(|list| list.items(&next));
        let focused = focused_row();
        if let Some(focused) = focused.filter(|focused| !items.contains(focused)) {
            self.left.set_value(Some(focused));
            page::element(LIST).iter().for_each(page::focus_in_place);
        }
        // What was noted before and is not settled yet holds.
        if let Some(had_focus) = page::focused().zip(focused.filter(|focused| items.contains(focused))) {
            self.had_focus.set_value(Some(had_focus));
        }
        if next.start != made.start && self.anchor.with_value(Option::is_none) {
            let place = |id: String| {
                let (top, height) = layout::vertical(&id)?;
                (height > 0.0 && top + height > 0.0).then_some((id, top))
            };
            self.anchor.set_value(items.filter_map(|position| self.id(position)).find_map(place));
        }
        self.made.set(next);
        self.turn.set_value(Some(Timeout::new(0, move || {
            if self.is_gone() {
                return;
            }
            self.settle();
            self.look();
        })));
    }

    /// What was made is on the page: its height is known, what was seen stays where it was, and what was awaited is shown.
    fn settle(self) {
        let made = self.made.get_untracked();
        let firsts: Vec<usize> = self
            .layout
            .with_value(|list| made.clone().map(|chunk| list.items(&(chunk..chunk + 1)).start).collect());
        let tops: Vec<Option<f64>> = firsts
            .iter()
            .map(|first| self.id(*first).and_then(|id| layout::vertical(&id)).map(|(top, _)| top))
            .collect();
        self.layout.update_value(|list| {
            for (chunk, tops) in made.clone().zip(tops.windows(2)) {
                if let [Some(top), Some(next)] = tops {
                    list.measured(chunk, next - top);
                }
            }
        });
        if let Some((id, before)) = self.anchor.try_update_value(Option::take).flatten()
            && let Some((now, _)) = layout::vertical(&id)
            && (now - before).abs() >= 1.0
        {
            page::set_scrolled(RESULTS, page::scrolled(RESULTS) + (now - before).round() as i32);
        }
        // What is moved in the document loses the focus.
        if let Some((element, position)) = self.had_focus.try_update_value(Option::take).flatten()
            && page::focused().is_none()
        {
            let anew = || page::element(&self.id(position)?);
            let element = if element.is_connected() { Some(element) } else { anew() };
            element.iter().for_each(page::focus_in_place);
        }
        if let Some((position, focus)) = self.awaited.get_value()
            && let Some(card) = self.id(position).filter(|id| page::element(id).is_some())
        {
            self.awaited.set_value(None);
            if focus {
                self.left.set_value(None);
                page::focus(&card);
            }
            page::scroll_to(&card);
        }
    }

    /// Element id of the card at this position.
    fn id(self, position: usize) -> Option<String> {
        self.listed.with_untracked(|listed| listed.rows.get(position).map(|row| card_id(row.place)))
    }

    fn listen(self) {
        let Some((window, document)) = web_sys::window().zip(page::document()) else { return };
        // Scrolling is heard of from its element only while it goes down to it.
        let scrolled = EventListener::new_with_options(
            &document,
            "scroll",
            EventListenerOptions::run_in_capture_phase(),
            move |_| self.look(),
        );
        let resized = EventListener::new(&window, "resize", move |_| self.look());
        let printed = EventListener::new(&window, "afterprint", move |_| {
            if !self.is_gone() {
                self.whole.set_value(false);
                self.look();
            }
        });
        // By the browser's own command: then there is no time for pieces.
        let printing = EventListener::new(&window, "beforeprint", move |_| {
            if !self.is_gone() {
                self.whole.set_value(true);
                self.made.set(self.layout.with_value(|list| 0..list.chunks()));
                self.wanted.set(self.made.get_untracked());
            }
        });
        // They end with the list.
        StoredValue::new_local([scrolled, resized, printed, printing]);
    }
}

/// Position of the row that has the focus, or something in it.
fn focused_row() -> Option<usize> {
    page::focused_attribute(POSITION)?.parse().ok()
}

fn listed(session: Session) -> Listed {
    let (line, order) = (session.line(), session.order.get());
    let from = untrack(|| session.middle());
    let hits = session.hits.get();
    let rows = session.grouping.get().of(&hits, &order.of(&hits, from));
    let is_below = |row: &grouping::Listed| {
        line.zip(hits.get(row.place)).is_some_and(|(line, hit)| hit.similarity < line)
    };
    // In another order than that of marks there is no line to draw.
    let line = rows.iter().position(is_below).filter(|_| order == Order::Fit);
    Listed { hits, rows, line }
}
