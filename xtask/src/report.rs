//! `cargo xtask report`: the comparison of models in `docs/report/`, from the data sets alone.
//!
//! Two models are fine-tuned from the embedded one, another is trained from scratch without the two teachers of the
//! recipe (features and English), and all are measured on the test pictures, with the package that the embedded one
//! replaced if it is given. What is made stays in `target/report/` and is not made again.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::native;
use crate::paths;
use crate::process;
use crate::steps::{self, Step};

/// Length of the baseline's training, minutes.
const BASELINE_MINUTES: &str = "30";
/// Everyday phrases with the classes that answer them.
const PHRASES: &str = "models/train/phrases-rsicd.txt";

/// Makes the report from `rsicd.tar.gz` and `ucm.tar.gz` in the folder `data`. `former` is the package before the embedded one.
pub fn make(data: &Path, former: Option<&Path>) -> Result<()> {
    let repository = paths::repository();
    // The report names everything by where it is from the repository, as long as that is how it was told.
    let here = env::current_dir().is_ok_and(|folder| folder == repository);
    let told = |path: &Path| -> Result<PathBuf> {
        if here {
            Ok(path.to_owned())
        } else {
            fs::canonicalize(path).with_context(|| format!("finding {}", path.display()))
        }
    };
    let data = told(data)?;
    let former = former.map(told).transpose()?;
    let [rsicd, ucm] = ["rsicd.tar.gz", "ucm.tar.gz"].map(|name| data.join(name));
    for archive in [&rsicd, &ucm] {
        if !archive.is_file() {
            bail!("{} is not there: name the folder of the data sets", archive.display());
        }
    }
    let clip_rs = native::build_release()?.clip_rs;
    let folder = paths::target().join("report");
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let embedded = repository.join("models/rs-small");

    let tuned = |name: &str, method: &[&str]| {
        model(&folder, name, "fine-tuning on UCM-Captions", |out| {
            let mut command = Command::new(&clip_rs);
            command.arg("fine-tune").arg("--model").arg(&embedded).arg("--data").arg(&ucm);
            command.arg("--method").args(method).arg("--observe").arg(&rsicd).arg("--out").arg(out);
            command
        })
    };
    let mut models = vec![
        embedded.clone(),
        // A third of the usual rate: these pictures are among those that the embedded model was made with.
        tuned("rs-small-ucm", &["full", "--rate", "1e-4"])?,
        tuned("rs-small-ucm-lora", &["lora"])?,
        model(&folder, "baseline", "training from scratch without teachers", |out| {
            let mut command = Command::new(&clip_rs);
            command.args(["train", "--no-teachers", "--minutes", BASELINE_MINUTES, "--name", "baseline"]);
            command.arg("--data").args([&rsicd, &ucm]).arg("--out").arg(out);
            command
        })?,
    ];

    models.splice(1..1, former);
    let models: Vec<&Path> =
        models.iter().map(|model| model.strip_prefix(repository).unwrap_or(model)).collect();
    let report = Path::new("docs/report");
    let made = repository.join(report);
    fs::create_dir_all(&made).with_context(|| format!("making {}", made.display()))?;
    let measure = |models: &[&Path], data: &Path, name: &str, words: &[&str]| -> Result<()> {
        let step = Step::start(name, "measuring every model");
        let mut evaluate = Command::new(&clip_rs);
        evaluate.current_dir(repository);
        evaluate.arg("evaluate").arg("--model").args(models).arg("--data").arg(data).args(words);
        evaluate.arg("--json").arg(report.join(format!("{name}.json")));
        evaluate.arg("--report").arg(report.join(format!("{name}.html")));
        process::show(&mut evaluate)?;
        step.done("written to docs/report");
        Ok(())
    };
    // Of the embedded model alone: how far its marks are to be believed.
    measure(&models[..1], &rsicd, "marks", &["--split", "test", "--phrases", PHRASES])?;
    measure(&models, &rsicd, "rsicd", &["--split", "test", "--phrases", PHRASES])?;
    measure(&models, &ucm, "ucm", &["--split", "val"])
}

/// The package `name` in `folder`, made by a command unless it is there.
fn model(folder: &Path, name: &str, what: &str, command: impl FnOnce(&Path) -> Command) -> Result<PathBuf> {
    let out = folder.join(name);
    if out.join("model.json").is_file() {
        steps::skipped(name, "made before");
        return Ok(out);
    }
    let step = Step::start(name, what);
    process::show(&mut command(&out))?;
    step.done("made");
    Ok(out)
}
