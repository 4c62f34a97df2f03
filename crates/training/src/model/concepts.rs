//! The bank of concepts of a model package: from a thesaurus' names to tensors in the text tower's file.

use std::path::Path;

use candle_core::quantized::gguf_file::Content;
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use clip_rs_search::Embedding;
use clip_rs_search::model::{Concepts, Marks, TextTower};
use clip_rs_towers::tensors::{self, Tower};
use rayon::prelude::*;

use super::Package;
use super::import::write_gguf;
use clip_rs_stage::dice::Dice;
use clip_rs_stage::{StageError, files};

/// Letters of a name: shorter ones are abbreviations, longer ones sentences.
const LETTERS: std::ops::RangeInclusive<usize> = 3..=59;
/// Rounds of k-means; the means hardly move after ten.
const ROUNDS: usize = 12;
const SEED: u64 = 1;

/// The names in a thesaurus (its form is described in `models/train/thesaurus.ini`), each once, sorted.
pub fn names(thesaurus: &str) -> Vec<String> {
    let mut names = std::collections::BTreeSet::new();
    let mut wanted = false;
    for line in thesaurus.lines().filter(|line| !line.starts_with('#')) {
        let list = match line.split_once(':') {
            Some((key, list)) if !line.starts_with(char::is_whitespace) => {
                wanted = matches!(key, "see" | "say");
                list
            }
            _ if line.starts_with(char::is_whitespace) => line,
            _ => continue,
        };
        if wanted {
            let fitting = |name: &&str| LETTERS.contains(&name.chars().count());
            names.extend(list.split(',').map(str::trim).filter(fitting).map(str::to_owned));
        }
    }
    names.into_iter().collect()
}

/// Means of the names' vectors by k-means on the sphere, and how many names each stands for.
pub fn bank(text: &dyn TextTower, names: &[String]) -> Result<(Vec<Embedding>, Vec<f32>), StageError> {
    let vectors: Vec<Embedding> = names
        .par_iter()
        .map(|name| text.encode(name).map_err(StageError::engine(name)))
        .collect::<Result<_, _>>()?;
    if vectors.len() < Concepts::COUNT {
        let why = format!("{} names are too few for a bank of {} concepts", vectors.len(), Concepts::COUNT);
        return Err(StageError::Request(why));
    }
    // The means begin as names drawn without putting back.
    let (mut dice, mut left) = (Dice::new(SEED, 0), (0..vectors.len()).collect::<Vec<_>>());
    let mut means: Vec<Embedding> =
        (0..Concepts::COUNT).map(|_| vectors[left.swap_remove(dice.below(left.len()))].clone()).collect();
    let nearest = |means: &[Embedding]| -> Vec<usize> {
        let nearest = |vector: &Embedding| {
            let cosines = means.iter().map(|mean| mean.cosine(vector));
            cosines.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(at, _)| at)
        };
        vectors.par_iter().map(nearest).collect()
    };
    for _ in 0..ROUNDS {
        let mut sums = vec![vec![0.0_f32; means[0].dim()]; means.len()];
        for (vector, at) in vectors.iter().zip(nearest(&means)) {
            sums[at].iter_mut().zip(vector.as_slice()).for_each(|(sum, x)| *sum += x);
        }
        for (mean, sum) in means.iter_mut().zip(sums) {
            // One that lost all its names stays where it is.
            if let Ok(moved) = Embedding::new(sum) {
                *mean = moved;
            }
        }
    }
    let mut counts = vec![0.0; means.len()];
    nearest(&means).into_iter().for_each(|at| counts[at] += 1.0);
    Ok((means, counts))
}

/// Writes concepts into the text tower's file of the package in `folder`, in place of those that it may have.
pub fn write(folder: &Path, vectors: &[Embedding], names: &[f32], marks: Marks) -> Result<(), StageError> {
    let package = Package::read(folder)?;
    let path = folder.join(&package.config.text.file);
    let wrong = |error: candle_core::Error| StageError::engine(path.display())(error);
    let mut file = std::io::Cursor::new(&package.text);
    let content = Content::read(&mut file).map_err(wrong)?;
    let mut tensors = Vec::new();
    for spec in tensors::text(&package.config) {
        let tensor = content.tensor(&mut file, &spec.name, &Device::Cpu).map_err(wrong)?;
        tensors.push((spec.name, tensor));
    }
    let dim = package.config.embed_dim;
    let flat: Vec<f32> = vectors.iter().flat_map(|vector| vector.as_slice()).copied().collect();
    let numbers = [flat, names.to_vec(), vec![marks.intercept, marks.score, marks.familiarity]];
    for (spec, numbers) in Concepts::tensors(dim).into_iter().zip(numbers) {
        let dtype = if spec.fits_blocks() { GgmlDType::Q8_0 } else { GgmlDType::F32 };
        let tensor = Tensor::from_vec(numbers, spec.stored_shape(), &Device::Cpu).map_err(wrong)?;
        tensors.push((spec.name, QTensor::quantize(&tensor, dtype).map_err(wrong)?));
    }
    files::make_folder(folder)?;
    write_gguf(&path, &package.config, Tower::Text, &tensors)?;
    // What was written is read again: nothing is left that would not load.
    Package::read(folder)?.text_encoder().map(drop)
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn names_are_what_is_seen_and_said_over_as_many_lines_as_it_takes() {
        let text = "# see: nothing\n\n[airplane]\nsee: airplane, jet,\n    ox\nsay: parked planes, airplane\n\
                    means: airport\nnear: terminal,\n    gate\n[pond]\nsay: duck pond\n";
        assert_eq!(names(text), ["airplane", "duck pond", "jet", "parked planes"]);
    }

    #[test]
    fn the_projects_thesaurus_has_thousands_of_names() {
        let thesaurus = include_str!("../../../../models/train/thesaurus.ini");
        let names = names(thesaurus);
        assert!(names.len() > 4000, "{}", names.len());
        assert!(names.contains(&"duck pond".to_owned()) || names.contains(&"pond".to_owned()));
    }
}
