//! What is asked, as one value: the words in the box, the terms beside them, and where. Box, list, link and history
//! are read from it; nothing else says what is searched for.

use clip_rs_catalog::ItemId;
use clip_rs_search::query::MAX_TERMS;
use clip_rs_search::{Polygon, Query, Subject, Term};

use crate::protocol::Taken;
use crate::vector::Vector;

/// Longest words that are taken, characters.
pub const MAX_WORDS: usize = 500;
/// Fewer characters than this are the beginning of too many words.
const LEAST_CHARACTERS: usize = 3;

/// A question as a person put it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ask {
    /// The words in the box.
    pub words: Option<String>,
    /// What is looked for besides, or not wanted.
    pub parts: Vec<Part>,
    /// Only items in this outline are searched.
    pub area: Option<Polygon>,
    /// Only items that lie where this says, such as "within 2 km of Leesburg".
    pub place: Option<String>,
    /// Only items that were taken on these days.
    pub taken: Option<Taken>,
    /// What has changed since a date, where nothing is looked for: the address of the catalog of that date, as it is listed, or a
    /// day. See [`Ask::since`].
    pub since: Option<String>,
}

/// A term beside the words.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// How much it counts beside words, which count 1; below 0 for what is not wanted.
    pub weight: f32,
    /// What it is about.
    pub about: About,
}

/// What a term is about.
#[derive(Debug, Clone, PartialEq)]
pub enum About {
    /// Words.
    Words(String),
    /// An item, by its id.
    Item(String),
    /// A direction with the name that it goes by: a picture from outside, or a concept taught by examples.
    Named(Named),
}

/// A direction with a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// What it comes from.
    pub origin: Origin,
    /// What people call it.
    pub name: String,
    /// Where it points.
    pub vector: Vector,
}

/// Where a direction comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A picture from outside.
    Picture,
    /// Examples, marked yes or no.
    Concept,
}

impl Part {
    /// How much what is wanted counts, unless it is said otherwise.
    pub const PLUS: f32 = 1.0;
    /// How much what is not wanted counts: more of it would leave nothing but its opposite.
    pub const MINUS: f32 = -0.5;
    /// Largest weight either way.
    pub const MOST: f32 = 2.0;

    /// A term that is wanted.
    pub fn plus(about: About) -> Self {
        Self { weight: Self::PLUS, about }
    }

    /// A term that is not wanted.
    pub fn minus(about: About) -> Self {
        Self { weight: Self::MINUS, about }
    }
}

impl Ask {
    /// Words alone.
    pub fn words(text: &str) -> Self {
        Self { words: words(text), ..Self::default() }
    }

    /// Items like one.
    pub fn like(id: impl Into<String>) -> Self {
        Self { parts: vec![Part::plus(About::Item(id.into()))], ..Self::default() }
    }

    /// Whether there is nothing to look for.
    pub fn has_no_terms(&self) -> bool {
        self.words.is_none() && self.parts.is_empty()
    }

    /// Since when changes are asked for. Whatever is looked for goes before.
    pub fn since(&self) -> Option<&str> {
        self.since.as_deref().filter(|_| self.has_no_terms())
    }

    /// The words, if they are all that is looked for.
    pub fn only_words(&self) -> Option<&str> {
        self.words.as_deref().filter(|_| self.parts.is_empty())
    }

    /// What of it makes sense in any catalog: all words that are looked for or not wanted. Items, pictures and places belong to
    /// one catalog or its model.
    pub fn words_alone(&self) -> Self {
        let is_words = |part: &&Part| matches!(part.about, About::Words(_));
        let parts = self.parts.iter().filter(is_words).cloned().collect();
        Self { words: self.words.clone(), parts, ..Self::default() }
    }

    /// The item, if it is all that is looked for.
    pub fn only_item(&self) -> Option<&str> {
        match (&self.words, self.parts.as_slice()) {
            (None, [Part { weight, about: About::Item(id) }]) if *weight > 0.0 => Some(id),
            _ => None,
        }
    }

    /// Adds a term, as long as there is room for it.
    pub fn add(&mut self, part: Part) {
        if self.parts.len() + 1 < MAX_TERMS {
            self.parts.push(part);
        }
    }

    /// The question to the engine, within `place` where that is known; none if there is nothing to look for, or an item has a
    /// name that is none.
    pub fn query(&self, place: Option<&Polygon>, limit: usize) -> Option<Query> {
        let words = self.words.iter().map(|words| Some((Part::PLUS, Subject::Text(words.clone()))));
        let parts = self.parts.iter().map(|part| Some((part.weight, part.about.subject()?)));
        let terms: Vec<Term> = words
            .chain(parts)
            .map(|term| term.map(|(weight, subject)| Term { weight, subject }))
            .collect::<Option<_>>()?;
        let first = terms.first()?.subject.clone();
        let areas = self.area.iter().chain(place).cloned().collect();
        Some(Query { terms, areas, ..Query::new(first).limit(limit) })
    }
}

impl About {
    fn subject(&self) -> Option<Subject> {
        match self {
            Self::Words(words) => Some(Subject::Text(words.clone())),
            Self::Item(id) => id.parse::<ItemId>().ok().map(Subject::Item),
            Self::Named(named) => named.vector.embedding().map(Subject::Vector),
        }
    }
}

/// What is being asked: the text in the box, and the last question that was confirmed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asking {
    /// The text in the box, as it is typed.
    text: String,
    /// Whether what is typed is not wanted.
    unwanted: bool,
    confirmed: Ask,
}

impl Asking {
    /// Nothing but a confirmed question.
    pub fn about(confirmed: Ask) -> Self {
        Self { text: confirmed.words.clone().unwrap_or_default(), unwanted: false, confirmed }
    }

    /// The text in the box.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether what is typed is not wanted.
    pub fn is_unwanted(&self) -> bool {
        self.unwanted
    }

    /// What was confirmed last.
    pub fn confirmed(&self) -> &Ask {
        &self.confirmed
    }

    /// The box has this text now.
    pub fn typed(&mut self, text: String) {
        self.text = text;
    }

    /// What the text is on the way to, if that is another question than the confirmed one and long enough to tell.
    pub fn draft(&self) -> Option<Ask> {
        let long_enough = |words: &String| words.chars().count() >= LEAST_CHARACTERS;
        words(&self.text)
            .filter(long_enough)
            .map(|words| self.with(words))
            .filter(|ask| *ask != self.confirmed)
    }

    /// What results are to be about.
    pub fn wanted(&self) -> Ask {
        self.draft().unwrap_or_else(|| self.confirmed.clone())
    }

    /// Takes the text, however short, for what is meant.
    pub fn confirm(&mut self) {
        let confirmed = match words(&self.text) {
            Some(words) => self.with(words),
            None => Ask { words: None, ..self.confirmed.clone() },
        };
        *self = Self::about(confirmed);
    }

    /// Takes the text for what is meant if that can be told; else it goes back to what was confirmed.
    pub fn leave(&mut self) {
        match (words(&self.text), self.draft()) {
            (None, _) | (_, Some(_)) => self.confirm(),
            _ => *self = Self::about(self.confirmed.clone()),
        }
    }

    /// Makes the words in the box a term, so that the box is free for the next, which is wanted or not.
    pub fn begin_next(&mut self, unwanted: bool) {
        self.confirm();
        let mut ask = self.confirmed.clone();
        if let Some(words) = ask.words.take() {
            ask.parts.insert(0, Part::plus(About::Words(words)));
        }
        *self = Self { unwanted, ..Self::about(ask) };
    }

    fn with(&self, words: String) -> Ask {
        let mut ask = self.confirmed.clone();
        let (unwanted, text) = match words.strip_prefix(['-', '\u{2212}']) {
            Some(text) if !text.trim().is_empty() => (true, text.trim().to_owned()),
            _ => (self.unwanted, words),
        };
        if unwanted {
            ask.add(Part::minus(About::Words(text)));
        } else {
            ask.words = Some(text);
        }
        ask
    }
}

/// Words as they are searched for: trimmed, white space made single, not longer than [`MAX_WORDS`]; none if no sign of them
/// shows.
pub fn words(text: &str) -> Option<String> {
    let shows = |c: char| !(c.is_whitespace() || c.is_control() || is_invisible(c));
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let text: String = words.join(" ").chars().take(MAX_WORDS).collect();
    let text = text.trim_end();
    text.chars().any(shows).then(|| text.to_owned())
}

/// Signs that take no room and have no ink (Unicode's default ignorable code points, less those that only shape others).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{2800}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
#[path = "ask_tests.rs"]
mod tests;
