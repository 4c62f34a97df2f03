//! `clip-rs fine-tune`: teaches a model a person's own pictures.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use clap::{Args, ValueEnum};
use clip_rs_training::fine_tune::{Comparison, Event, Method, Outline, Row, Score, Settings, Towers};

use signal_hook::consts::SIGINT;
use signal_hook::flag;

use super::model::{Stored, sizes};
use super::name_left_out;

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

/// The exit status of what Ctrl-C ended, as shells have it: 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;

/// Trains, and says how it goes.
pub fn run(args: FineTune) -> Result<ExitCode> {
    let settings = args.settings();
    let keep = settings.keep;
    let request = clip_rs_training::fine_tune::Request {
        model: args.model,
        data: args.data,
        observe: args.observe,
        out: args.out.clone(),
        settings,
        quantization: args.quantize.into(),
        resume: args.resume,
    };
    let is_asked = Arc::new(AtomicBool::new(false));
    let tuned = clip_rs_training::fine_tune::fine_tune(&request, &mut |event| {
        match event {
            Event::Begins(outline) => {
                name_left_out(&outline.left_out);
                // Until here there was nothing to keep.
                listen(&is_asked);
                eprintln!("{}", begins(outline));
            }
            Event::Epoch(row) => eprintln!("{}", epoch(row)),
            Event::Step(_) => {}
        }
        if is_asked.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let tuned = match tuned {
        Err(stopped) if is_asked.load(Ordering::Relaxed) => {
            eprintln!("clip-rs: {stopped}");
            return Ok(ExitCode::from(INTERRUPTED));
        }
        tuned => tuned?,
    };
    println!("{}: {}", args.out.display(), sizes(&tuned.imported));
    let moments = [
        "before".to_owned(),
        format!("after {} epochs", tuned.best_epoch),
        format!("written, with {:.0} % of the original", 100.0 * keep),
    ];
    println!("on the pictures kept for checking:\n{}", compared(&tuned.checked, &moments));
    for (path, comparison) in &tuned.observed {
        println!("on {}, which was only observed:\n{}", path.display(), compared(comparison, &moments));
    }
    if tuned.best_epoch == 0 {
        println!("It never got better than it was; try another --rate, or more pictures.");
    }
    Ok(ExitCode::SUCCESS)
}

/// Lets Ctrl-C end the run after the step that is under way, so that what it learned is kept; a second one ends it at once.
fn listen(is_asked: &Arc<AtomicBool>) {
    let again = flag::register_conditional_shutdown(SIGINT, INTERRUPTED.into(), Arc::clone(is_asked));
    match again.and_then(|_| flag::register(SIGINT, Arc::clone(is_asked))) {
        Ok(_) => {
            eprintln!(
                "Ctrl-C ends the run after a step and keeps what it learned; a second one ends it at once"
            );
        }
        Err(error) => eprintln!("Ctrl-C ends the run at once, back to its last checkpoint ({error})"),
    }
}

/// A line for each moment, with the share of the first moment's figures that is left, or gained.
fn compared(comparison: &Comparison, moments: &[String; 3]) -> String {
    let scores = [comparison.start, comparison.tuned, comparison.written];
    let lines = moments.iter().zip(scores).map(|(moment, score)| {
        let Some(score) = score else { return format!("  {moment}: nothing to check with") };
        let before = comparison.start.map_or(0.0, |start| start.merit());
        let share = if before > 0.0 { 100.0 * score.merit() / before } else { 100.0 };
        format!("  {moment}: {} ({share:.0} % of before)", figures(score))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn begins(outline: &Outline) -> String {
    format!(
        "Fine-tuning {} on {}: {:.2} M of {:.2} M numbers are trained, on {} pictures with {} texts, {} steps an \
         epoch; {} pictures are kept for checking; pictures take {:.0} MB; log and checkpoints in {}\nBefore: {}",
        outline.model,
        if outline.cuda { "the graphics processor" } else { "the processor" },
        outline.trained as f64 / 1e6,
        outline.numbers as f64 / 1e6,
        outline.pictures,
        outline.texts,
        outline.steps,
        outline.checked,
        outline.bytes as f64 / 1e6,
        outline.folder.display(),
        outline.start.map_or("nothing to check with".to_owned(), figures),
    )
}

fn epoch(row: &Row) -> String {
    let checked = row
        .validation_loss
        .map(|loss| figures(Score { loss, mean_recall: row.mean_recall, accuracy: row.accuracy }));
    let loss = row.loss.map_or(String::new(), |loss| format!("training loss {loss:.3}, "));
    format!(
        "Epoch {}: {loss}{}, {:.0} s",
        row.epoch,
        checked.unwrap_or_else(|| "nothing to check with".to_owned()),
        row.seconds
    )
}

fn figures(score: Score) -> String {
    let mut parts = vec![format!("loss {:.3}", score.loss)];
    parts.extend(score.mean_recall.map(|recall| format!("mean recall {recall:.2}")));
    parts.extend(score.accuracy.map(|accuracy| format!("accuracy {accuracy:.2} %")));
    parts.join(", ")
}
