//! The words of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clip_rs_imagery::Scheme;
use clip_rs_search::model::Activation;
use clip_rs_training::evaluate::Task;
use clip_rs_training::fine_tune::{Method, Settings, Towers};
use clip_rs_training::model::{Quantization, Said};

/// From imagery to a map that can be searched with words.
#[derive(Parser)]
#[command(name = "clip-rs", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Draw a synthetic sample area: tiles, labels, captions, addresses
    Sample(Sample),
    /// Make and inspect model packages
    #[command(subcommand)]
    Model(Model),
    /// Embed imagery and write a catalog
    Index(Index),
    /// Search a catalog
    Search(Search),
    /// Print the vectors of texts, as JSON: what the page's engine computes, for comparing and for other tools
    Encode {
        /// The catalog's folder
        catalog: PathBuf,
        /// Any texts
        #[arg(required = true)]
        texts: Vec<String>,
    },
    /// Check every file of a catalog; exits 1 on any fault
    Verify {
        /// The catalog's folder
        catalog: PathBuf,
    },
    /// Measure and compare models: retrieval, classes, like pictures, open words, size and speed
    Evaluate(Evaluate),
    /// Train the compact model from scratch (needs Python)
    Train(Train),
    /// Teach a model your own pictures, from captions or class folders
    FineTune(FineTune),
}

#[derive(Args)]
pub struct Sample {
    /// Folder to write
    #[arg(long)]
    pub out: PathBuf,
    /// Decides the layout
    #[arg(long)]
    pub seed: Option<u64>,
    /// Tiles on a side at zoom 17
    #[arg(long, value_name = "TILES")]
    pub size: Option<u32>,
}

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
    /// Say what a package is
    Info {
        /// Folder of the package
        model: PathBuf,
    },
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

#[derive(Args)]
pub struct Index {
    #[command(flatten)]
    pub source: Source,
    /// How the rows of tiles are counted [default: as the source says, else xyz]
    #[arg(long, value_enum, conflicts_with = "images")]
    pub scheme: Option<Rows>,
    /// CSV with the columns name, longitude, latitude for --images
    #[arg(long, value_name = "CSV", conflicts_with = "tiles")]
    pub locations: Option<PathBuf>,
    /// CSV with the columns longitude, latitude, address
    #[arg(long, value_name = "CSV")]
    pub addresses: Option<PathBuf>,
    /// Folder of the model package
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,
    /// Folder of the catalog
    #[arg(long, value_name = "CATALOG")]
    pub out: PathBuf,
    /// Folder for embeddings that are kept between runs [default: CATALOG.work]
    #[arg(long, value_name = "DIR")]
    pub work: Option<PathBuf>,
    /// The area's name
    #[arg(long)]
    pub title: Option<String>,
    /// Who made the imagery
    #[arg(long)]
    pub attribution: Option<String>,
    /// The imagery's licence
    #[arg(long)]
    pub licence: Option<String>,
    /// Short name for links: letters, digits, - and _
    #[arg(long)]
    pub id: Option<String>,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct Source {
    /// Map tiles: folders z/x/y.jpg, sample areas, archives
    #[arg(long, value_name = "SRC", num_args = 1..)]
    pub tiles: Vec<PathBuf>,
    /// Pictures that are no tiles: folders
    #[arg(long, value_name = "SRC", num_args = 1..)]
    pub images: Vec<PathBuf>,
}

/// How the rows of tiles are counted.
#[derive(Clone, Copy, ValueEnum)]
pub enum Rows {
    /// From the north
    Xyz,
    /// From the south
    Tms,
}

impl From<Rows> for Scheme {
    fn from(rows: Rows) -> Self {
        match rows {
            Rows::Xyz => Self::Xyz,
            Rows::Tms => Self::Tms,
        }
    }
}

#[derive(Args)]
#[command(group = clap::ArgGroup::new("subject").required(true).args(["text", "image", "like"]))]
pub struct Search {
    /// The catalog's folder
    pub catalog: PathBuf,
    /// What to search for, in words
    pub text: Option<String>,
    /// A picture to find the like of
    #[arg(long, value_name = "FILE")]
    pub image: Option<PathBuf>,
    /// An item to find the like of
    #[arg(long, value_name = "ID")]
    pub like: Option<String>,
    /// Answers at most
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// Look at every item instead of walking the graph
    #[arg(long)]
    pub exact: bool,
    /// Print a list of {id, score, lng, lat, place, address}
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct Evaluate {
    /// Folders of model packages
    #[arg(long, value_name = "DIR", num_args = 1.., required = true)]
    pub model: Vec<PathBuf>,
    /// Folder, .tar or .tar.gz with dataset.json and pictures, or with a folder for each class
    #[arg(long)]
    pub data: PathBuf,
    /// Which pictures [default: test where there is one, else all]
    #[arg(long)]
    pub split: Option<String>,
    /// What to measure [default: both, as far as the data allows]
    #[arg(long, value_enum)]
    pub task: Option<Measured>,
    /// Everyday phrases with the classes that answer them, a line each: "boats at a dock: port | river"
    #[arg(long, value_name = "FILE")]
    pub phrases: Option<PathBuf>,
    /// Also write the figures as JSON, a list with one object for each model
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Also write a page that compares the models
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Measured {
    Retrieval,
    Classify,
}

impl From<Measured> for Task {
    fn from(measured: Measured) -> Self {
        match measured {
            Measured::Retrieval => Self::Retrieval,
            Measured::Classify => Self::Classify,
        }
    }
}

#[derive(Args)]
pub struct Train {
    /// Data sets: folders (sample areas among them), .tar or .tar.gz
    #[arg(long, num_args = 1.., required = true)]
    pub data: Vec<PathBuf>,
    /// Folder of the model package
    #[arg(long)]
    pub out: PathBuf,
    /// Length of the run in minutes
    #[arg(long, conflicts_with = "epochs")]
    pub minutes: Option<f64>,
    /// Length of the run in passes over the photographs, which does not depend on the machine
    #[arg(long)]
    pub epochs: Option<f64>,
    /// Name of the model [default: rs-small]
    #[arg(long)]
    pub name: Option<String>,
    /// Use neither teacher features nor WordNet, though they lie beside the data
    #[arg(long)]
    pub no_teachers: bool,
    /// Go on from the last checkpoint
    #[arg(long)]
    pub resume: bool,
}

#[derive(Args)]
pub struct FineTune {
    /// Folder of the model package to begin with
    #[arg(long, value_name = "DIR")]
    pub model: PathBuf,
    /// Data sets: folders, .tar or .tar.gz, with dataset.json and pictures, or with a folder for each class
    #[arg(long, num_args = 1.., required = true)]
    pub data: Vec<PathBuf>,
    /// Data sets that are only measured, before and after, to see what the model forgets
    #[arg(long, value_name = "DATA", num_args = 1..)]
    pub observe: Vec<PathBuf>,
    /// Folder of the new package; checkpoints and log.csv lie beside it, in DIR.training
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// What is trained: all weights, or small adapters on frozen ones
    #[arg(long, value_enum, default_value = "full")]
    pub method: Trained,
    /// Rank of the adapters
    #[arg(long, default_value_t = 8)]
    pub rank: usize,
    /// Which towers are trained
    #[arg(long, value_enum, default_value = "both")]
    pub towers: Side,
    /// Times that every picture is seen, at most
    #[arg(long, value_name = "N", default_value_t = Settings::default().epochs)]
    pub epochs: usize,
    /// Pictures that go through the model together
    #[arg(long, value_name = "B", default_value_t = Settings::default().batch)]
    pub batch: usize,
    /// Batches that make one step; they act as one large batch
    #[arg(long, value_name = "N", default_value_t = Settings::default().accumulate)]
    pub accumulate: usize,
    /// Highest learning rate [default: 3e-4, or 2e-3 for adapters; a large CLIP wants a thirtieth of it]
    #[arg(long, value_name = "R")]
    pub rate: Option<f64>,
    /// Share of the steps in which the rate rises
    #[arg(long, value_name = "SHARE", default_value_t = Settings::default().warm_up)]
    pub warm_up: f64,
    /// Epochs without a better validation after which the run ends
    #[arg(long, value_name = "N", default_value_t = Settings::default().patience)]
    pub patience: usize,
    /// Share of the original weights in the result, against forgetting
    #[arg(long, value_name = "SHARE", default_value_t = Settings::default().keep)]
    pub keep: f64,
    /// Decides order, captions, changes of pictures and held-out pictures
    #[arg(long, default_value_t = Settings::default().seed)]
    pub seed: u64,
    /// Go on from the last checkpoint
    #[arg(long)]
    pub resume: bool,
    /// How weights are stored
    #[arg(long, value_enum, default_value = "q8_0")]
    pub quantize: Stored,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Trained {
    Full,
    Lora,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Side {
    Both,
    Text,
    Image,
}

impl From<Side> for Towers {
    fn from(side: Side) -> Self {
        match side {
            Side::Both => Self::Both,
            Side::Text => Self::Text,
            Side::Image => Self::Image,
        }
    }
}

impl FineTune {
    /// How the run goes.
    pub fn settings(&self) -> Settings {
        let method = match self.method {
            Trained::Full => Method::Full,
            Trained::Lora => Method::Lora { rank: self.rank },
        };
        Settings {
            method,
            towers: self.towers.into(),
            epochs: self.epochs,
            batch: self.batch,
            accumulate: self.accumulate,
            rate: self.rate.unwrap_or(method.usual_rate()),
            warm_up: self.warm_up,
            patience: self.patience,
            keep: self.keep,
            seed: self.seed,
        }
    }
}
