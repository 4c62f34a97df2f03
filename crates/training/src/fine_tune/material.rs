//! What is trained on and checked with: data sets of captions and of class folders, in one form.
//!
//! Only the split `train` is trained on, and `val` checks. Data without a split `val` gives a tenth of each class (of
//! all, where there are no classes) for checking, by the seed. Other data can be observed: what a model forgets shows
//! on pictures that it is not trained on.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use clip_rs_imagery::decode::Decoder;
use clip_rs_search::model::ModelConfig;

use super::captions::{captions, prompt};
use super::picture::Square;
use super::streams;
use crate::evaluate::{Dataset, Example, spelled};
use crate::readable::{LeftOut, keep_readable};
use clip_rs_stage::dice::Dice;
use clip_rs_stage::{StageError, files};

/// Training pictures are kept a little larger than the model's, so that a part of one still has detail: 8/7.
const LARGER: (usize, usize) = (8, 7);

/// A picture and all texts that are right for it.
pub(super) struct Picture {
    pub(super) square: Square,
    /// Numbers of texts, at least one; what is said twice is there twice.
    pub(super) captions: Vec<usize>,
}

/// Pictures that a model in training is checked with.
pub(super) struct Check {
    pub(super) pictures: Vec<Picture>,
    /// For class folders: a prompt for each class, and the class of each picture.
    pub(super) classes: Option<Classes>,
}

pub(super) struct Classes {
    /// Numbers of texts.
    pub(super) prompts: Vec<usize>,
    /// For each picture an index into `prompts`.
    pub(super) truth: Vec<usize>,
}

/// Everything that a run needs of its data sets.
pub(super) struct Material {
    pub(super) texts: Vec<String>,
    pub(super) train: Vec<Picture>,
    pub(super) checks: Vec<Check>,
    /// Data sets that are only looked at, in their order.
    pub(super) observed: Vec<Check>,
    /// Pictures that cannot be read, and captions.
    pub(super) left_out: Vec<LeftOut>,
    numbers: HashMap<String, usize>,
    decoder: Decoder,
}

impl Material {
    /// Reads all data sets and decodes their pictures: `data` to train on and to check with, `observed` only to look
    /// at.
    pub(super) fn read(
        data: &[PathBuf],
        observed: &[PathBuf],
        config: &ModelConfig,
        seed: u64,
    ) -> Result<Self, StageError> {
        let mut material = Self {
            texts: Vec::new(),
            train: Vec::new(),
            checks: Vec::new(),
            observed: Vec::new(),
            left_out: Vec::new(),
            numbers: HashMap::new(),
            decoder: Decoder::for_this_machine(),
        };
        for (n, path) in data.iter().enumerate() {
            let mut dice = Dice::new(seed, streams::HOLD_OUT + n as u64);
            material.add(path, config, &mut dice)?;
        }
        if material.train.len() < 2 {
            return Err(StageError::Request(format!(
                "{} picture to train on; telling pictures apart takes at least 2",
                material.train.len()
            )));
        }
        for path in observed {
            let check = material.observe(path, config)?;
            material.observed.push(check);
        }
        Ok(material)
    }

    /// The pictures of the split `val`; where there is none, those that `clip-rs evaluate` would take.
    fn observe(&mut self, path: &Path, config: &ModelConfig) -> Result<Check, StageError> {
        check_folders(path)?;
        let validation = Dataset::splits(path)?.contains("val").then_some("val");
        let mut examples = self.described(path, validation)?;
        if examples.is_empty() {
            return Err(StageError::content(path, "no pictures with captions or classes to observe"));
        }
        self.check(path, config, &mut examples)
    }

    fn check(
        &mut self,
        path: &Path,
        config: &ModelConfig,
        examples: &mut Vec<Example>,
    ) -> Result<Check, StageError> {
        let squares = self.decode(path, config, config.image.image_size, examples)?;
        let classes = self.classes(examples);
        Ok(Check { pictures: self.pictures(squares, examples), classes })
    }

    fn add(&mut self, path: &Path, config: &ModelConfig, dice: &mut Dice) -> Result<(), StageError> {
        check_folders(path)?;
        let splits = Dataset::splits(path)?;
        let has = |split: &str| splits.contains(split);
        let wanted = has("train").then_some("train");
        if wanted.is_none() && ["val", "test"].into_iter().any(has) {
            return Err(StageError::content(path, "no split \"train\", and nothing else is trained on"));
        }
        let mut train = self.described(path, wanted)?;
        if train.is_empty() {
            return Err(StageError::content(path, "no training pictures with captions or classes"));
        }
        let mut check = match has("val") {
            true => self.described(path, Some("val"))?,
            false => hold_out(&mut train, dice),
        };
        let larger = config.image.image_size * LARGER.0 / LARGER.1;
        let squares = self.decode(path, config, larger, &mut train)?;
        let pictures = self.pictures(squares, &train);
        self.train.extend(pictures);
        if !check.is_empty() {
            let check = self.check(path, config, &mut check)?;
            self.checks.push(check);
        }
        Ok(())
    }

    /// The pictures of a split that have captions or a class.
    fn described(&mut self, path: &Path, split: Option<&str>) -> Result<Vec<Example>, StageError> {
        let Dataset { mut examples, left_out, .. } = Dataset::read(path, split)?;
        self.left_out.extend(left_out);
        examples.retain(|example| !example.captions.is_empty() || example.class.is_some());
        Ok(examples)
    }

    fn decode(
        &mut self,
        path: &Path,
        config: &ModelConfig,
        side: usize,
        examples: &mut Vec<Example>,
    ) -> Result<Vec<Square>, StageError> {
        let (squares, left_out) =
            keep_readable(path, examples, |example| {
                self.decoder.with_picture(&example.content, |decoded| {
                    Square::new(&config.image, side, &decoded.mirrored())
                        .map_err(StageError::engine(format!("{}: {}", path.display(), example.name)))
                })
            })?;
        self.left_out.extend(left_out);
        squares.into_iter().collect()
    }

    /// The pictures with the texts of their examples.
    fn pictures(&mut self, squares: Vec<Square>, examples: &[Example]) -> Vec<Picture> {
        let pictures = squares.into_iter().zip(examples).map(|(square, example)| {
            let captions = captions(example).into_iter().map(|caption| self.number(caption)).collect();
            Picture { square, captions }
        });
        pictures.collect()
    }

    /// Classes of pictures that have no captions of their own, as folders have it.
    fn classes(&mut self, examples: &[Example]) -> Option<Classes> {
        if examples.iter().any(|example| !example.captions.is_empty()) {
            return None;
        }
        let names: BTreeSet<String> =
            examples.iter().filter_map(|e| e.class.as_deref().map(spelled)).collect();
        let names: Vec<String> = names.into_iter().collect();
        let truth = examples.iter().filter_map(|example| {
            let class = example.class.as_deref().map(spelled)?;
            names.binary_search(&class).ok()
        });
        let truth = truth.collect();
        let prompts = names.iter().map(|name| self.number(prompt(name))).collect();
        Some(Classes { prompts, truth })
    }

    fn number(&mut self, text: String) -> usize {
        *self.numbers.entry(text).or_insert_with_key(|text| {
            self.texts.push(text.clone());
            self.texts.len() - 1
        })
    }
}

/// Takes a tenth of each class out of `examples`; where there are captions, a tenth of all.
fn hold_out(examples: &mut Vec<Example>, dice: &mut Dice) -> Vec<Example> {
    let mut groups: BTreeMap<Option<String>, Vec<usize>> = BTreeMap::new();
    for (at, example) in examples.iter().enumerate() {
        let group = example.class.clone().filter(|_| example.captions.is_empty());
        groups.entry(group).or_default().push(at);
    }
    let mut held = BTreeSet::new();
    for group in groups.values_mut() {
        dice.shuffle(group);
        let tenth = group.len().div_ceil(10).min(group.len() / 2);
        held.extend(group.drain(..tenth));
    }
    let (mut kept, mut taken) = (Vec::new(), Vec::new());
    for (at, example) in std::mem::take(examples).into_iter().enumerate() {
        if held.contains(&at) { taken.push(example) } else { kept.push(example) }
    }
    *examples = kept;
    taken
}

/// Refuses a data set of class folders where a folder beside the others has no pictures: its class would be
/// missing without a word.
fn check_folders(path: &Path) -> Result<(), StageError> {
    if !path.exists() {
        return Err(StageError::content(path, "no such data set"));
    }
    if !path.is_dir() {
        return Ok(());
    }
    let names: Vec<String> = files::walk(path)?.into_iter().map(|(name, _)| name).collect();
    if names.iter().any(|name| name == "dataset.json" || name.ends_with("/dataset.json")) {
        return Ok(());
    }
    let folders: BTreeSet<&str> = names
        .iter()
        .filter(|name| Dataset::is_picture(name))
        .filter_map(|name| name.rsplit_once('/').map(|(folder, _)| folder))
        .collect();
    let above: BTreeSet<&str> =
        folders.iter().map(|folder| folder.rsplit_once('/').map_or("", |(above, _)| above)).collect();
    for above in above {
        for (name, folder) in files::entries(&path.join(above))? {
            let below = format!("{above}/{name}");
            let below = below.trim_start_matches('/');
            let inside = |class: &&str| *class == below || class.starts_with(&format!("{below}/"));
            if folder.is_dir() && !name.starts_with('.') && !folders.iter().any(inside) {
                let why = "a class folder without pictures (jpg, png or webp); fill it or remove it";
                return Err(StageError::content(folder, why));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(class: &str, n: usize) -> Example {
        let name = format!("{class}/{n}.png");
        Example { name, content: Vec::new(), captions: Vec::new(), class: Some(class.to_owned()), held: None }
    }

    #[test]
    fn a_tenth_of_each_class_is_held_out_and_the_seed_decides_which() {
        let examples: Vec<Example> = (0..20)
            .map(|n| example("a", n))
            .chain((0..11).map(|n| example("b", n)))
            .chain([example("c", 0)])
            .collect();
        let held = |seed| {
            let mut kept = examples.clone();
            let taken = hold_out(&mut kept, &mut Dice::new(seed, 3));
            assert_eq!(kept.len() + taken.len(), 32);
            assert!(taken.iter().all(|example| !kept.contains(example)));
            taken
        };
        let taken = held(1);
        let of = |class: &str| taken.iter().filter(|e| e.class.as_deref() == Some(class)).count();
        assert_eq!((of("a"), of("b"), of("c")), (2, 2, 0));
        assert_eq!(held(1), taken);
        assert!((2..9).any(|seed| held(seed) != taken));
    }
}
