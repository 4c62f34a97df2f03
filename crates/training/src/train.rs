//! The recipe of the embedded model: PyTorch scripts inside the program, run in an environment of their own.
//!
//! Only training needs Python; everything else runs without. The environment lies in the user's cache folder,
//! keyed by the pinned requirements, so it is installed once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clip_rs_catalog::Digest;

use crate::model::{self, Imported, Quantization};
use clip_rs_stage::{StageError, files};

/// The recipe's files, as they lie in `models/train/`.
const RECIPE: [(&str, &str); 18] = [
    ("batches.py", include_str!("../../../models/train/batches.py")),
    ("data.py", include_str!("../../../models/train/data.py")),
    ("evaluate.py", include_str!("../../../models/train/evaluate.py")),
    ("export.py", include_str!("../../../models/train/export.py")),
    ("feed.py", include_str!("../../../models/train/feed.py")),
    ("graphs.py", include_str!("../../../models/train/graphs.py")),
    ("model.py", include_str!("../../../models/train/model.py")),
    ("phrases-counts.txt", include_str!("../../../models/train/phrases-counts.txt")),
    ("phrases-relations.txt", include_str!("../../../models/train/phrases-relations.txt")),
    ("phrases-rsicd.txt", include_str!("../../../models/train/phrases-rsicd.txt")),
    ("phrases-sample.txt", include_str!("../../../models/train/phrases-sample.txt")),
    ("requirements.txt", include_str!("../../../models/train/requirements.txt")),
    ("run.py", include_str!("../../../models/train/run.py")),
    ("thesaurus.ini", include_str!("../../../models/train/thesaurus.ini")),
    ("thesaurus.py", include_str!("../../../models/train/thesaurus.py")),
    ("tokenizer.py", include_str!("../../../models/train/tokenizer.py")),
    ("train.py", include_str!("../../../models/train/train.py")),
    ("unanswerable.txt", include_str!("../../../models/train/unanswerable.txt")),
];
const VOCABULARY: &str = include_str!("../../../models/rs-small/vocabulary.txt");

/// What to train on, and where to.
#[derive(Debug, Clone)]
pub struct Request {
    /// Data sets: folders (sample areas among them), `.tar` or `.tar.gz`.
    pub data: Vec<PathBuf>,
    /// Folder of the model package; checkpoints lie beside it, in `<out>.training`.
    pub out: PathBuf,
    /// Length of the run, minutes; the recipe's own if absent.
    pub minutes: Option<f64>,
    /// Length of the run in minutes of the processor that the recipe was written on, instead: a number of steps.
    pub standard_minutes: Option<f64>,
    /// Length of the run in passes over the photographs, instead.
    pub epochs: Option<f64>,
    /// Name of the model; the embedded one's if absent.
    pub name: Option<String>,
    /// Do without what lies beside the data: features of a teacher, WordNet.
    pub no_teachers: bool,
    /// Go on from the last checkpoint.
    pub resume: bool,
}

/// Trains a model and imports it into `request.out`.
pub fn train(request: &Request) -> Result<Imported, StageError> {
    for data in &request.data {
        if !data.exists() {
            return Err(StageError::content(data, "no such data set"));
        }
    }
    let cache = dirs::cache_dir().ok_or_else(|| {
        StageError::Request("the system names no cache folder; set HOME or XDG_CACHE_HOME".to_owned())
    })?;
    let cache = cache.join("clip-rs").join("train");
    let python = environment(&cache)?;
    let scripts = unpack(&cache)?;
    let run = files::beside(&request.out, "training")?;
    let mut command = Command::new(&python);
    command.arg(scripts.join("train.py")).arg("--data").args(&request.data).arg("--out").arg(&run);
    command.arg("--vocabulary").arg(scripts.join("vocabulary.txt"));
    if let Some(minutes) = request.minutes {
        command.arg("--minutes").arg(minutes.to_string());
    }
    if let Some(minutes) = request.standard_minutes {
        command.arg("--standard-minutes").arg(minutes.to_string());
    }
    if let Some(epochs) = request.epochs {
        command.arg("--epochs").arg(epochs.to_string());
    }
    if let Some(name) = &request.name {
        command.arg("--name").arg(name);
    }
    if request.no_teachers {
        command.arg("--no-teachers");
    }
    if request.resume {
        command.arg("--resume");
    }
    command.env("PYTHONUNBUFFERED", "1").env("PYTHONDONTWRITEBYTECODE", "1");
    let hint = "; what was learned is kept: run the command again with --resume";
    run_to_end(&mut command, "train", if run.join("checkpoint.pt").exists() { hint } else { "" })?;
    model::import(&run.join("reference"), &request.out, Quantization::Q8_0)
}

/// The recipe on the disk, in a folder named by its content.
fn unpack(cache: &Path) -> Result<PathBuf, StageError> {
    let all: String = RECIPE.iter().flat_map(|(name, text)| [*name, *text]).collect();
    let folder = cache.join(format!("recipe-{}", Digest::of(all.as_bytes()).short()));
    files::make_folder(&folder)?;
    for (name, text) in RECIPE.into_iter().chain([("vocabulary.txt", VOCABULARY)]) {
        files::write_durably(&folder.join(name), text.as_bytes())?;
    }
    Ok(folder)
}

/// The interpreter of an environment with everything that the recipe needs; installs it if need be.
fn environment(cache: &Path) -> Result<PathBuf, StageError> {
    let requirements =
        RECIPE.iter().find(|(name, _)| *name == "requirements.txt").map_or("", |(_, text)| text);
    let folder = cache.join(format!("venv-{}", Digest::of(requirements.as_bytes()).short()));
    let python = if cfg!(windows) { folder.join("Scripts/python.exe") } else { folder.join("bin/python") };
    let complete = folder.join("complete");
    if complete.is_file() {
        return Ok(python);
    }
    let version = Command::new("python3").arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        let why = "training needs Python, and no python3 is on the PATH; install Python 3.11 or later \
                   (on Debian: apt install python3 python3-venv). Everything but training works without it";
        return Err(StageError::Request(why.to_owned()));
    }
    eprintln!("Installing PyTorch and what else the recipe needs into {} (once)", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(StageError::io("remove", &folder))?;
    }
    files::make_folder(cache)?;
    let hint = "; on Debian: apt install python3-venv";
    run_to_end(
        Command::new("python3").arg("-m").arg("venv").arg(&folder),
        "make a Python environment",
        hint,
    )?;
    let list = folder.join("requirements.txt");
    files::write_durably(&list, requirements.as_bytes())?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(&list);
    run_to_end(&mut pip, "install the recipe's requirements", "; is the network there?")?;
    files::write_durably(&complete, b"")?;
    Ok(python)
}

fn run_to_end(command: &mut Command, what: &str, hint: &str) -> Result<(), StageError> {
    let program = command.get_program().to_owned();
    let status = command.status().map_err(StageError::io("start", &program))?;
    if !status.success() {
        return Err(StageError::Request(format!("could not {what} ({status}){hint}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_program_carries_the_whole_recipe() -> Result<(), StageError> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/train");
        let there: BTreeSet<String> = files::entries(&folder)?
            .into_iter()
            .filter(|(name, path)| path.is_file() && !name.ends_with(".md") && !name.starts_with('.'))
            .map(|(name, _)| name)
            .collect();
        let carried = RECIPE.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(there, carried);
        Ok(())
    }

    #[test]
    fn the_recipe_is_unpacked_into_a_folder_of_its_own() -> Result<(), StageError> {
        let cache = tempfile::tempdir().expect("temporary folder");
        let folder = unpack(cache.path())?;
        assert_eq!(unpack(cache.path())?, folder);
        for (name, text) in RECIPE {
            assert_eq!(files::read(&folder.join(name))?, text.as_bytes(), "{name}");
        }
        assert!(folder.join("vocabulary.txt").is_file());
        Ok(())
    }
}
