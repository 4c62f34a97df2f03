//! What CLIP does to a text before it looks for words: repairs it, folds white space, lowers the case.
//!
//! Reference: `_clean_lower` of open_clip's `SimpleTokenizer`, which is OpenAI's: ftfy's `fix_text`, Python's
//! `html.unescape` twice, white space to single spaces, lower case. ftfy guesses which of many encodings a text was
//! mistaken for; here only the usual mistake is undone (see [`super::mojibake`]).

use unicode_normalization::UnicodeNormalization;

use super::mojibake;

/// Repairing again changes nothing after two or three rounds.
const MAX_ROUNDS: usize = 8;
/// Halfwidth katakana and their marks, U+FF61 to U+FF9F, in their standard width.
const KATAKANA: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン\u{3099}\u{309a}";

/// The text as CLIP's byte pairs want it.
pub(super) fn clean(text: &str) -> String {
    let mut entities = true;
    let mut repaired = String::new();
    for line in text.split_inclusive('\n') {
        // Where there are tags the entities may be meant; then they are only resolved below.
        entities &= !line.contains('<');
        repaired.push_str(&repair(line, entities));
    }
    let text = unescape(&unescape(&repaired));
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// ftfy's repairs in their order, until nothing changes any more.
fn repair(line: &str, entities: bool) -> String {
    let mut text = line.to_owned();
    for _ in 0..MAX_ROUNDS {
        let closed = if entities { unescape_closed(&text) } else { text.clone() };
        let narrowed: String =
            mojibake::undo(&closed).chars().map(Plain::of).flat_map(Plain::chars).collect();
        let bare = without_terminal_escapes(&narrowed.replace("\r\n", "\n").replace('\r', "\n"));
        let fixed: String = bare.chars().filter(|c| !is_unwanted(*c)).nfc().collect();
        if fixed == text {
            break;
        }
        text = fixed;
    }
    text
}

/// What a character becomes when it is written plainly.
enum Plain {
    Same(char),
    Several(&'static str),
}

impl Plain {
    /// Takes ligatures apart, brings letters to their standard width, straightens quotes and line ends.
    fn of(c: char) -> Self {
        Self::Several(match c {
            '\u{2bc}' | '\u{2018}'..='\u{201b}' => "'",
            '\u{201c}'..='\u{201f}' => "\"",
            '\u{2028}' | '\u{2029}' | '\u{85}' => "\n",
            '\u{3000}' => " ",
            'Ĳ' => "IJ",
            'ĳ' => "ij",
            'ŉ' => "'n",
            'Ǆ' | 'ǅ' | 'Ǳ' | 'ǲ' => {
                if matches!(c, 'Ǆ' | 'ǅ') {
                    "DŽ"
                } else {
                    "DZ"
                }
            }
            'ǆ' => "dž",
            'ǳ' => "dz",
            'Ǉ' | 'ǈ' => "LJ",
            'ǉ' => "lj",
            'Ǌ' | 'ǋ' => "NJ",
            'ǌ' => "nj",
            'ﬀ' => "ff",
            'ﬁ' => "fi",
            'ﬂ' => "fl",
            'ﬃ' => "ffi",
            'ﬄ' => "ffl",
            'ﬅ' => "ſt",
            'ﬆ' => "st",
            _ => return Self::Same(standard_width(c)),
        })
    }

    fn chars(self) -> impl Iterator<Item = char> {
        let (one, several) = match self {
            Self::Same(c) => (Some(c), ""),
            Self::Several(text) => (None, text),
        };
        one.into_iter().chain(several.chars())
    }
}

/// Full- and halfwidth forms (of Latin, katakana and signs) in their standard width.
fn standard_width(c: char) -> char {
    let table = |text: &'static str, first: u32| text.chars().nth((c as u32 - first) as usize).unwrap_or(c);
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{ff5f}'..='\u{ff60}' => table("⦅⦆", 0xff5f),
        '\u{ff61}'..='\u{ff9f}' => table(KATAKANA, 0xff61),
        '\u{ffe0}'..='\u{ffe2}' => table("¢£¬", 0xffe0),
        '\u{ffe4}'..='\u{ffe6}' => table("¦¥₩", 0xffe4),
        '\u{ffe8}'..='\u{ffee}' => table("│←↑→↓■○", 0xffe8),
        _ => c,
    }
}

/// Drops `ESC [ digits letter`, which colours a terminal.
fn without_terminal_escapes(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let after = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        match after.strip_prefix(|c: char| c.is_ascii_alphabetic()) {
            Some(rest) => kept.push_str(rest),
            None => kept.extend(["\u{1b}[", part]),
        }
    }
    kept
}

/// Control characters that are no white space, and others that have no business in a text.
fn is_unwanted(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1f}' | '\u{7f}'
        | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffc}')
}

/// Resolves the entities that end in a semicolon.
fn unescape_closed(text: &str) -> String {
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        resolved.push_str(before);
        let name = |c: char| c == '#' || c.is_ascii_alphanumeric();
        let length = from.char_indices().skip(1).find(|(_, c)| !name(*c)).map_or(from.len(), |(at, _)| at);
        let entity = if from[length..].starts_with(';') { &from[..=length] } else { "" };
        let shouted = || {
            // ÉCOLE may have been &EACUTE;COLE.
            let plain = unescape(&entity.to_ascii_lowercase());
            let is_upper = !entity.bytes().any(|byte| byte.is_ascii_lowercase());
            (is_upper && !plain.contains(';')).then(|| plain.chars().flat_map(char::to_uppercase).collect())
        };
        let found = Some(unescape(entity)).filter(|found| !found.contains(';')).or_else(shouted);
        match found.filter(|_| !entity.is_empty()) {
            Some(found) => {
                resolved.push_str(&found);
                rest = &from[entity.len()..];
            }
            None => {
                resolved.push('&');
                rest = &from[1..];
            }
        }
    }
    resolved + rest
}

/// Resolves entities as browsers do, and drops what they refer to if it is no character for texts, as Python does.
fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let no_text = |c: char| {
        matches!(c, '\u{1}'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{fdd0}'..='\u{fdef}')
            || c as u32 & 0xfffe == 0xfffe
    };
    htmlize::unescape(text).chars().filter(|c| !no_text(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cleaned_as_the_reference_cleans_them() {
        // Each pair was checked against open_clip's `_clean_lower`.
        for (text, expected) in [
            ("  Two\tstorage\u{a0}TANKS \n", "two storage tanks"),
            ("caf\u{e9} cafe\u{301}", "café café"),
            ("ＦＵＬＬ　ﾜｲﾄﾞ ﬁnd", "full ワイド find"),
            ("&amp;amp;lt; &eacute; &#x41;&#66 &copy &notit;", "< é ab © ¬it;"),
            ("“curly” it’s", "\"curly\" it's"),
            ("\u{1b}[31mred\u{1b}[0m \u{feff}x\u{7}y", "red xy"),
            ("P&EACUTE;REZ", "pérez"),
            ("ΣΊΣΥΦΟΣ İ", "σίσυφος i\u{307}"),
            ("", ""),
        ] {
            assert_eq!(clean(text), expected, "{text:?}");
        }
    }
}
