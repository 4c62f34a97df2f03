//! The command `clip-rs-cluster`: words of the command line to a run or a process of a cluster.

#![forbid(unsafe_code)]

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use clip_rs_cluster::nodes::{self, Executor};
use clip_rs_cluster::publish::{Published, publish};
use clip_rs_cluster::run::{Spread, run};
use clip_rs_pipeline::arguments::{self, Index};
use clip_rs_stage::files;

/// Index on many machines.
#[derive(Parser)]
#[command(name = "clip-rs-cluster", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Embed imagery on a cluster and write a catalog here
    Index(Box<Spreading>),
    /// Run the scheduler of a cluster
    Scheduler(Scheduling),
    /// Run an executor of a cluster
    Executor(Executing),
}

#[derive(Args)]
struct Spreading {
    #[command(flatten)]
    index: Index,
    /// Scheduler of the cluster [default: none, all is done by this process]
    #[arg(long, value_name = "HOST:PORT")]
    scheduler: Option<String>,
    /// What all processes share: s3://bucket/prefix, or a folder that all of them see [default: CATALOG.work/exchange]
    #[arg(long, value_name = "URL")]
    exchange: Option<String>,
    /// Where to put the catalog when it is made, s3://bucket/prefix: what is not there yet, and catalog.json last
    #[arg(long, value_name = "URL")]
    publish: Option<String>,
    /// Tiles or pictures of a task: what is done again if an executor is lost
    #[arg(long, default_value_t = 512)]
    task: usize,
    /// Tasks of a wave, some times as many as the cluster has at once: what is done again if this process is ended
    #[arg(long, default_value_t = 64)]
    tasks: usize,
}

#[derive(Args)]
struct Scheduling {
    /// Address to listen at
    #[arg(long, default_value = "127.0.0.1:50050")]
    bind: SocketAddr,
    /// Name or address that executors reach it by [default: that of --bind]
    #[arg(long)]
    host: Option<String>,
    /// Seconds without a sign of life after which an executor is lost
    #[arg(long, default_value_t = 60)]
    lost_after: u64,
}

#[derive(Args)]
struct Executing {
    /// Scheduler of the cluster
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50050")]
    scheduler: String,
    /// Address to listen at for those who fetch results
    #[arg(long, default_value = "127.0.0.1:50051")]
    bind: SocketAddr,
    /// Port for the scheduler's messages [default: the one after that of --bind]
    #[arg(long)]
    control_port: Option<u16>,
    /// Name or address that others reach it by [default: that of --bind]
    #[arg(long)]
    host: Option<String>,
    /// Tasks at once: while one is embedded, the next is fetched
    #[arg(long, default_value_t = 2)]
    tasks: usize,
    /// Seconds between two signs of life
    #[arg(long, default_value_t = 10)]
    heartbeat: u64,
}

fn main() -> ExitCode {
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).init();
    match start(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("clip-rs-cluster: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Index(args) => return index(*args),
        Command::Scheduler(args) => {
            let host = args.host.unwrap_or_else(|| args.bind.ip().to_string());
            tokio::runtime::Runtime::new()?.block_on(nodes::schedule(
                args.bind,
                host,
                Duration::from_secs(args.lost_after),
            ))?;
        }
        Command::Executor(args) => {
            let (host, port) = args.scheduler.rsplit_once(':').context("--scheduler is no HOST:PORT")?;
            let port = port.parse().context("--scheduler is no HOST:PORT")?;
            let next =
                args.bind.port().checked_add(1).context("--bind has the last port: give --control-port")?;
            tokio::runtime::Runtime::new()?.block_on(nodes::execute(Executor {
                scheduler: (host.to_owned(), port),
                bind: args.bind,
                control_port: args.control_port.unwrap_or(next),
                host: args.host.unwrap_or_else(|| args.bind.ip().to_string()),
                tasks: args.tasks,
                heartbeat: Duration::from_secs(args.heartbeat),
            }))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn index(args: Spreading) -> Result<ExitCode> {
    let request = args.index.request()?;
    let beside = || -> Result<String> {
        let work = request.work.clone().map_or_else(|| files::beside(&request.out, "work"), Ok)?;
        Ok(work
            .join("exchange")
            .to_str()
            .context("the work folder's name is not Unicode: give --exchange")?
            .to_owned())
    };
    let exchange = args.exchange.map_or_else(beside, Ok)?;
    let spread = Spread { scheduler: args.scheduler, exchange, task: args.task, tasks: args.tasks };
    arguments::tell(&request, &run(&request, &spread)?);
    if let Some(address) = args.publish {
        let Published { written, bytes, known } = publish(&request.out, &address)?;
        let megabytes = bytes as f64 / 1e6;
        println!("{address}: {written} files written, {megabytes:.1} MB, {known} there before");
    }
    Ok(ExitCode::SUCCESS)
}
