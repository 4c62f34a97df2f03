//! Text to tokens, by CLIP's byte-pair vocabulary.

use instant_clip_tokenizer::Tokenizer as BytePairs;

use super::cleaning::clean;
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
        let Ok(size) = u16::try_from(config.tokenizer.vocab_size) else {
            return wrong(format!("{} tokens do not fit into 16 bits", config.tokenizer.vocab_size));
        };
        let byte_pairs = match BytePairs::with_vocabulary(vocabulary, size) {
            Ok(byte_pairs) => byte_pairs,
            Err(error) => return wrong(error.to_string()),
        };
        let (start, end) =
            (byte_pairs.start_of_text().to_u16().into(), byte_pairs.end_of_text().to_u16().into());
        if (start, end) != (config.tokenizer.start, config.tokenizer.end) {
            return wrong(format!(
                "its start and end tokens are {start} and {end}, model.json says {} and {}",
                config.tokenizer.start, config.tokenizer.end
            ));
        }
        Ok(Self { byte_pairs, context_length: config.text.context_length, start, end })
    }

    /// Tokens of `text`: start, at most `context_length - 2` tokens, end. Never padded.
    pub fn tokenize(&self, text: &str) -> Vec<u32> {
        let text = text.trim_start();
        let mut length = text.len().min(MAX_TEXT);
        while !text.is_char_boundary(length) {
            length -= 1;
        }
        let mut tokens = Vec::new();
        self.byte_pairs.encode(&clean(&text[..length]), &mut tokens);
        // Markers typed by a person are no markers: an end in the middle would hide what follows.
        let body = tokens.iter().map(|token| u32::from(token.to_u16()));
        let body = body.filter(|token| *token != self.start && *token != self.end);
        let body = body.take(self.context_length.saturating_sub(2));
        std::iter::once(self.start).chain(body).chain([self.end]).collect()
    }
}
