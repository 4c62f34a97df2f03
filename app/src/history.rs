//! The last searches of a person, which stay in their browser, and what to suggest to one who types.

use serde_json::Value;

use crate::places::{self, Gazetteer, key};

/// Most searches that are remembered.
pub const MAX_SEARCHES: usize = 50;
/// Longer searches are cut, characters.
const MAX_CHARACTERS: usize = places::MAX_QUERY;
/// Longer text is no history, bytes.
const MAX_BYTES: usize = 1_000_000;

/// The last searches, newest first, each once whatever its case, accents and punctuation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    searches: Vec<String>,
}

impl History {
    /// What [`Self::to_json`] wrote. Whatever else `text` may hold is left out: others write to a browser's storage too.
    pub fn from_json(text: &str) -> Self {
        let mut history = Self::default();
        if text.len() > MAX_BYTES {
            return history;
        }
        let read: Vec<Value> = serde_json::from_str(text).unwrap_or_default();
        let newest: Vec<&str> = read.iter().filter_map(Value::as_str).take(MAX_SEARCHES).collect();
        newest.iter().rev().for_each(|search| history.remember(search));
        history
    }

    /// The searches as JSON: an array of text, newest first.
    pub fn to_json(&self) -> String {
        Value::from(self.searches.as_slice()).to_string()
    }

    /// The searches, newest first.
    pub fn searches(&self) -> &[String] {
        &self.searches
    }

    /// Puts a search before all others. One without letters and digits is not remembered.
    pub fn remember(&mut self, search: &str) {
        let words =
            search.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        let search: String = words.collect::<Vec<_>>().join(" ").chars().take(MAX_CHARACTERS).collect();
        if key(&search).is_empty() {
            return;
        }
        self.forget(&search);
        self.searches.insert(0, search.trim_end().to_owned());
        self.searches.truncate(MAX_SEARCHES);
    }

    /// Takes a search out.
    pub fn forget(&mut self, search: &str) {
        let gone = key(search);
        self.searches.retain(|known| key(known) != gone);
    }

    /// Takes all of them out.
    pub fn clear(&mut self) {
        self.searches.clear();
    }
}

/// Where a suggestion comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was searched for before.
    History,
    /// It is one of the examples.
    Example,
    /// It ends in the name of a place.
    Place,
}

/// A search to suggest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The whole search.
    pub text: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// At most `most` searches to suggest to one who has typed `typed`, best first and none twice.
///
/// What begins as it was typed comes first: searches of before, which take no more than half of the room while there is
/// anything else; places; examples. Then what has words that begin so, in any order. Where nothing is typed these are the last
/// searches and the examples.
pub fn suggestions(
    typed: &str,
    history: &History,
    examples: &[String],
    gazetteer: &Gazetteer,
    most: usize,
) -> Vec<Suggestion> {
    let start = key(typed);
    let begins = |text: &&String| {
        let text = key(text);
        text.starts_with(&start) && text != start
    };
    let has_words = |text: &&String| {
        let text = key(text);
        start.split(' ').all(|typed| text.split(' ').any(|word| word.starts_with(typed)))
    };
    let (searches, half) = (history.searches(), most.div_ceil(2));
    let places = places::complete(typed, gazetteer, most);

    let mut list = List { found: Vec::new(), keys: vec![start.clone()] };
    list.add(searches.iter().filter(begins).take(half), Origin::History, most);
    list.add(places.iter(), Origin::Place, most);
    list.add(examples.iter().filter(begins), Origin::Example, most);
    list.add(searches.iter().filter(begins), Origin::History, most);
    list.add(searches.iter().filter(has_words), Origin::History, most);
    list.add(examples.iter().filter(has_words), Origin::Example, most);
    list.found
}

/// Suggestions so far, with what is not to be suggested again.
struct List {
    found: Vec<Suggestion>,
    keys: Vec<String>,
}

impl List {
    fn add<'a>(&mut self, texts: impl Iterator<Item = &'a String>, origin: Origin, most: usize) {
        for text in texts {
            let key = key(text);
            if self.found.len() < most && !self.keys.contains(&key) {
                self.found.push(Suggestion { text: text.clone(), origin });
                self.keys.push(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clip_rs_catalog::Bounds;

    use super::*;

    fn history(searches: &[&str]) -> History {
        let mut history = History::default();
        searches.iter().rev().for_each(|search| history.remember(search));
        history
    }

    fn suggested(typed: &str, most: usize) -> Vec<String> {
        let bounds = Bounds::new(0.0, 0.0, 1.0, 1.0).expect("in range");
        let names = ["Leesburg", "Lees Mill", "Pool"];
        let gazetteer = Gazetteer::new(names.into_iter().map(|name| (name, bounds)));
        let searched = ["Pools near Leesburg", "pool", "pools in a row", "poolside", "red roof"];
        let examples = ["swimming pool", "pools", "red roof", "river"].map(str::to_owned);
        let found = suggestions(typed, &history(&searched), &examples, &gazetteer, most);
        found.into_iter().map(|found| format!("{:?}: {}", found.origin, found.text)).collect()
    }

    #[test]
    fn the_newest_search_comes_first_and_none_twice() {
        let mut history = history(&["a pond", "a river"]);
        history.remember("  A \n RIVER! ");
        assert_eq!(history.searches(), ["A RIVER!", "a pond"]);
        for nothing in ["", " ", "?!", "\u{0}"] {
            history.remember(nothing);
        }
        history.forget("á pond");
        assert_eq!(history.searches(), ["A RIVER!"]);
        history.clear();
        assert!(history.searches().is_empty());
    }

    #[test]
    fn only_so_many_are_remembered_and_each_is_bounded() {
        let mut history = History::default();
        for number in 0..MAX_SEARCHES + 7 {
            history.remember(&format!("search {number}"));
        }
        assert_eq!(history.searches().len(), MAX_SEARCHES);
        assert_eq!(history.searches()[0], "search 56");
        history.remember(&"船".repeat(MAX_CHARACTERS * 2));
        assert_eq!(history.searches()[0].chars().count(), MAX_CHARACTERS);
    }

    #[test]
    fn a_history_survives_json_and_garbage_is_left_out() {
        let known = history(&["a \"pond\"", "ﬂuß", "c\\d"]);
        assert_eq!(History::from_json(&known.to_json()), known);
        assert_eq!(History::from_json("[1, \"a\", null, [\"b\"], \"A\", \" \"]").searches(), ["a"]);
        for garbage in ["", "null", "{}", "[", "\"a\"", "[[[["] {
            assert_eq!(History::from_json(garbage), History::default(), "{garbage}");
        }
        let long = format!("[{}\"b\"]", "\"a\",".repeat(MAX_BYTES / 4));
        assert_eq!(History::from_json(&long), History::default());
        let many: Vec<String> = (0..80).map(|number| format!("\"s{number}\"")).collect();
        let read = History::from_json(&format!("[{}]", many.join(",")));
        assert_eq!((read.searches().len(), read.searches()[0].as_str()), (MAX_SEARCHES, "s0"));
    }

    #[test]
    fn what_begins_as_typed_is_suggested_before_what_only_has_the_words() {
        assert_eq!(
            suggested("poo", 9),
            [
                "History: Pools near Leesburg",
                "History: pool",
                "History: pools in a row",
                "History: poolside",
                "Example: pools",
                "Example: swimming pool",
            ]
        );
        assert_eq!(
            suggested("Pool", 3)[..],
            ["History: Pools near Leesburg", "History: pools in a row", "Example: pools"]
        );
        assert_eq!(suggested("roof re", 9), ["History: red roof"]);
        assert!(suggested("poo", 0).is_empty() && suggested("zebra", 9).is_empty());
    }

    #[test]
    fn the_place_that_is_being_typed_is_completed() {
        assert_eq!(
            suggested("tanks near lee", 9),
            ["Place: tanks near Leesburg", "Place: tanks near Lees Mill"]
        );
        assert_eq!(suggested("Lees", 1), ["Place: Leesburg"]);
        assert_eq!(
            suggested("pools near l", 2),
            ["History: Pools near Leesburg", "Place: pools near Lees Mill"]
        );
    }

    #[test]
    fn before_anything_is_typed_the_last_searches_are_suggested() {
        let found = suggested(" ", 6);
        assert_eq!(
            found[..4],
            [
                "History: Pools near Leesburg",
                "History: pool",
                "History: pools in a row",
                "Example: swimming pool"
            ]
        );
        assert_eq!(found.len(), 6);
    }
}
