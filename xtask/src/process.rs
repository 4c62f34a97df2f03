//! Running other programs: shown, captured, or quietly into a log that is shown when something fails.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::steps::seconds;

/// How much of a log is worth showing when its program failed.
const TAIL_LINES: usize = 60;
/// How often a long program's last words are shown, so that nobody thinks it hangs.
const SIGN_OF_LIFE: Duration = Duration::from_secs(30);

/// How often a running program is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// Set when a part of the build has failed, so that what goes on beside it is in vain.
static GIVE_UP: AtomicBool = AtomicBool::new(false);

/// Why a program was ended: something beside it had failed, which is the error to tell.
#[derive(Debug)]
pub struct GivenUp;

impl std::error::Error for GivenUp {}

impl fmt::Display for GivenUp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ended, because another part of the build had failed")
    }
}

/// Ends all programs that run, and lets no other begin.
pub fn give_up() {
    GIVE_UP.store(true, Ordering::Relaxed);
}

/// Runs `command` with its output shown as it comes.
pub fn show(command: &mut Command) -> Result<()> {
    let child = command.stdin(Stdio::null()).spawn().with_context(|| cannot_start(command))?;
    let status = wait(child, |_| Ok(()))?;
    ensure!(status.success(), "failed ({status}): {}", line(command));
    Ok(())
}

/// Waits for a program to end, and calls `meanwhile` with the time passed. Its error ends the program.
fn wait(mut child: Child, mut meanwhile: impl FnMut(Duration) -> Result<()>) -> Result<ExitStatus> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        let so_far =
            if GIVE_UP.load(Ordering::Relaxed) { Err(GivenUp.into()) } else { meanwhile(start.elapsed()) };
        if let Err(error) = so_far {
            child.kill().ok();
            child.wait()?;
            return Err(error);
        }
        thread::sleep(LOOK);
    }
}

/// Runs `command` with its output in the file `log`, whose end is part of the error if it fails.
pub fn quiet(command: &mut Command, log: &Path) -> Result<()> {
    quiet_for(command, log, None)
}

/// As [`quiet`], but ends the program when it takes longer than `limit`.
pub fn quiet_for(command: &mut Command, log: &Path, limit: Option<Duration>) -> Result<()> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    let file = File::create(log).with_context(|| format!("writing {}", log.display()))?;
    let child = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .with_context(|| cannot_start(command))?;
    let mut next_sign = SIGN_OF_LIFE;
    let status = wait(child, |passed| {
        if limit.is_some_and(|limit| passed > limit) {
            bail!("no result within {}: {}", seconds(passed), line(command));
        }
        if passed > next_sign {
            next_sign += SIGN_OF_LIFE;
            eprintln!("    … {}: {}", seconds(passed), last_words(log));
        }
        Ok(())
    })?;
    ensure!(status.success(), "failed ({status}): {}\n{}", line(command), tail(log));
    Ok(())
}

/// Runs `command` and returns what it printed, without the spaces around it.
pub fn capture(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| cannot_start(command))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "failed ({}): {}\n{}", output.status, line(command), errors.trim());
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a program of this name can be started.
pub fn exists(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok()
}

/// A command as one would type it.
pub fn line(command: &Command) -> String {
    let word = |word: &OsStr| {
        let word = word.to_string_lossy().into_owned();
        if word.is_empty() || word.contains(' ') { format!("'{word}'") } else { word }
    };
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(word).collect::<Vec<_>>().join(" ")
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start {}", line(command))
}

/// The last line of a log with something in it, in so far as it fits a line of a terminal.
fn last_words(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
    last.unwrap_or("at work").chars().take(100).collect()
}

/// The last lines of a log, indented.
fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    let from = lines.len().saturating_sub(TAIL_LINES);
    let shown: Vec<_> = lines[from..].iter().map(|line| format!("    {line}")).collect();
    format!("{}\n    (all of it: {})", shown.join("\n"), log.display())
}
