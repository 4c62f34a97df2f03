//! Text as words that are compared: without case, accents and punctuation.

/// Letters by what they are without their accents, in lower case: what Latin, Greek and Cyrillic names of places are
/// written with. The tables of Unicode for case alone would add 13 kB to the program.
const FOLDED: [(&str, &str); 36] = [
    ("a", "àáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặÀÁÂÃÄÅĀĂĄǍǞǠǺȀȂȦḀẠẢẤẦẨẪẬẮẰẲẴẶ"),
    ("ae", "æǣǽÆǢǼ"),
    ("b", "ḃḅḇḂḄḆ"),
    ("c", "çćĉċčḉÇĆĈĊČḈ"),
    ("d", "ðďđḋḍḏḑḓÐĎĐḊḌḎḐḒ"),
    ("e", "èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệÈÉÊËĒĔĖĘĚȄȆȨḔḖḘḚḜẸẺẼẾỀỂỄỆ"),
    ("g", "ĝğġģǧǵḡĜĞĠĢǦǴḠ"),
    ("h", "ĥħȟḣḥḧḩḫẖĤĦȞḢḤḦḨḪ"),
    ("i", "ìíîïĩīĭįıǐȉȋḭḯỉịÌÍÎÏĨĪĬĮǏȈȊḬḮỈỊİ"),
    ("j", "ĵǰĴ"),
    ("k", "ķǩḱḳḵĶǨḰḲḴ"),
    ("l", "ĺļľłḷḹḻḽĹĻĽŁḶḸḺḼ"),
    ("m", "ḿṁṃḾṀṂ"),
    ("n", "ñńņňǹṅṇṉṋÑŃŅŇǸṄṆṈṊ"),
    ("o", "òóôõöøōŏőơǒǫǭǿȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợÒÓÔÕÖØŌŎŐƠǑǪǬǾȌȎȪȬȮȰṌṎṐṒỌỎỐỒỔỖỘỚỜỞỠỢ"),
    ("oe", "œŒ"),
    ("p", "ṕṗṔṖ"),
    ("r", "ŕŗřȑȓṙṛṝṟŔŖŘȐȒṘṚṜṞ"),
    ("s", "śŝşšșṡṣṥṧṩŚŜŞŠȘṠṢṤṦṨ"),
    ("ss", "ßẞ"),
    ("t", "ţťŧțṫṭṯṱẗŢŤŦȚṪṬṮṰ"),
    ("th", "þÞ"),
    ("u", "ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữựÙÚÛÜŨŪŬŮŰŲƯǓǕǗǙǛȔȖṲṴṶṸṺỤỦỨỪỬỮỰ"),
    ("w", "ŵẁẃẅẇẉẘŴẀẂẄẆẈ"),
    ("y", "ýÿŷȳẏẙỳỵỷỹÝŸŶȲẎỲỴỶỸ"),
    ("z", "źżžẑẓẕŹŻŽẐẒẔ"),
    ("α", "άΆ"),
    ("ε", "έΈ"),
    ("η", "ήΉ"),
    ("ι", "ίϊΐΊΪ"),
    ("ο", "όΌ"),
    ("υ", "ύϋΰΎΫ"),
    ("ω", "ώΏ"),
    ("и", "йѝЙЍ"),
    ("е", "ёѐЁЀ"),
    ("σ", "ς"),
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

/// Adds a letter or digit as it is compared. Of other scripts than Latin, Greek and Cyrillic the case stays.
fn fold(c: char, into: &mut String) {
    if let Some((plain, _)) = FOLDED.iter().find(|(_, letters)| !c.is_ascii() && letters.contains(c)) {
        return into.push_str(plain);
    }
    // Greek and Cyrillic capitals stand this far before their small letters.
    let small = match c {
        'Α'..='Ω' | 'А'..='Я' => char::from_u32(u32::from(c) + 0x20),
        'Ђ'..='Џ' => char::from_u32(u32::from(c) + 0x50),
        _ => None,
    };
    if !is_accent(c) {
        into.push(small.unwrap_or(c.to_ascii_lowercase()));
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
            ("Одеса, Ђаково", "одеса ђаково"),
            ("Αιγίς", "αιγισ"),
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
