//! `clip-rs search`: answers of a catalog.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use clip_rs_catalog::Bounds;
use clip_rs_pipeline::query::{Answer, Asked, Subject};

#[derive(Args)]
#[command(group = clap::ArgGroup::new("subject").required(true).args(["text", "image", "like"]))]
// The line that clap makes of a group has the catalog last.
#[command(override_usage = "clip-rs search [OPTIONS] <CATALOG> <TEXT|--image <FILE>|--like <ID>>")]
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
    /// Only items whose middle lies in this box, degrees; west is greater than east across the antimeridian
    #[arg(long, value_name = "W,S,E,N", value_parser = bounds, allow_hyphen_values = true)]
    pub within: Option<Bounds>,
    /// Only answers marked with at least this, 0 to 1
    #[arg(long, value_name = "MARK", default_value_t = 0.0, value_parser = mark)]
    pub min: f32,
    /// Answers at most
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub limit: u32,
    /// Look at every item instead of walking the graph
    #[arg(long)]
    pub exact: bool,
    /// Print a list of {id, score, lng, lat, place, address, ...}
    #[arg(long)]
    pub json: bool,
}

/// Searches, and prints the answers.
pub fn run(args: Search) -> Result<ExitCode> {
    let subject = match (args.text, args.image, args.like) {
        (Some(text), None, None) => Subject::Text(text),
        (None, Some(path), None) => Subject::Image(path),
        (None, None, Some(id)) => Subject::Like(id),
        _ => anyhow::bail!("give one of TEXT, --image and --like"),
    };
    let Search { limit, exact, within, min, .. } = args;
    let asked = Asked { subject, limit: limit as usize, exact, within, min };
    let answers = clip_rs_pipeline::query::search(&args.catalog, &asked)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&answers)?);
    } else {
        answers.iter().for_each(|answer| println!("{}", line(answer)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a mark.
fn mark(text: &str) -> Result<f32, String> {
    let mark = text.parse().ok().filter(|mark| (0.0..=1.0).contains(mark));
    mark.ok_or_else(|| "give a number from 0 to 1".to_owned())
}

/// Reads a box.
fn bounds(text: &str) -> Result<Bounds, String> {
    let edges: Vec<f64> = text
        .split(',')
        .map(|edge| edge.trim().parse().map_err(|_| format!("{edge:?} is no number of degrees")))
        .collect::<Result<_, String>>()?;
    let [west, south, east, north] = edges[..] else {
        return Err("give four numbers: west, south, east, north".to_owned());
    };
    Bounds::new(west, south, east, north).map_err(|error| error.to_string())
}

fn line(answer: &Answer) -> String {
    let position = match (answer.lng, answer.lat) {
        (Some(lng), Some(lat)) => format!("{lng:.5},{lat:.5}"),
        _ => "-".to_owned(),
    };
    let more = [&answer.address, &answer.place].into_iter().flatten();
    let more: Vec<&str> = more.map(String::as_str).collect();
    format!("{:.3}  {}  {position}  {}", answer.score, answer.id, more.join("; "))
}
