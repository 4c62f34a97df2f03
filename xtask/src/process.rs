//! Running other programs: shown, captured, or quietly into a log that is shown when something fails.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::steps::seconds;

/// How much of a log is worth showing when its program failed.
const TAIL_LINES: usize = 60;
/// How often a long program's last words are shown, so that nobody thinks it hangs.
const SIGN_OF_LIFE: Duration = Duration::from_secs(30);

/// Runs `command` with its output shown as it comes.
pub fn show(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).status().with_context(|| cannot_start(command))?;
    ensure!(status.success(), "failed ({status}): {}", line(command));
    Ok(())
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
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .with_context(|| cannot_start(command))?;
    let start = Instant::now();
    let mut next_sign = SIGN_OF_LIFE;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if limit.is_some_and(|limit| start.elapsed() > limit) {
            child.kill().ok();
            child.wait()?;
            bail!("no result within {} s: {}", start.elapsed().as_secs(), line(command));
        }
        if start.elapsed() > next_sign {
            next_sign += SIGN_OF_LIFE;
            eprintln!("    … {}: {}", seconds(start.elapsed()), last_words(log));
        }
        thread::sleep(Duration::from_millis(50));
    };
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
