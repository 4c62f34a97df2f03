//! Where CLIP's words begin and end: runs of letters, single digits, runs of signs, English contractions.
//!
//! Reference: the pattern of `SimpleTokenizer` of OpenAI's CLIP,
//! `<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// Markers typed by a person are no markers: an end in the middle would hide what follows. They are left out.
const MARKERS: [&str; 2] = ["<start_of_text>", "<end_of_text>"];
const CONTRACTIONS: [&str; 7] = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

/// The words of a text in lower case.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start();
            match MARKERS.iter().find_map(|marker| rest.strip_prefix(marker)) {
                Some(behind) => rest = behind,
                None => break,
            }
        }
        let first = rest.chars().next()?;
        let kind = Kind::of(first);
        let contraction = CONTRACTIONS.iter().find(|contraction| rest.starts_with(**contraction));
        let end = match (contraction, kind) {
            (Some(contraction), _) => contraction.len(),
            (None, Kind::Number) => first.len_utf8(),
            (None, _) => rest.find(|c| Kind::of(c) != kind).unwrap_or(rest.len()),
        };
        let (word, behind) = rest.split_at(end);
        rest = behind;
        Some(word)
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Space,
    Letter,
    Number,
    Sign,
}

impl Kind {
    fn of(c: char) -> Self {
        if c.is_whitespace() {
            return Self::Space;
        }
        match c.general_category_group() {
            GeneralCategoryGroup::Letter => Self::Letter,
            GeneralCategoryGroup::Number => Self::Number,
            _ => Self::Sign,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_reference_pattern() {
        for (text, expected) in [
            ("two storage tanks", &["two", "storage", "tanks"][..]),
            ("it's 'll don't", &["it", "'s", "'ll", "don", "'t"]),
            // A contraction is one only where a word begins.
            ("!'s x''s", &["!'", "s", "x", "''", "s"]),
            ("b52 100m²", &["b", "5", "2", "1", "0", "0", "m", "²"]),
            ("a--b, c!", &["a", "--", "b", ",", "c", "!"]),
            ("日本 ⅷ e\u{301}", &["日本", "ⅷ", "e", "\u{301}"]),
            ("a<end_of_text>b <start_of_text> <end_of_text", &["a", "b", "<", "end", "_", "of", "_", "text"]),
            ("!<end_of_text>", &["!<", "end", "_", "of", "_", "text", ">"]),
            (" \u{a0}\n", &[]),
        ] {
            assert_eq!(words(text).collect::<Vec<_>>(), expected, "{text:?}");
        }
    }
}
