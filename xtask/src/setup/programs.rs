//! Programs that only the tests need: found, or named with what would install them. Nothing is installed into the
//! system unless a person asked for it by `--install`.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::apt;
use super::browser::Browser;
use super::emulator;
use super::firefox;
use super::system::{Program, System};
use crate::process;
use crate::steps;

/// All of them, in the order in which they are spoken of.
const ALL: [Program; 4] = [Program::Chromium, Program::Firefox, Program::Strace, Program::ArmEmulator];
/// How to have it done.
const ASK: &str = "cargo xtask setup --install, or test --install";

/// What was found.
pub struct Programs {
    pub browser: Browser,
    /// Without it the tests leave out what needs it, and say so.
    pub firefox: Option<PathBuf>,
}

/// Finds the programs; those that are missing are installed if `install`, where that is possible.
///
/// # Errors
/// The tests cannot be without a program that is missing, or it could not be installed though that was asked for.
pub fn set_up(install: bool) -> Result<Programs> {
    let system = System::here();
    let missing = missing(system);
    if install && !missing.is_empty() {
        install_on(system, &missing)?;
    }
    let (browser, firefox) = (Browser::find(), firefox::find());
    let Some(browser) = browser else { bail!(refusal(system, &missing)) };
    steps::skipped("Chromium", &format!("found, {}", browser.chromium.display()));
    if let Some(firefox) = &firefox {
        steps::skipped("Firefox", &format!("found, {}", firefox.display()));
    }
    for program in self::missing(system) {
        steps::skipped(program.name(), &absence(system, program));
    }
    Ok(Programs { browser, firefox })
}

fn missing(system: System) -> Vec<Program> {
    let is_there = |program: Program| match program {
        Program::Chromium => Browser::find().is_some(),
        Program::Firefox => firefox::find().is_some(),
        Program::Strace => process::exists("strace"),
        Program::ArmEmulator => emulator::is_run_here(),
    };
    ALL.into_iter().filter(|program| system.can_have(*program) && !is_there(*program)).collect()
}

/// Installs them where that was tried: on Debian.
fn install_on(system: System, programs: &[Program]) -> Result<()> {
    if system != System::Debian {
        let commands = indented(&system.commands(programs));
        if commands.is_empty() {
            return Ok(());
        }
        bail!("--install knows Debian's apt alone. Here this would install {}:\n{commands}", names(programs));
    }
    apt::install(&names(programs), &system.packages(programs)).or_else(|error| {
        // One that cannot be had keeps no other away; what is missing afterwards is said.
        let alone = |program: &&Program| apt::install(program.name(), &system.packages(&[**program])).is_ok();
        if programs.iter().filter(alone).count() > 0 { Ok(()) } else { Err(error) }
    })
}

/// Why the tests cannot begin, and what to do.
fn refusal(system: System, missing: &[Program]) -> String {
    let needed = Program::Chromium.name();
    let commands = indented(&system.commands(missing));
    let advice = if commands.is_empty() {
        format!("Install {} as this system does it.", names(missing))
    } else if system == System::Debian {
        format!("This would install {}:\n{commands}\nTo have it done: {ASK}", names(missing))
    } else {
        format!("This would install {}:\n{commands}", names(missing))
    };
    format!(
        "the tests need {needed}, which is not found here.\n{advice}\n\
         Where it lies elsewhere, set CHROMIUM and CHROMEDRIVER (and FIREFOX) to the programs."
    )
}

/// What the absence of a program that may be absent means.
fn absence(system: System, program: Program) -> String {
    let loss = program.left_out_without().unwrap_or_default();
    match system.commands(&[program]).first() {
        Some(_) if system == System::Debian => format!("not here, so {loss}; to have it: {ASK}"),
        Some(command) => format!("not here, so {loss}; to have it: {command}"),
        None => format!("not here, so {loss}"),
    }
}

fn names(programs: &[Program]) -> String {
    let names: Vec<_> = programs.iter().map(|program| program.name()).collect();
    match names.split_last() {
        Some((last, first)) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_programs_command_and_how_to_have_it_done() {
        let told = refusal(System::Debian, &ALL);
        assert!(
            told.contains(
                "apt-get install --no-install-recommends chromium chromium-driver firefox-esr strace"
            )
        );
        assert!(told.contains("Chromium with its driver, Firefox, strace and an emulator"), "{told}");
        assert!(told.contains("--install"));
    }

    #[test]
    fn a_system_that_was_never_tried_is_told_the_command_and_promised_nothing() {
        let told = refusal(System::Fedora, &[Program::Chromium]);
        assert!(told.contains("dnf install chromium chromedriver") && !told.contains("--install"), "{told}");
        let told = install_on(System::Arch, &[Program::Chromium]).expect_err("not done").to_string();
        assert!(told.contains("pacman -S --needed chromium"), "{told}");
        assert!(refusal(System::Other, &[Program::Chromium]).contains("CHROMEDRIVER"));
    }

    #[test]
    fn what_is_left_out_without_a_program_is_said_with_how_to_have_it() {
        let told = absence(System::Debian, Program::Strace);
        assert!(told.contains("do not kill clip-rs") && told.contains("--install"), "{told}");
        assert!(absence(System::Fedora, Program::Firefox).ends_with("dnf install firefox"));
    }
}
