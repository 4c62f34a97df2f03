//! `clip-rs model`: makes and inspects model packages.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use clip_rs_search::model::{Activation, Marks};
use clip_rs_training::evaluate::{Calibrating, Held, Shortened, Shortening, calibrate, shorten};
use clip_rs_training::model::{
    Hub, Imported, PRESETS, Package, Preset, Quantization, Remote, Said, describe, import_as,
};

#[derive(Subcommand)]
pub enum Model {
    /// Turn a checkpoint into a package: a Hugging Face folder, an open_clip state dict (.pt, .bin, .safetensors), or
    /// our own trainer's folder
    Import {
        /// The folder or file
        path: PathBuf,
        /// Folder of the package
        #[arg(long)]
        out: PathBuf,
        #[command(flatten)]
        conversion: Conversion,
    },
    /// Fetch a published checkpoint from a model hub and turn it into a package
    Pull(Pull),
    /// Give a package its bank of concepts, so that results are marked with the chance of being right: names from a
    /// thesaurus, and what scores are worth from pictures that the model was not trained on
    Calibrate(Calibrate),
    /// Make a package with shorter embeddings, and so smaller catalogs: rotated so that what pictures and texts have in common
    /// comes first, and cut where next to nothing is left
    Shorten(Shorten),
    /// Say what a package is
    Info {
        /// Folder of the package
        model: PathBuf,
    },
}

#[derive(Args)]
pub struct Calibrate {
    /// Folder of the package; its text tower's file is written anew
    model: PathBuf,
    /// Thesaurus in the form of models/train/thesaurus.ini
    #[arg(long, value_name = "FILE")]
    names: PathBuf,
    /// Pictures with classes, their split ("-" for all), and a file of phrases; may be given several times
    #[arg(long, num_args = 3, value_names = ["DATA", "SPLIT", "PHRASES"], required = true)]
    held: Vec<String>,
    /// Texts that nothing seen from above answers, one a line
    #[arg(long, value_name = "FILE")]
    unanswerable: PathBuf,
}

#[derive(Args)]
pub struct Shorten {
    /// Folder of the package
    model: PathBuf,
    /// Pictures of the kind that it is for: folder, .tar or .tar.gz
    #[arg(long)]
    data: PathBuf,
    /// Which of them [default: test where there is one, else all]
    #[arg(long)]
    split: Option<String>,
    /// Thesaurus in the form of models/train/thesaurus.ini
    #[arg(long, value_name = "FILE")]
    names: PathBuf,
    /// Components that are kept [default: as few as --loss allows]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(8..))]
    dim: Option<u32>,
    /// Share of the vectors' energy that may be lost
    #[arg(long, value_name = "SHARE", default_value_t = 0.002, conflicts_with = "dim")]
    loss: f64,
    /// Folder of the new package
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

fn shortened(args: &Shorten) -> Result<ExitCode> {
    let Shortened { before, dim, lost, same_results } = shorten(&Shortening {
        model: args.model.clone(),
        data: args.data.clone(),
        split: args.split.clone(),
        names: args.names.clone(),
        dim: args.dim.map(|dim| dim as usize),
        loss: args.loss,
        out: args.out.clone(),
    })?;
    println!(
        "{}: {dim} components of {before}, {:.2} % of the energy lost; of the ten pictures nearest to a name, {:.1} % are so still",
        args.out.display(),
        100.0 * lost,
        100.0 * same_results
    );
    Ok(ExitCode::SUCCESS)
}

fn calibrated(args: &Calibrate) -> Result<ExitCode> {
    let (held, _) = args.held.as_chunks::<3>();
    let held = held.iter().map(|[data, split, phrases]| Held {
        data: data.into(),
        split: (split != "-").then(|| split.clone()),
        phrases: phrases.into(),
    });
    let request = Calibrating {
        model: args.model.clone(),
        names: args.names.clone(),
        held: held.collect(),
        unanswerable: args.unanswerable.clone(),
    };
    let (names, Marks { intercept, score, familiarity }) = calibrate(&request)?;
    println!("{}: a bank of {names} names", args.model.display());
    println!("chance = 1 / (1 + exp(-({intercept:.3} + {score:.3} score + {familiarity:.3} familiarity)))");
    Ok(ExitCode::SUCCESS)
}

#[derive(Args)]
pub struct Pull {
    /// One of the names that --list shows
    #[arg(value_name = "NAME", required_unless_present = "list")]
    pub preset: Option<String>,
    /// Folder of the package
    #[arg(long, required_unless_present = "list")]
    pub out: Option<PathBuf>,
    /// Show which models there are
    #[arg(long)]
    pub list: bool,
    /// Do not ask before downloading
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub conversion: Conversion,
}

#[derive(Args)]
pub struct Conversion {
    /// How weights are stored
    #[arg(long, value_enum, default_value = "q8_0")]
    pub quantize: Stored,
    /// Activation of a state dict that comes without a description
    #[arg(long, value_enum)]
    activation: Option<Mlp>,
    /// Vocabulary, if it is not CLIP's: a title line, then a merge rule a line
    #[arg(long, value_name = "FILE")]
    vocabulary: Option<PathBuf>,
    /// Short name of the model [default: that of the file or folder]
    #[arg(long)]
    name: Option<String>,
    /// Licence of the weights
    #[arg(long)]
    licence: Option<String>,
}

impl Conversion {
    /// What is said about a model beside what it says itself.
    pub fn said(&self) -> Said {
        Said {
            activation: self.activation.map(Into::into),
            vocabulary: self.vocabulary.clone(),
            name: self.name.clone(),
            licence: self.licence.clone(),
            provenance: None,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Stored {
    #[value(name = "q8_0")]
    Q8_0,
    #[value(name = "q4_0")]
    Q4_0,
    F16,
    F32,
}

impl From<Stored> for Quantization {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Q8_0 => Self::Q8_0,
            Stored::Q4_0 => Self::Q4_0,
            Stored::F16 => Self::F16,
            Stored::F32 => Self::F32,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Mlp {
    Gelu,
    #[value(name = "quick_gelu")]
    QuickGelu,
}

impl From<Mlp> for Activation {
    fn from(mlp: Mlp) -> Self {
        match mlp {
            Mlp::Gelu => Self::Gelu,
            Mlp::QuickGelu => Self::QuickGelu,
        }
    }
}

/// Carries out what is asked.
pub fn run(command: &Model) -> Result<ExitCode> {
    match command {
        Model::Import { path, out, conversion } => import(path, out, conversion),
        Model::Pull(args) => pull(args),
        Model::Calibrate(args) => calibrated(args),
        Model::Shorten(args) => shortened(args),
        Model::Info { model } => info(model),
    }
}

fn import(path: &Path, out: &Path, args: &Conversion) -> Result<ExitCode> {
    let imported = import_as(path, out, args.quantize.into(), &args.said())?;
    println!("{}: {}", out.display(), sizes(&imported));
    Ok(ExitCode::SUCCESS)
}

fn pull(args: &Pull) -> Result<ExitCode> {
    let (Some(name), Some(out), false) = (&args.preset, &args.out, args.list) else {
        for Preset { name, repository, about, megabytes, licence, .. } in &PRESETS {
            println!("{name}: {about}\n  {repository}, about {megabytes} MB, licence: {licence}");
        }
        return Ok(ExitCode::SUCCESS);
    };
    let (preset, hub) = (Preset::named(name)?, Hub::from_env()?);
    let plan = hub.plan(preset)?;
    println!("{}: {}", preset.name, preset.about);
    println!("{}, revision {}, licence: {}", preset.repository, plan.revision(), preset.licence);
    let megabytes = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
    for Remote { file, bytes, .. } in &plan.files {
        println!("  {file}: {}", bytes.map_or("how long is not said".to_owned(), megabytes));
    }
    let all = plan.bytes().map_or_else(|| format!("about {} MB", preset.megabytes), megabytes);
    if !args.yes && !is_wanted(&all)? {
        println!("nothing was downloaded");
        return Ok(ExitCode::FAILURE);
    }
    let imported = hub.pull(&plan, out, args.conversion.quantize.into(), &args.conversion.said())?;
    println!("{}: {}", out.display(), sizes(&imported));
    Ok(ExitCode::SUCCESS)
}

/// Asks whether to download.
fn is_wanted(all: &str) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        anyhow::bail!("give --yes to download {all} without being asked");
    }
    eprint!("Download {all}? [y/N] ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("cannot read the answer")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Sizes of a package's towers, and how well it agrees with its trainer, for a person to read.
pub fn sizes(imported: &Imported) -> String {
    let megabytes = |bytes: usize| bytes as f64 / 1e6;
    let (text, image) = (megabytes(imported.text_bytes), megabytes(imported.image_bytes));
    let agreement = imported.agreement.map_or(String::new(), |agreement| {
        format!(
            "; least cosine to the trainer's vectors {:.5} (texts), {:.5} (pictures)",
            agreement.texts, agreement.pictures
        )
    });
    format!("text tower {text:.2} MB, image tower {image:.2} MB{agreement}")
}

fn info(model: &Path) -> Result<ExitCode> {
    let package = Package::read(model)?;
    package.text_encoder()?;
    package.image_encoder()?;
    println!("{}", describe(&package)?);
    Ok(ExitCode::SUCCESS)
}
