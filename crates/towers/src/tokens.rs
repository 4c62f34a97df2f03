//! Texts to tokens: by CLIP's byte pairs, which the engine has, or by a `tokenizer.json`
//! (<https://huggingface.co/docs/tokenizers>) where the architecture has a tokenizer of its own.

use clip_rs_search::model::{Architecture, ModelConfig, ModelError, Tokenizer as BytePairs};
use tokenizers::{PostProcessor as _, Tokenizer, TruncationParams};

/// Longest text that is looked at, bytes. The tokens of any model fit into far less; more would only cost time.
const MAX_TEXT: usize = 8192;
/// Longest `tokenizer.json` that is read, bytes; those of 256,000 tokens have 35 million.
const MAX_TOKENIZER: usize = 64 << 20;

/// A tokenizer, and how many tokens the model takes.
pub(crate) struct Tokens {
    words: Words,
    context_length: usize,
    lowercase: bool,
    /// What texts are filled up with, where the model was trained so.
    padding: Option<u32>,
}

enum Words {
    BytePairs(Box<BytePairs>),
    Described(Box<Tokenizer>),
}

impl Tokens {
    pub(crate) fn new(config: &ModelConfig, vocabulary: &[u8]) -> Result<Self, ModelError> {
        let context_length = config.text.context_length;
        let words = match config.architecture {
            Some(architecture) if architecture.has_own_tokenizer() => {
                Words::Described(Box::new(described(vocabulary, context_length)?))
            }
            _ => Words::BytePairs(Box::new(BytePairs::new(config, vocabulary)?)),
        };
        // Chinese-CLIP masks what only fills up, and CLIP's own text tower is causal: there it changes nothing.
        let is_filled = matches!(config.architecture, Some(Architecture::Siglip | Architecture::MobileClip));
        Ok(Self {
            words,
            context_length,
            lowercase: config.tokenizer.lowercase,
            padding: is_filled.then_some(config.tokenizer.pad),
        })
    }

    /// Tokens of `text`, at most as many as the model takes, its own start and end among them.
    pub(crate) fn of(&self, text: &str) -> Result<Vec<u32>, ModelError> {
        match &self.words {
            Words::BytePairs(words) => Ok(words.tokenize(text)),
            Words::Described(words) => Ok(self.encode(words, text)?.get_ids().to_vec()),
        }
    }

    /// The same, filled up to as many as the model takes if it was trained so.
    pub(crate) fn filled_up(&self, text: &str) -> Result<Vec<u32>, ModelError> {
        let mut tokens = self.of(text)?;
        if let Some(padding) = self.padding {
            tokens.resize(self.context_length, padding);
        }
        if !(1..=self.context_length).contains(&tokens.len()) {
            return Err(ModelError::Tokens { expected: self.context_length, found: tokens.len() });
        }
        Ok(tokens)
    }

    /// Whether all of `text` is taken.
    pub(crate) fn takes_all(&self, text: &str) -> bool {
        match &self.words {
            Words::BytePairs(words) => words.takes_all(text),
            Words::Described(words) => {
                let encoded = self.encode(words, text);
                text.len() <= MAX_TEXT && encoded.is_ok_and(|encoded| encoded.get_overflowing().is_empty())
            }
        }
    }

    fn encode(&self, words: &Tokenizer, text: &str) -> Result<tokenizers::Encoding, ModelError> {
        let mut length = text.len().min(MAX_TEXT);
        while !text.is_char_boundary(length) {
            length -= 1;
        }
        let text = text.get(..length).unwrap_or_default();
        let encoded = match self.lowercase {
            true => words.encode(text.to_lowercase(), true),
            false => words.encode(text, true),
        };
        encoded.map_err(|error| ModelError::Vocabulary(error.to_string()))
    }
}

/// The tokenizer of a `tokenizer.json`, which cuts texts to `context_length` tokens and fills none up.
fn described(json: &[u8], context_length: usize) -> Result<Tokenizer, ModelError> {
    let wrong = |why: String| ModelError::Vocabulary(why);
    if json.len() > MAX_TOKENIZER {
        return Err(wrong(format!("{} bytes, expected at most {MAX_TOKENIZER}", json.len())));
    }
    let mut words = Tokenizer::from_bytes(json).map_err(|error| wrong(error.to_string()))?;
    let added = words.get_post_processor().map_or(0, |processor| processor.added_tokens(false));
    if added >= context_length {
        return Err(wrong(format!("it adds {added} tokens to a text, the model takes {context_length}")));
    }
    let truncation = TruncationParams { max_length: context_length, ..TruncationParams::default() };
    words.with_padding(None);
    words.with_truncation(Some(truncation)).map_err(|error| wrong(error.to_string()))?;
    Ok(words)
}
