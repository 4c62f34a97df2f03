//! A SentencePiece model (`spiece.model`) as a `tokenizer.json`: what SigLIPs come with that were saved by their own
//! training scripts.
//!
//! Format: <https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto>, a protocol buffer, of which
//! the pieces and the table of the normaliser are read. What happens to a text before is that of `SiglipTokenizer` in
//! transformers: lower case, no ASCII punctuation, single spaces.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clip_rs_stage::{StageError, files};
use serde_json::{Value, json};

use super::MAX_JSON;

/// Python's `string.punctuation`, for a regular expression.
const PUNCTUATION: &str = r##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"##;
/// What ends a text.
const END: &str = "</s>";
/// Kinds of pieces: for what is not known, and markers.
const UNKNOWN: u64 = 2;
const CONTROL: u64 = 3;
/// The kind of model that is read.
const UNIGRAM: u64 = 1;

/// Content of a `tokenizer.json` that does the same.
pub(super) fn as_tokenizer(path: &Path) -> Result<Vec<u8>, StageError> {
    let content = files::read_at_most(path, MAX_JSON)?;
    super::expect_content(path, &content)?;
    let refuse = |why: &str| StageError::content(path, why);
    let model = Model::read(&content).ok_or_else(|| refuse("not a SentencePiece model that can be read"))?;
    if model.kind != UNIGRAM {
        return Err(refuse("a SentencePiece model of another kind than unigram, which is not read"));
    }
    let place = |wanted: &dyn Fn(&Piece<'_>) -> bool| model.pieces.iter().position(wanted);
    let unknown =
        place(&|piece| piece.kind == UNKNOWN).ok_or_else(|| refuse("has no piece for the unknown"))?;
    let end =
        place(&|piece| piece.text == END).ok_or_else(|| refuse("has no piece </s>, which ends texts"))?;
    let added: Vec<Value> = (model.pieces.iter().enumerate())
        .filter(|(_, piece)| matches!(piece.kind, UNKNOWN | CONTROL))
        .map(|(id, piece)| {
            json!({
                "id": id, "content": piece.text, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": true,
            })
        })
        .collect();
    let replaced = |pattern: &str, by: &str| json!({ "type": "Replace", "pattern": { "Regex": pattern }, "content": by });
    let mut cleaning = vec![
        json!({ "type": "Lowercase" }),
        replaced(PUNCTUATION, ""),
        replaced(r"\s+", " "),
        json!({ "type": "Strip", "strip_left": true, "strip_right": true }),
    ];
    if !model.charsmap.is_empty() {
        cleaning
            .push(json!({ "type": "Precompiled", "precompiled_charsmap": STANDARD.encode(model.charsmap) }));
        cleaning.push(replaced(" {2,}", " "));
    }
    let sequence = |id: &str| json!({ "Sequence": { "id": id, "type_id": 0 } });
    let pieces: Vec<Value> = model.pieces.iter().map(|piece| json!([piece.text, piece.score])).collect();
    let described = json!({
        "version": "1.0",
        "added_tokens": added,
        "normalizer": { "type": "Sequence", "normalizers": cleaning },
        "pre_tokenizer": { "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true },
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [sequence("A"), { "SpecialToken": { "id": END, "type_id": 0 } }],
            "pair": [sequence("A"), sequence("B"), { "SpecialToken": { "id": END, "type_id": 0 } }],
            "special_tokens": { END: { "id": END, "ids": [end], "tokens": [END] } },
        },
        "decoder": { "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true },
        "model": { "type": "Unigram", "unk_id": unknown, "vocab": pieces, "byte_fallback": false },
    });
    serde_json::to_vec(&described).map_err(|error| StageError::content(path, error))
}

#[derive(Default)]
struct Model<'a> {
    pieces: Vec<Piece<'a>>,
    charsmap: &'a [u8],
    kind: u64,
}

struct Piece<'a> {
    text: &'a str,
    score: f32,
    kind: u64,
}

impl<'a> Model<'a> {
    fn read(content: &'a [u8]) -> Option<Self> {
        let mut model = Self { kind: UNIGRAM, ..Self::default() };
        let mut fields = Fields(content);
        while let Some(field) = fields.next()? {
            match field {
                (1, Field::Bytes(piece)) => model.pieces.push(Piece::read(piece)?),
                (2, Field::Bytes(trainer)) => {
                    let mut fields = Fields(trainer);
                    while let Some(field) = fields.next()? {
                        if let (3, Field::Number(kind)) = field {
                            model.kind = kind;
                        }
                    }
                }
                (3, Field::Bytes(normaliser)) => {
                    let mut fields = Fields(normaliser);
                    while let Some(field) = fields.next()? {
                        if let (2, Field::Bytes(charsmap)) = field {
                            model.charsmap = charsmap;
                        }
                    }
                }
                _ => {}
            }
        }
        (!model.pieces.is_empty()).then_some(model)
    }
}

impl<'a> Piece<'a> {
    fn read(content: &'a [u8]) -> Option<Self> {
        let mut piece = Self { text: "", score: 0.0, kind: 1 };
        let mut fields = Fields(content);
        while let Some(field) = fields.next()? {
            match field {
                (1, Field::Bytes(text)) => piece.text = std::str::from_utf8(text).ok()?,
                (2, Field::Fixed32(bits)) => piece.score = f32::from_bits(bits),
                (3, Field::Number(kind)) => piece.kind = kind,
                _ => {}
            }
        }
        piece.score.is_finite().then_some(piece)
    }
}

/// The fields of a message (<https://protobuf.dev/programming-guides/encoding/>).
struct Fields<'a>(&'a [u8]);

enum Field<'a> {
    Number(u64),
    Fixed64,
    Bytes(&'a [u8]),
    Fixed32(u32),
}

impl<'a> Fields<'a> {
    /// The next field with its number: `None` where the message breaks off, `Some(None)` at its end.
    fn next(&mut self) -> Option<Option<(u64, Field<'a>)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let key = self.number()?;
        let field = match key & 7 {
            0 => Field::Number(self.number()?),
            1 => self.take(8).map(|_| Field::Fixed64)?,
            2 => {
                let length = usize::try_from(self.number()?).ok()?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Fixed32(u32::from_le_bytes(self.take(4)?.try_into().ok()?)),
            _ => return None,
        };
        Some(Some((key >> 3, field)))
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of a message.
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, content.len() as u8], content].concat()
    }

    fn piece(text: &str, kind: u8) -> Vec<u8> {
        let score = [&[2 << 3 | 5][..], &(-1.5_f32).to_le_bytes()].concat();
        field(1, &[field(1, text.as_bytes()), score, vec![3 << 3, kind]].concat())
    }

    #[test]
    fn pieces_scores_and_kinds_are_read_and_whatever_is_cut_is_none() {
        let content =
            [piece("</s>", 3), piece("<unk>", 2), piece("▁a", 1), field(3, &field(2, b"map"))].concat();
        let model = Model::read(&content).expect("a model");
        let told: Vec<(&str, u64)> = model.pieces.iter().map(|piece| (piece.text, piece.kind)).collect();
        assert_eq!(told, [("</s>", 3), ("<unk>", 2), ("▁a", 1)]);
        assert_eq!((model.pieces[2].score, model.charsmap), (-1.5, &b"map"[..]));
        for length in 0..content.len() {
            // Between two pieces it is a smaller model, anywhere else it is none; it never panics.
            if let Some(model) = Model::read(&content[..length]) {
                assert!(!model.pieces.is_empty());
            }
        }
        assert!(Model::read(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff").is_none());
        assert!(Model::read(b"").is_none());
    }
}
