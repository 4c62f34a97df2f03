//! The tokenizer of a Hugging Face folder as a `tokenizer.json`, which a package of another architecture than CLIP keeps.

use std::path::Path;

use clip_rs_stage::{StageError, files};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{MAX_JSON, read_json, sentence_piece};

/// A tokenizer.
pub(super) struct Tokenizer {
    /// Content of its `tokenizer.json`.
    pub(super) json: Vec<u8>,
}

/// The part of a `tokenizer.json` that matters here.
#[derive(Deserialize)]
struct Described {
    #[serde(default)]
    added_tokens: Vec<Added>,
}

#[derive(Deserialize)]
struct Added {
    id: u32,
    content: String,
}

/// The tokenizer in `folder`.
pub(super) fn in_folder(folder: &Path) -> Result<Tokenizer, StageError> {
    let file = |name: &str| folder.join(name);
    let (path, words, pieces) = (file("tokenizer.json"), file("vocab.txt"), file("spiece.model"));
    if path.is_file() {
        let json = files::read_at_most(&path, MAX_JSON)?;
        super::expect_content(&path, &json)?;
        return Ok(Tokenizer { json });
    }
    if words.is_file() {
        return bert(&words);
    }
    if pieces.is_file() {
        return Ok(Tokenizer { json: sentence_piece::as_tokenizer(&pieces)? });
    }
    Err(StageError::content(folder, "has none of tokenizer.json, vocab.txt and spiece.model"))
}

impl Tokenizer {
    /// The token that fills texts up; none where the folder does not say it.
    pub(super) fn pad(&self, folder: &Path) -> Result<Option<u32>, StageError> {
        let Some(named) = configured(folder, "pad_token")? else { return Ok(None) };
        let named = named.get("content").cloned().unwrap_or(named);
        let Some(named) = named.as_str() else { return Ok(None) };
        let described: Described = serde_json::from_slice(&self.json)
            .map_err(|error| StageError::content(folder.join("tokenizer.json"), error))?;
        Ok(described.added_tokens.iter().find(|added| added.content == named).map(|added| added.id))
    }

    /// Whether the folder says that the tokenizer's class is called like this.
    pub(super) fn is_of(&self, folder: &Path, class: &str) -> Result<bool, StageError> {
        let found = configured(folder, "tokenizer_class")?;
        Ok(found.is_some_and(|found| found.as_str().is_some_and(|found| found.starts_with(class))))
    }
}

/// A field of `tokenizer_config.json`.
fn configured(folder: &Path, field: &str) -> Result<Option<Value>, StageError> {
    let path = folder.join("tokenizer_config.json");
    if !path.is_file() {
        return Ok(None);
    }
    let mut all: Value = read_json(&path)?;
    Ok(all.get_mut(field).map(Value::take).filter(|value| !value.is_null()))
}

/// BERT's tokenizer (WordPiece, <https://arxiv.org/abs/1810.04805>) with the words of a `vocab.txt`, a word a line.
fn bert(path: &Path) -> Result<Tokenizer, StageError> {
    let text = String::from_utf8(files::read_at_most(path, MAX_JSON)?)
        .map_err(|_| StageError::content(path, "is not UTF-8"))?;
    super::expect_content(path, text.as_bytes())?;
    let words: serde_json::Map<String, Value> =
        text.lines().enumerate().map(|(number, word)| (word.trim_end().to_owned(), json!(number))).collect();
    let number = |word: &str| {
        words.get(word).cloned().ok_or_else(|| StageError::content(path, format!("has no word {word}")))
    };
    let mut added = Vec::new();
    for word in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] {
        added.push(json!({
            "id": number(word)?, "content": word, "single_word": false, "lstrip": false, "rstrip": false,
            "normalized": false, "special": true,
        }));
    }
    let described = json!({
        "version": "1.0",
        "added_tokens": added,
        "normalizer": {
            "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
            "lowercase": true,
        },
        "pre_tokenizer": { "type": "BertPreTokenizer" },
        "post_processor": {
            "type": "BertProcessing", "sep": ["[SEP]", number("[SEP]")?], "cls": ["[CLS]", number("[CLS]")?],
        },
        "decoder": { "type": "WordPiece", "prefix": "##", "cleanup": true },
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": words,
        },
    });
    let json = serde_json::to_vec(&described).map_err(|error| StageError::content(path, error))?;
    Ok(Tokenizer { json })
}
