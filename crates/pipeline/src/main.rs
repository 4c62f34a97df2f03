//! The command `clip-rs`: words of the command line to a stage, its outcome to sentences.

#![deny(unsafe_code)]

mod commands;

use std::process::ExitCode;

use clap::Parser;

use commands::Cli;

fn main() -> ExitCode {
    share_one_arena();
    end_with_the_reader();
    Cli::parse().run().unwrap_or_else(|error| {
        eprintln!("clip-rs: {}", sentence(&error));
        ExitCode::FAILURE
    })
}

/// Lets all threads allocate from one arena. The C library of Linux gives each thread its own and keeps each as large as it
/// ever was, so that memory grew with the number of tiles that passed through; the threads here wait for pixels, not for
/// memory.
fn share_one_arena() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "the C library has no other way to say it")]
    // SAFETY: mallopt takes two numbers, and is called before there is another thread. It may refuse; nothing depends on it.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

/// Lets the program end when what reads its output has ended (`clip-rs search … | head`), as programs of the system do: Rust
/// would have it panic at the next line.
fn end_with_the_reader() {
    #[cfg(unix)]
    #[expect(unsafe_code, reason = "the standard library has no stable way to say it")]
    // SAFETY: the default action is no function of ours, and no other thread is there that could set another.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}

/// An error with its causes, each said once: those of the stages say theirs themselves.
fn sentence(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| {
        if told.contains(&cause) {
            told
        } else if told.is_empty() {
            cause
        } else {
            format!("{told}: {cause}")
        }
    })
}
