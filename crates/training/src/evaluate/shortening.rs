//! How short a model's embeddings may be, by pictures and texts of its kind, and the package that has them so.

use std::path::PathBuf;

use clip_rs_imagery::decode::Decoder;
use clip_rs_stage::progress::say;
use clip_rs_stage::{StageError, files};
use rayon::prelude::*;

use super::dataset::Dataset;
use super::rank::first;
use super::vectors;
use crate::model::spectrum::Spectrum;
use crate::model::{Package, concepts, shorten};

/// Components come in so many, which processors multiply at once.
const STEP: usize = 16;
/// Results that are compared.
const RESULTS: usize = 10;
/// Texts that are asked with to compare; more say the same.
const ASKED: usize = 500;

/// What is shortened, and by what.
#[derive(Debug, Clone)]
pub struct Shortening {
    /// Folder of the package.
    pub model: PathBuf,
    /// Pictures of the kind that it is for: folder or archive, and the split, as in [`super::Request`].
    pub data: PathBuf,
    /// The split; `test` where there is one, else everything, when absent.
    pub split: Option<String>,
    /// A thesaurus, whose names are the texts.
    pub names: PathBuf,
    /// Components that are kept; absent, as few as lose at most `loss`.
    pub dim: Option<usize>,
    /// Share of the vectors' energy that may be lost, 0 to 1.
    pub loss: f64,
    /// Folder of the new package.
    pub out: PathBuf,
}

/// What shortening did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shortened {
    /// Components before.
    pub before: usize,
    /// Components now.
    pub dim: usize,
    /// Share of the energy that was lost, 0 to 1.
    pub lost: f64,
    /// Share of the ten pictures nearest to a text that are so still, 0 to 1.
    pub same_results: f64,
}

/// Writes the shortened package.
pub fn shorten(request: &Shortening) -> Result<Shortened, StageError> {
    let package = Package::read(&request.model)?;
    let dataset = Dataset::read(&request.data, request.split.as_deref())?;
    dataset.left_out.iter().for_each(|one| say(&one.to_string()));
    let decoder = Decoder::for_this_machine();
    let pictures = vectors::of_pictures(&*package.image_encoder()?, &dataset.examples, &decoder)?;
    let thesaurus = String::from_utf8(files::read(&request.names)?)
        .map_err(|error| StageError::content(&request.names, error))?;
    let names = concepts::names(&thesaurus);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let texts = vectors::of_texts(&*package.text_encoder()?, "Embedding names", &names)?;
    if pictures.is_empty() || texts.is_empty() {
        return Err(StageError::Request("there are no pictures, or no names, to shorten by".to_owned()));
    }
    let spectrum = Spectrum::of(&[&pictures, &texts])
        .ok_or_else(|| StageError::Request("there are no vectors to shorten by".to_owned()))?;
    let before = spectrum.dim();
    let enough = || (1..).map(|steps| steps * STEP).find(|dim| spectrum.lost(*dim) <= request.loss);
    let dim = request.dim.or_else(enough).unwrap_or(before).min(before);
    let told = format!("embeddings shortened from {before} to {dim} components by their spectrum");
    shorten::write(&package, &spectrum, dim, &told, &request.out)?;
    let same_results = same_results(&spectrum, dim, &pictures, &texts);
    Ok(Shortened { before, dim, lost: spectrum.lost(dim), same_results })
}

fn same_results(spectrum: &Spectrum, dim: usize, pictures: &[Vec<f32>], texts: &[Vec<f32>]) -> f64 {
    let every = texts.len().div_ceil(ASKED).max(1);
    let asked: Vec<&Vec<f32>> = texts.iter().step_by(every).collect();
    let short = |vector: &Vec<f32>| spectrum.shortened(vector, dim);
    let shorter: Vec<Vec<f32>> = pictures.par_iter().map(short).collect();
    let nearest = |text: &[f32], pictures: &[Vec<f32>]| {
        let dot = |picture: &Vec<f32>| text.iter().zip(picture).map(|(a, b)| a * b).sum::<f32>();
        first(&pictures.iter().map(dot).collect::<Vec<_>>(), RESULTS)
    };
    let shared: usize = asked
        .par_iter()
        .map(|text| {
            let now = nearest(&short(text), &shorter);
            nearest(text, pictures).iter().filter(|at| now.contains(at)).count()
        })
        .sum();
    shared as f64 / (asked.len() * RESULTS.min(pictures.len())).max(1) as f64
}
