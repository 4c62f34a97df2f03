//! The byte-pair vocabulary of a source, in the package's format: a title line, then a merge rule a line.
//!
//! All CLIP checkpoints share one vocabulary. Tokens are numbered by their place in it, so other files that come with
//! a checkpoint are checked to number them the same way.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use super::{MAX_JSON, Said, read_json};
use clip_rs_stage::{StageError, files};

/// CLIP's own vocabulary (OpenAI, MIT).
const CLIP: &[u8] = include_bytes!("../../../../../models/rs-small/vocabulary.txt");
/// Its tokens.
const CLIP_SIZE: usize = 49_408;
const TITLE: &str = "#version: 0.2";

/// The vocabulary that a person named, or CLIP's.
pub(super) fn said_or_embedded(said: &Said, size: usize) -> Result<Vec<u8>, StageError> {
    match &said.vocabulary {
        Some(path) => files::read_at_most(path, MAX_JSON),
        None if size == CLIP_SIZE => Ok(CLIP.to_vec()),
        None => Err(StageError::Request(format!(
            "the model has {size} tokens, CLIP's vocabulary {CLIP_SIZE}: give the right one with --vocabulary"
        ))),
    }
}

/// The vocabulary in Hugging Face's files, checked to have `size` tokens in the usual order; none if there are none.
pub(super) fn in_folder(folder: &Path, size: usize) -> Result<Option<Vec<u8>>, StageError> {
    let (merges, ids) = (folder.join("merges.txt"), folder.join("vocab.json"));
    if merges.is_file() && ids.is_file() {
        let text = String::from_utf8(files::read_at_most(&merges, MAX_JSON)?)
            .map_err(|_| StageError::content(&merges, "is not UTF-8"))?;
        let rules = text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
        return checked(&merges, rules, &read_json(&ids)?, size).map(Some);
    }
    let path = folder.join("tokenizer.json");
    if path.is_file() {
        let Tokenizer { model } = read_json(&path)?;
        let rules = model.merges.into_iter().map(|merge| match merge {
            Merge::Line(line) => line,
            Merge::Pair(first, second) => format!("{first} {second}"),
        });
        return checked(&path, rules.collect(), &model.vocab, size).map(Some);
    }
    Ok(None)
}

/// The part of a `tokenizer.json` that matters here.
#[derive(Deserialize)]
struct Tokenizer {
    model: BytePairs,
}

#[derive(Deserialize)]
struct BytePairs {
    vocab: HashMap<String, usize>,
    merges: Vec<Merge>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Merge {
    Line(String),
    Pair(String, String),
}

fn checked(
    path: &Path,
    rules: Vec<String>,
    ids: &HashMap<String, usize>,
    size: usize,
) -> Result<Vec<u8>, StageError> {
    let singles = || singles().map(String::from);
    let joined = rules.iter().map(|rule| rule.replacen(' ', "", 1));
    let marked = singles().map(|single| single + "</w>");
    let tokens = singles().chain(marked).chain(joined).collect::<Vec<_>>();
    if tokens.len() + 2 != size {
        let why = format!(
            "{} merge rules, expected {}",
            rules.len(),
            size.saturating_sub(tokens.len() + 2 - rules.len())
        );
        return Err(StageError::content(path, why));
    }
    let wrong = tokens.iter().enumerate().find(|(number, token)| ids.get(*token) != Some(number));
    if let Some((number, token)) = wrong {
        let found = ids.get(token).map_or("missing".to_owned(), |id| format!("number {id}"));
        let why = format!("token {token:?} is {found}, in CLIP's order it is number {number}");
        return Err(StageError::content(path, why));
    }
    let mut text = format!("{TITLE}\n");
    rules.iter().for_each(|rule| text.extend([rule, "\n"]));
    Ok(text.into_bytes())
}

/// The characters that stand for the 256 bytes, in the order in which CLIP numbers them: printable ones first.
fn singles() -> impl Iterator<Item = char> {
    let printable = ('!'..='~').chain('¡'..='¬').chain('®'..='ÿ');
    let others = 256 - printable.clone().count() as u32;
    printable.chain((256..256 + others).filter_map(char::from_u32))
}
