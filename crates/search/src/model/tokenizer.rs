//! Text to tokens, by CLIP's byte-pair vocabulary.

use super::byte_pairs::BytePairs;
use super::cleaning::clean;
use super::words::words;
use super::{ModelConfig, ModelError};

/// Longest text that is looked at, bytes. The tokens of any model fit into far less; more would only cost time.
const MAX_TEXT: usize = 8192;
/// Longest vocabulary that is read, bytes.
const MAX_VOCABULARY: usize = 16 << 20;

/// CLIP's tokenizer: cleans a text, splits it into words, and joins byte pairs by the vocabulary's merge rules.
pub struct Tokenizer {
    byte_pairs: BytePairs,
    context_length: usize,
    start: u32,
    end: u32,
}

impl Tokenizer {
    /// Reads a vocabulary in the format of OpenAI's `bpe_simple_vocab_16e6.txt`: a title line, then a merge
    /// rule a line. Rules beyond the model's number of tokens are not read.
    pub fn new(config: &ModelConfig, vocabulary: &[u8]) -> Result<Self, ModelError> {
        config.validate()?;
        let wrong = |why: String| Err(ModelError::Vocabulary(why));
        if vocabulary.len() > MAX_VOCABULARY {
            return wrong(format!("{} bytes, expected at most {MAX_VOCABULARY}", vocabulary.len()));
        }
        let Ok(vocabulary) = std::str::from_utf8(vocabulary) else {
            return wrong("it is not UTF-8".into());
        };
        // The two markers are numbered behind the tokens of the rules.
        let rules = (config.tokenizer.vocab_size - 514) as u16;
        let byte_pairs = BytePairs::new(vocabulary, rules).map_err(ModelError::Vocabulary)?;
        let (start, end) = (u32::from(byte_pairs.len()), u32::from(byte_pairs.len()) + 1);
        if (start, end) != (config.tokenizer.start, config.tokenizer.end) {
            return wrong(format!(
                "its start and end tokens are {start} and {end}, model.json says {} and {}",
                config.tokenizer.start, config.tokenizer.end
            ));
        }
        Ok(Self { byte_pairs, context_length: config.text.context_length, start, end })
    }

    /// Whether [`Self::tokenize`] takes all of `text`, or cuts it.
    pub fn takes_all(&self, text: &str) -> bool {
        let text = text.trim_start();
        if text.len() > MAX_TEXT {
            return false;
        }
        let mut tokens = Vec::new();
        words(&clean(text)).for_each(|word| self.byte_pairs.encode(word, &mut tokens));
        tokens.len() + 2 <= self.context_length
    }

    /// Tokens of `text`: start, at most `context_length - 2` tokens, end. Never padded.
    pub fn tokenize(&self, text: &str) -> Vec<u32> {
        let text = text.trim_start();
        let mut length = text.len().min(MAX_TEXT);
        while !text.is_char_boundary(length) {
            length -= 1;
        }
        let max_tokens = self.context_length.saturating_sub(2);
        let mut tokens = Vec::new();
        for word in words(&clean(&text[..length])) {
            if tokens.len() >= max_tokens {
                break;
            }
            self.byte_pairs.encode(word, &mut tokens);
        }
        let body = tokens.into_iter().map(u32::from).take(max_tokens);
        std::iter::once(self.start).chain(body).chain([self.end]).collect()
    }
}
