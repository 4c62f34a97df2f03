//! Undoes the usual mistake: UTF-8 that was read as Windows-1252 or Latin-1, so that `é` became `Ã©`.
//!
//! Reference: ftfy's `fix_encoding`, reduced to these two encodings. Its rule for what looks wrong is reduced as
//! well, to sequences that begin with the characters that the mistake mostly leaves (`Ã`, `Â`, `â€`, `ðŸ`, ...), and to
//! two or more sequences in a row.

/// What Windows-1252 has for the bytes 0x80 to 0x9F; the five bytes that it leaves open stand for themselves.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The text with such sequences replaced by the characters that they were, and control characters of Latin-1 by
/// those that Windows-1252 has in their place.
pub(super) fn undo(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut text = text.to_owned();
    // A text can be mistaken more than once.
    for _ in 0..4 {
        let undone = undo_once(&text);
        if undone == text {
            break;
        }
        text = undone;
    }
    text.chars().map(|c| if matches!(c, '\u{80}'..='\u{9f}') { windows_1252(c) } else { c }).collect()
}

fn undo_once(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut undone = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let (decoded, length) = run(&chars[at..]);
        if decoded.is_empty() || !(decoded.chars().nth(1).is_some() || is_telling(&chars[at..])) {
            undone.push(chars[at]);
            at += 1;
        } else {
            undone.push_str(&decoded);
            at += length;
        }
    }
    undone
}

/// The characters that were mistaken from the beginning of `chars` on, and how many of `chars` they take.
fn run(chars: &[char]) -> (String, usize) {
    let (mut decoded, mut at) = (String::new(), 0);
    while let Some((c, length)) = sequence(&chars[at..]) {
        decoded.push(c);
        at += length;
    }
    (decoded, at)
}

/// The character whose UTF-8 bytes the first two to four of `chars` stand for.
fn sequence(chars: &[char]) -> Option<(char, usize)> {
    let lead = byte(*chars.first()?)?;
    let length = match lead {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let bytes: Vec<u8> = chars.get(..length)?.iter().map(|c| byte(*c)).collect::<Option<_>>()?;
    std::str::from_utf8(&bytes).ok()?.chars().next().map(|c| (c, length))
}

/// Whether a single sequence that begins like this is unlikely to be meant.
fn is_telling(chars: &[char]) -> bool {
    match chars {
        ['Ã' | 'Â', ..] | ['â', '€' | '„' | '‚' | '\u{80}' | '\u{82}' | '\u{84}', ..] => true,
        ['ð', 'Ÿ' | '\u{9f}', ..] | ['ï', '»' | '¿', ..] => true,
        // A control character says that something went wrong.
        [_, rest @ ..] => rest.iter().take(3).any(|c| matches!(c, '\u{80}'..='\u{9f}')),
        [] => false,
    }
}

/// The byte that a character was read from.
fn byte(c: char) -> Option<u8> {
    match u8::try_from(c as u32) {
        Ok(byte) => Some(byte),
        Err(_) => {
            WINDOWS_1252.iter().position(|known| *known == c).and_then(|at| u8::try_from(at + 0x80).ok())
        }
    }
}

fn windows_1252(control: char) -> char {
    (control as usize).checked_sub(0x80).and_then(|at| WINDOWS_1252.get(at)).copied().unwrap_or(control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_mistake_is_undone_and_texts_without_it_are_left_alone() {
        for (text, expected) in [
            ("cafÃ© and naÃ¯ve", "café and naïve"),
            ("itâ€™s", "it’s"),
            ("ðŸŒŠ", "🌊"),
            ("Ð¿Ñ€Ð¸Ð²ÐµÑ‚", "привет"),
            ("ÃƒÂ©", "é"),
            ("\u{93}x\u{94}", "“x”"),
            ("CAFÉ… “café…”", "CAFÉ… “café…”"),
            ("São Paulo, NÃO, château", "São Paulo, NÃO, château"),
            ("plain", "plain"),
        ] {
            assert_eq!(undo(text), expected, "{text:?}");
        }
    }
}
