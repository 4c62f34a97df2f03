//! Byte pairs: the bytes of a word, joined to ever longer tokens by the rules of a vocabulary.
//!
//! Method: Sennrich et al. 2016, <https://arxiv.org/abs/1508.07909>; tokens are numbered as in `SimpleTokenizer` of
//! OpenAI's CLIP. First come the 256 bytes, then the same bytes at the end of a word, then what each rule makes.

use rustc_hash::{FxBuildHasher, FxHashMap};

/// Distance from a byte's token to its token at the end of a word.
const AT_END: u16 = 256;
/// Tokens that are no rule's.
const BYTES: u16 = 2 * AT_END;
/// What marks the end of a word in a vocabulary.
const END_MARK: &str = "</w>";
/// No rule joins the pair.
const NONE: u16 = u16::MAX;

/// The rules of a vocabulary.
pub(super) struct BytePairs {
    /// Token of each byte inside a word.
    bytes: [u16; 256],
    /// Token that two neighbours become. The smaller, the earlier the rule.
    rules: FxHashMap<(u16, u16), u16>,
    /// Tokens there are, markers not among them.
    count: u16,
}

impl BytePairs {
    /// Reads the first `max_rules` rules of a vocabulary, at most 65,022: after a title each line has two tokens, which become
    /// one.
    pub(super) fn new(vocabulary: &str, max_rules: u16) -> Result<Self, String> {
        let lines = (2..).zip(vocabulary.lines().skip(1).take(max_rules.into()));
        let pairs: Vec<(&str, &str)> = lines
            .map(|(line, pair)| {
                let mut parts = pair.split_whitespace();
                parts.next().zip(parts.next()).ok_or_else(|| format!("line {line} is not two tokens"))
            })
            .collect::<Result<_, _>>()?;

        let mut bytes = [0; 256];
        for (token, (byte, _)) in (0..).zip(signs()) {
            bytes[usize::from(byte)] = token;
        }
        let mut writings = Writings::with_capacity(vocabulary.len() + 4096, usize::from(BYTES) + pairs.len());
        for end in ["", END_MARK] {
            for (_, sign) in signs() {
                writings.push(sign.encode_utf8(&mut [0; 4]), end);
            }
        }
        for (first, second) in &pairs {
            writings.push(first, second);
        }

        let mut tokens = FxHashMap::with_capacity_and_hasher(writings.ends.len(), FxBuildHasher);
        let mut rules = FxHashMap::with_capacity_and_hasher(pairs.len(), FxBuildHasher);
        let mut pairs = (2..).zip(&pairs);
        for (token, writing) in (0..).zip(writings.iter()) {
            if token >= BYTES
                && let Some((line, (first, second))) = pairs.next()
            {
                let known = |part: &str| {
                    tokens.get(part).copied().ok_or_else(|| format!("line {line}: no rule makes {part:?}"))
                };
                rules.insert((known(first)?, known(second)?), token);
            }
            tokens.insert(writing, token);
        }
        Ok(Self { bytes, rules, count: writings.ends.len() as u16 })
    }

    /// Number of tokens, and so the number of the first marker behind them.
    pub(super) fn len(&self) -> u16 {
        self.count
    }

    /// Appends the tokens of a word.
    pub(super) fn encode(&self, word: &str, tokens: &mut Vec<u16>) {
        let mut parts: Vec<u16> = word.bytes().map(|byte| self.bytes[usize::from(byte)]).collect();
        let Some(last) = parts.last_mut() else { return };
        *last += AT_END;
        // What each part and the one behind it become; the earliest rule goes first.
        let mut joined: Vec<u16> = parts.windows(2).map(|pair| self.rule(pair[0], pair[1])).collect();
        while let Some((at, &token)) = joined.iter().enumerate().min_by_key(|(_, token)| **token)
            && token != NONE
        {
            parts[at] = token;
            parts.remove(at + 1);
            joined.remove(at);
            if at > 0 {
                joined[at - 1] = self.rule(parts[at - 1], token);
            }
            if let Some(next) = joined.get_mut(at) {
                *next = self.rule(token, parts[at + 1]);
            }
        }
        tokens.extend(parts);
    }

    fn rule(&self, first: u16, second: u16) -> u16 {
        self.rules.get(&(first, second)).copied().unwrap_or(NONE)
    }
}

/// How a vocabulary writes its tokens, in one string, one behind the other in the order of their numbers.
struct Writings {
    text: String,
    ends: Vec<usize>,
}

impl Writings {
    fn with_capacity(bytes: usize, count: usize) -> Self {
        Self { text: String::with_capacity(bytes), ends: Vec::with_capacity(count) }
    }

    /// Appends a token that is written in two parts.
    fn push(&mut self, first: &str, second: &str) {
        self.text.push_str(first);
        self.text.push_str(second);
        self.ends.push(self.text.len());
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.text[start..end])
    }
}

/// The bytes in the order of their tokens, with the sign that a vocabulary writes for each: those that can be printed are
/// written as the characters of the same number, the others as those from U+0100 on.
fn signs() -> impl Iterator<Item = (u8, char)> {
    let printable = |byte: &u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let others = (0..=u8::MAX).filter(move |byte| !printable(byte)).zip('\u{100}'..);
    (0..=u8::MAX).filter(printable).map(|byte| (byte, char::from(byte))).chain(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOCABULARY: &str = "title\na b\na b</w>\nab ab</w>\nb c</w>\nc ab\nab c</w>\n";

    fn tokens(word: &str) -> Vec<u16> {
        let mut tokens = Vec::new();
        BytePairs::new(VOCABULARY, 6).expect("a vocabulary").encode(word, &mut tokens);
        tokens
    }

    #[test]
    fn bytes_are_numbered_as_the_reference_numbers_them() {
        // `!` is the first, and `~`, the 94th, is followed by 0xA1. U+00A1 is 0xC2 0xA1; 0xAD is left out in between.
        assert_eq!(tokens("!~"), [0, 93 + AT_END]);
        assert_eq!(tokens("\u{a1}"), [126, 94 + AT_END]);
        // The space is the 33rd of those that have no sign of their own.
        assert_eq!(tokens(" "), [188 + 32 + AT_END]);
    }

    #[test]
    fn the_earliest_rule_joins_first_and_from_the_left() {
        let byte = |letter: u8| u16::from(letter - b'!');
        let rule = |n: u16| BYTES + n;
        // `a b` goes before `b c</w>`; then `ab c</w>` may join.
        assert_eq!(tokens("abc"), [rule(5)]);
        assert_eq!(tokens("cabc"), [rule(4), byte(b'c') + AT_END]);
        assert_eq!(tokens("abab"), [rule(2)]);
        assert_eq!(tokens("ba"), [byte(b'b'), byte(b'a') + AT_END]);
        assert!(tokens("").is_empty());
    }

    #[test]
    fn a_rule_of_unknown_parts_or_of_one_is_refused_by_its_line() {
        let error = |vocabulary| BytePairs::new(vocabulary, 9).err().unwrap_or_default();
        assert_eq!(error("title\na b\nxy z\n"), "line 3: no rule makes \"xy\"");
        assert_eq!(error("title\na b\n\n"), "line 3 is not two tokens");
        assert_eq!(BytePairs::new("title\na b\nxy z\n", 1).map(|pairs| pairs.len()), Ok(BYTES + 1));
    }
}
