//! Fine-tuning: a model package goes on learning from captioned pictures or class folders, without Python.
//!
//! | file | what it does |
//! |---|---|
//! | `settings` | what can be chosen |
//! | `material`, `captions`, `picture`, `batches` | data sets to pictures and texts, and those to steps |
//! | `weights` | what is trained: everything, or low-rank adapters |
//! | `towers`, `transformer`, `convolution` | the towers, differentiable |
//! | `loss`, `gradients`, `optimiser`, `schedule` | how weights change |
//! | `validation`, `run`, `checkpoint`, `log` | the course of a run |
//! | `result` | the weights as a package |

mod batches;
mod captions;
mod checkpoint;
mod convolution;
mod gradients;
mod log;
mod loss;
mod material;
mod optimiser;
mod picture;
mod result;
mod run;
mod schedule;
mod settings;
#[cfg(test)]
mod tests;
mod towers;
mod transformer;
mod validation;
mod weights;

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use candle_core::Device;
use clip_rs_catalog::Digest;
use clip_rs_search::model::Tokenizer;

use crate::model::{self, Imported, Package, Quantization};
use crate::readable::LeftOut;
use clip_rs_stage::{StageError, files};

use batches::Batches;
use material::{Check, Material, Picture};
use run::Run;
use validation::Validation;
use weights::Model;

pub use log::Row;
pub use settings::{Method, Settings, Towers};
pub use validation::{Comparison, Score};

/// Streams of random numbers, one for each purpose.
mod streams {
    pub(super) const ADAPTERS: u64 = 1;
    pub(super) const VALIDATION: u64 = 2;
    /// And the number of the data set.
    pub(super) const HOLD_OUT: u64 = 1 << 16;
    /// And the epoch.
    pub(super) const ORDER: u64 = 1 << 32;
    /// And the epoch times 2^32 and the picture.
    pub(super) const PICTURES: u64 = 1 << 60;
}

/// What to fine-tune, on what, and where to.
#[derive(Debug, Clone)]
pub struct Request {
    /// Folder of the model package to begin with.
    pub model: PathBuf,
    /// Data sets: folders, `.tar` or `.tar.gz`, with `dataset.json` or a folder for each class.
    pub data: Vec<PathBuf>,
    /// Data sets that are only measured, before and after, to see what the model forgets.
    pub observe: Vec<PathBuf>,
    /// Folder of the new package; checkpoints and the log lie beside it, in `<out>.training`.
    pub out: PathBuf,
    /// How the run goes.
    pub settings: Settings,
    /// How weights are stored in the new package.
    pub quantization: Quantization,
    /// Go on from the last checkpoint.
    pub resume: bool,
}

/// What happens in a run.
#[derive(Debug)]
pub enum Event<'a> {
    /// Everything is read; training begins or goes on.
    Begins(&'a Outline),
    /// A step is done.
    Step(&'a Row),
    /// The last step of an epoch is done, and the model was checked.
    Epoch(&'a Row),
}

/// What a run is going to do.
#[derive(Debug)]
pub struct Outline {
    /// The model's name.
    pub model: String,
    /// Numbers that are trained.
    pub trained: usize,
    /// Numbers of the model.
    pub numbers: usize,
    /// Pictures to train on.
    pub pictures: usize,
    /// Pictures that cannot be read, of all data sets.
    pub left_out: Vec<LeftOut>,
    /// Different texts of them.
    pub texts: usize,
    /// Pictures to check with.
    pub checked: usize,
    /// Memory that the decoded pictures take, bytes.
    pub bytes: usize,
    /// Steps of an epoch.
    pub steps: usize,
    /// Whether a graphics processor computes.
    pub cuda: bool,
    /// The model before the first step.
    pub start: Option<Score>,
    /// Folder of checkpoints and log.
    pub folder: PathBuf,
}

/// What came of a run.
#[derive(Debug)]
pub struct FineTuned {
    /// The package.
    pub imported: Imported,
    /// Epochs after which the model was best; 0 when it never got better than it was.
    pub best_epoch: usize,
    /// Figures on the pictures kept for checking.
    pub checked: Comparison,
    /// Figures on each of the observed data sets.
    pub observed: Vec<(PathBuf, Comparison)>,
}

/// Fine-tunes a model and writes it as a package. `watch` is told how it goes, and may end the run early; what was
/// learned until then is kept for `resume`.
pub fn fine_tune(
    request: &Request,
    watch: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
) -> Result<FineTuned, StageError> {
    let settings = &request.settings;
    settings.check()?;
    result::check_target(&request.out, &request.model)?;
    let folder = files::beside(&request.out, "training")?;
    let package = Package::read(&request.model)?;
    if let Some(architecture) = package.config.architecture {
        let why = format!(
            "is a {}; only CLIP and the models of this project can be fine-tuned",
            architecture.name()
        );
        return Err(StageError::content(&request.model, why));
    }
    let tokenizer = Tokenizer::new(&package.config, &package.vocabulary)
        .map_err(StageError::engine(request.model.display()))?;
    let device = Device::cuda_if_available(0).map_err(StageError::engine("graphics processor"))?;
    let model = Model::new(&package, settings, &device)?;
    let material = Material::read(&request.data, &request.observe, &package.config, settings.seed)?;
    let tokens: Vec<Vec<u32>> = material.texts.iter().map(|text| tokenizer.tokenize(text)).collect();
    files::make_folder(&folder)?;
    sweep(&folder)?;

    let batches = Batches {
        material: &material,
        tokens: &tokens,
        config: &package.config.image,
        settings,
        device: &device,
    };
    let validation = |checks| Validation {
        config: &package.config,
        checks,
        tokens: &tokens,
        batch: settings.batch,
        pictures_a_step: settings.pictures_a_step(),
        seed: settings.seed,
        device: &device,
    };
    let mut outline = outline(&model, &material, batches.steps(), &folder);
    let digest = digest(&package, &material);
    let run =
        Run::open(&model, batches, validation(material.checks.as_slice()), &folder, digest, request.resume)?;
    outline.start = run.start();
    if watch(Event::Begins(&outline)).is_break() {
        return Err(StageError::Request("stopped before the first step".to_owned()));
    }
    let outcome = run.finish(watch)?;

    let refuse = || StageError::engine(request.out.display());
    let values = model.mixed(settings.keep).map_err(refuse())?;
    let written = validation(material.checks.as_slice()).score(&values).map_err(refuse())?;
    let checked = Comparison { start: outcome.start, tuned: outcome.best, written };
    let observed = observe(request, &model, &material, &validation)?;
    let reference = folder.join("reference");
    let about =
        result::About { out: &request.out, data: &request.data, settings, epochs: outcome.best_epoch };
    result::write_reference(&reference, &about, &package, &model, &values, &material)?;
    let imported = model::import(&reference, &request.out, request.quantization)?;
    remove_checkpoint(&folder)?;
    Ok(FineTuned { imported, best_epoch: outcome.best_epoch, checked, observed })
}

/// Figures on the data sets that are only looked at.
fn observe<'a>(
    request: &Request,
    model: &Model,
    material: &'a Material,
    validation: &dyn Fn(&'a [Check]) -> Validation<'a>,
) -> Result<Vec<(PathBuf, Comparison)>, StageError> {
    let compare = |(path, check): (&PathBuf, &'a Check)| {
        let validation = validation(std::slice::from_ref(check));
        let score = |keep| validation.score(&model.mixed(keep)?);
        let compare = || {
            let written = score(request.settings.keep)?;
            Ok(Comparison { start: score(1.0)?, tuned: score(0.0)?, written })
        };
        Ok((path.clone(), compare().map_err(StageError::engine::<candle_core::Error>(path.display()))?))
    };
    request.observe.iter().zip(&material.observed).map(compare).collect()
}

/// The run is over: there is nothing to go on with.
fn remove_checkpoint(folder: &Path) -> Result<(), StageError> {
    let checkpoint = run::checkpoint_path(folder);
    match checkpoint.exists() {
        true => fs::remove_file(&checkpoint).map_err(StageError::io("remove", &checkpoint)),
        false => Ok(()),
    }
}

/// Removes what an interrupted run was just writing.
fn sweep(folder: &Path) -> Result<(), StageError> {
    for (name, path) in files::entries(folder)? {
        if files::is_temporary(&name) {
            fs::remove_file(&path).map_err(StageError::io("remove", &path))?;
        }
    }
    Ok(())
}

fn outline(model: &Model, material: &Material, steps: usize, folder: &Path) -> Outline {
    let (trained, numbers) = model.counts();
    let checked = || material.checks.iter().flat_map(|check| &check.pictures);
    let texts: BTreeSet<usize> = material.train.iter().flat_map(|p| p.captions.iter().copied()).collect();
    let bytes = |picture: &Picture| picture.square.pixels().len();
    Outline {
        model: model.config.name.clone(),
        trained,
        numbers,
        pictures: material.train.len(),
        left_out: material.left_out.clone(),
        texts: texts.len(),
        checked: checked().count(),
        bytes: material.train.iter().chain(checked()).map(bytes).sum(),
        steps,
        cuda: model.device.is_cuda(),
        start: None,
        folder: folder.to_owned(),
    }
}

/// Digest of everything that a run depends on besides its settings.
fn digest(package: &Package, material: &Material) -> String {
    let mut parts: Vec<u8> = Vec::new();
    let mut add = |content: &[u8]| parts.extend(Digest::of(content).as_bytes());
    [&package.config_json, &package.text, &package.image, &package.vocabulary]
        .into_iter()
        .for_each(|p| add(p));
    material.texts.iter().for_each(|text| add(text.as_bytes()));
    let checked = material.checks.iter().flat_map(|check| &check.pictures);
    material.train.iter().chain(checked).for_each(|picture| add(picture.square.pixels()));
    Digest::of(&parts).short()
}
