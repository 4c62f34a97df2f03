//! Tiles a second of one process and of one and two executors, each on one thread, side by side:
//! `cargo bench -p clip-rs-cluster`. Two executors and the run that waits for them share the machine's cores.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clip_rs_pipeline::index::{Request, index};
use clip_rs_sample::{SampleOptions, generate};

/// Tiles a side of the area.
const SIZE: u32 = 64;
/// Word by which this program knows that it is to index by itself.
const ALONE: &str = "alone";

fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    if let [word, tiles, out] = words.as_slice()
        && word == ALONE
    {
        index(&Request {
            tiles: vec![tiles.into()],
            model: model().into(),
            out: out.into(),
            ..Request::default()
        })?;
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let area = folder.path().join("area");
    generate(&area, &SampleOptions { seed: 5, size: SIZE, ..SampleOptions::default() }, &|_, _| ())?;
    let alone = alone(&area, &folder.path().join("alone"))?;
    println!("one process: {alone:.1} s");
    for executors in [1, 2] {
        let out = folder.path().join(format!("with-{executors}"));
        let seconds = on_cluster(&area, &out, executors)?;
        println!("{executors} executors: {seconds:.1} s, {:.2} of one process", seconds / alone);
    }
    Ok(())
}

fn model() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/rs-small")
}

/// Seconds that a process of its own takes to embed.
fn alone(area: &Path, out: &Path) -> Result<f64> {
    let mut command = Command::new(env::current_exe()?);
    command.arg(ALONE).arg(area).arg(out);
    seconds(&mut command, "Embedding tiles: ")
}

fn on_cluster(area: &Path, out: &Path, executors: usize) -> Result<f64> {
    let scheduler = free()?;
    let mut processes = Processes(vec![cluster(&["scheduler", "--bind", &scheduler]).spawn()?]);
    while TcpStream::connect(&scheduler).is_err() {
        thread::sleep(Duration::from_millis(20));
    }
    for _ in 0..executors {
        let (own, control) = (free()?, free()?);
        let control = control.rsplit(':').next().unwrap_or_default().to_owned();
        let words = ["executor", "--scheduler", &scheduler, "--bind", &own, "--control-port", &control];
        processes.0.push(cluster(&words).spawn()?);
    }
    let mut command = cluster(&["index", "--model", model(), "--scheduler", &scheduler, "--task", "128"]);
    command.arg("--tiles").arg(area).arg("--out").arg(out);
    seconds(&mut command, "Embedding on the cluster: ")
}

fn cluster(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clip-rs-cluster"));
    command.args(words).env("RAYON_NUM_THREADS", "1").stdin(Stdio::null());
    command
}

/// What the command says that a step took, seconds.
fn seconds(command: &mut Command, step: &str) -> Result<f64> {
    let mut child =
        command.env("RAYON_NUM_THREADS", "1").stderr(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let said = BufReader::new(child.stderr.take().context("a pipe")?);
    let mut taken = None;
    for line in said.lines() {
        let line = line?;
        let told = line.strip_prefix(step).and_then(|rest| rest.split_once(" in "));
        taken = taken.or(told.and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok()));
    }
    if !child.wait()?.success() {
        bail!("{command:?} failed");
    }
    taken.with_context(|| format!("{command:?} does not say what \"{step}\" took"))
}

fn free() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// Ended when this is dropped.
struct Processes(Vec<Child>);

impl Drop for Processes {
    fn drop(&mut self) {
        for child in &mut self.0 {
            drop(child.kill());
            drop(child.wait());
        }
    }
}
