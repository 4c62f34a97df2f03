//! `cargo xtask`: the commands that a newcomer and a developer need, each of which gets what it needs itself.

#![forbid(unsafe_code)]

mod arm;
mod bench;
mod cache;
mod compress;
mod demo;
mod dist;
mod embed;
mod hosting;
mod library;
mod native;
mod paths;
mod policy;
mod process;
mod report;
mod sanitizer;
mod server;
mod service_worker;
mod setup;
mod stamp;
mod steps;
mod test;
mod worker;

use std::env;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use dist::Engines;

const HELP: &str = "\
cargo xtask COMMAND

  setup [--install]         get everything that the build needs, once; with --install also what the tests need of
                            the system: a browser with its driver, Firefox, strace, an emulator
  demo [--large] [--port N] [--no-serve]
                            build all, make the sample area and serve it; --large: a million tiles out of it
  test [--install]          every check and test, in a real browser too; --install as above
  test --cluster            every check and test of indexing on a cluster, whose engine takes long to compile
  test --sanitizer          tests of the engine with an address sanitizer, on 64-bit Linux
  dist                      build the page into dist/, for any static host
  server                    build the page, and clip-rs-server with the page inside
  screenshots               take pictures of every state of the page into target/screenshots, and those of
                            README and guide into docs/pictures
  figures                   measure bytes and milliseconds of a visit
  bench [--only NAME] [--json FILE]
                            ours beside its peers, into docs/BENCHMARKS.md; --help for all options
  report DATA [FORMER]      compare models on rsicd.tar.gz and ucm.tar.gz of a folder, into docs/report; FORMER is the
                            package that the embedded one replaces, and is compared as well

Tools are kept in $XDG_CACHE_HOME/clip-rs (by default ~/.cache/clip-rs) for all clones; everything else stays in this folder.";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match run(&words.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<()> {
    match words {
        ["setup"] => alone(|| setup::everything().map(|_| ())),
        ["setup", "--install"] => alone(|| {
            setup::programs::set_up(true)?;
            setup::everything().map(|_| ())
        }),
        ["demo", options @ ..] => {
            let options = demo_options(options)?;
            let site = alone(|| demo::prepare(options.is_large))?;
            if options.serve { site.serve(options.port) } else { Ok(()) }
        }
        ["test"] => alone(|| test::run(false)),
        ["test", "--cluster"] => alone(test::cluster),
        ["test", "--sanitizer"] => alone(test::sanitizer),
        ["test", "--install"] => alone(|| test::run(true)),
        ["screenshots"] => alone(|| test::show("screenshots", &["target/screenshots", "docs/pictures"])),
        ["figures"] => alone(|| test::show("figures", &[])),
        ["bench", options @ ..] => alone(|| bench::run(options)),
        ["report", data] => alone(|| report::make(Path::new(data), None)),
        ["report", data, former] => alone(|| report::make(Path::new(data), Some(Path::new(former)))),
        ["dist"] => alone(|| {
            let (tools, toolchain) = setup::everything()?;
            dist::compile(&toolchain, Engines::All)?;
            dist::bundle(&toolchain, &tools, Engines::All)
        }),
        ["server"] => alone(server::make),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        _ => bail!("not a command: {}\n\n{HELP}", words.join(" ")),
    }
}

/// Does the work of a command while no other is at work in this clone, and says how long each step took.
fn alone<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    let logs = paths::target().join("xtask");
    fs::create_dir_all(&logs).with_context(|| format!("making {}", logs.display()))?;
    let _lock = cache::lock(&logs.join("lock"))?;
    let start = Instant::now();
    let result = work();
    steps::print_summary(start);
    result
}

/// What to do with a finished demo.
struct DemoOptions {
    /// The port to serve at, if it is free.
    port: u16,
    /// Whether to start the server in the end.
    serve: bool,
    /// Whether the area is as large as a state.
    is_large: bool,
}

fn demo_options(mut words: &[&str]) -> Result<DemoOptions> {
    let mut options = DemoOptions { port: 8080, serve: true, is_large: false };
    loop {
        words = match words {
            [] => return Ok(options),
            ["--no-serve", rest @ ..] => {
                options.serve = false;
                rest
            }
            ["--large", rest @ ..] => {
                options.is_large = true;
                rest
            }
            ["--port", port, rest @ ..] => {
                options.port = port.parse().with_context(|| format!("--port {port} is not a port"))?;
                rest
            }
            _ => bail!("not an option of demo: {}\n\n{HELP}", words.join(" ")),
        };
    }
}
