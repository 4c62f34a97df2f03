//! Text as words that are compared: without case, accents and punctuation.

/// Letters by what they are without their accents, in lower case: what Latin, Greek and Cyrillic names of places are
/// written with. The tables of Unicode would weigh more than all else here.
const FOLDED: [(&str, &str); 35] = [
    ("a", "àáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ"),
    ("ae", "æǣǽ"),
    ("b", "ḃḅḇ"),
    ("c", "çćĉċčḉ"),
    ("d", "ðďđḋḍḏḑḓ"),
    ("e", "èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ"),
    ("g", "ĝğġģǧǵḡ"),
    ("h", "ĥħȟḣḥḧḩḫẖ"),
    ("i", "ìíîïĩīĭįıǐȉȋḭḯỉị"),
    ("j", "ĵǰ"),
    ("k", "ķǩḱḳḵ"),
    ("l", "ĺļľłḷḹḻḽ"),
    ("m", "ḿṁṃ"),
    ("n", "ñńņňǹṅṇṉṋ"),
    ("o", "òóôõöøōŏőơǒǫǭǿȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợ"),
    ("oe", "œ"),
    ("p", "ṕṗ"),
    ("r", "ŕŗřȑȓṙṛṝṟ"),
    ("s", "śŝşšșṡṣṥṧṩ"),
    ("ss", "ß"),
    ("t", "ţťŧțṫṭṯṱẗ"),
    ("th", "þ"),
    ("u", "ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự"),
    ("w", "ŵẁẃẅẇẉẘ"),
    ("y", "ýÿŷȳẏẙỳỵỷỹ"),
    ("z", "źżžẑẓẕ"),
    ("α", "ά"),
    ("ε", "έ"),
    ("η", "ή"),
    ("ι", "ίϊΐ"),
    ("ο", "ό"),
    ("υ", "ύϋΰ"),
    ("ω", "ώ"),
    ("и", "йѝ"),
    ("е", "ёѐ"),
];

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Its letters and digits, folded.
    pub key: String,
    /// How many words stand before it.
    pub index: usize,
    /// Where it begins in the text, bytes.
    pub start: usize,
    /// Whether a comma follows.
    pub comma: bool,
}

/// The words of a text. An apostrophe does not end a word, nor does a point or comma between digits.
pub fn split(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut inside = false;
    let mut last = ' ';
    let mut characters = text.char_indices().peekable();
    while let Some((start, c)) = characters.next() {
        let next = characters.peek().map_or(' ', |(_, next)| *next);
        let in_number = matches!(c, '.' | ',') && last.is_ascii_digit() && next.is_ascii_digit();
        let joins = inside && (is_accent(c) || (is_apostrophe(c) && next.is_alphanumeric()));
        last = c;
        if c.is_alphanumeric() || in_number {
            if !inside {
                words.push(Word { key: String::new(), index: words.len(), start, comma: false });
            }
            inside = true;
            if let Some(word) = words.last_mut() {
                fold(c, &mut word.key);
            }
        } else if !joins {
            inside = false;
            if let Some(word) = words.last_mut() {
                word.comma |= c == ',';
            }
        }
    }
    words
}

/// The words of a text in one, by which names are the same.
pub fn key(text: &str) -> String {
    let words: Vec<String> = split(text).into_iter().map(|word| word.key).collect();
    words.join(" ")
}

fn fold(c: char, into: &mut String) {
    for c in c.to_lowercase() {
        if c.is_ascii() {
            into.push(c);
        } else if !is_accent(c) {
            match FOLDED.iter().find(|(_, letters)| letters.contains(c)) {
                Some((plain, _)) => into.push_str(plain),
                None => into.push(c),
            }
        }
    }
}

/// Whether it is an accent of its own (Combining Diacritical Marks).
fn is_accent(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2bc}' | '`')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_without_case_accents_and_punctuation() {
        for (name, expected) in [
            ("Saint-Étienne", "saint etienne"),
            ("ŁÓDŹ", "lodz"),
            ("Straße  des 17. Juni", "strasse des 17 juni"),
            ("Þórshöfn", "thorshofn"),
            ("İstanbul", "istanbul"),
            ("St. Mary's", "st marys"),
            ("O\u{2019}Fallon", "ofallon"),
            ("e\u{301}vora", "evora"),
            ("Đà Nẵng", "da nang"),
            ("Αθήνα", "αθηνα"),
            ("1.5 km, 1,000 m", "1.5 km 1,000 m"),
            ("'quoted'", "quoted"),
            ("東京", "東京"),
            ("\u{301} -,", ""),
        ] {
            assert_eq!(key(name), expected, "{name}");
            assert_eq!(key(&name.to_uppercase()), expected, "{name}");
        }
    }

    #[test]
    fn words_know_where_they_stand() {
        let words = split("  pools: Leesburg , Virginia");
        let told: Vec<_> = words.iter().map(|word| (word.key.as_str(), word.start, word.comma)).collect();
        assert_eq!(told, [("pools", 2, false), ("leesburg", 9, true), ("virginia", 20, false)]);
    }
}
