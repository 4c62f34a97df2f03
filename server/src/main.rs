//! `clip-rs-server`: reads its arguments, says where it listens, and serves until it is told to stop.

mod reach;

use std::{
    error::Error,
    future::Future,
    io::{self, IsTerminal, Write},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, ValueEnum};
use clip_rs_catalog::ListedCatalog;
use clip_rs_page::given::{NamedFolder, elsewhere, placed};
use clip_rs_server::{App, BuiltIn, Config, EmbedFrom, Limits, app, serve};
use tokio::net::TcpListener;
use tracing::level_filters::LevelFilter;

/// File handles to ask the system for: a connection and its file take two.
const FILE_HANDLES: u64 = 16_384;

/// Serves a catalog and the app as static files.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// A catalog's folder, as `clip-rs index` makes it. The page may show several: each but one has a NAME of letters,
    /// digits, - and _; the one without, else the first, is what the page begins with
    #[arg(long, value_name = "[NAME=]DIR", required = true)]
    catalog: Vec<NamedFolder>,
    /// The catalog.json of a catalog on another site that the page may show, too, such as
    /// https://maps.example.org/catalog/catalog.json; that site has to let this one read it (--embed-from)
    #[arg(long, value_name = "[TITLE=]URL", value_parser = elsewhere)]
    catalog_from: Vec<ListedCatalog>,
    /// The built app's folder; without it the page inside this program is served, or the catalog alone if there is none
    #[arg(long, value_name = "DIR")]
    app: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one, address 0.0.0.0 lets the network in
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    bind: String,
    /// Other sites that may embed the page and read the catalog: origins such as https://maps.example.org, or any
    /// [default: nobody]
    #[arg(long, value_name = "ORIGIN", num_args = 1.., value_delimiter = ',')]
    embed_from: Vec<String>,
    /// Print the QR code of the network's address even if standard output is no terminal
    #[arg(long)]
    qr: bool,
    /// How the log on standard error is written
    #[arg(long, value_name = "FORM", default_value = "text")]
    log_format: LogFormat,
    /// The least that is logged: off, error, warn, info or debug
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    log_level: LevelFilter,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let causes = std::iter::successors(error.source(), |cause| (*cause).source());
            let message = causes.fold(error.to_string(), |message, cause| format!("{message}: {cause}"));
            eprintln!("clip-rs-server: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    start_log(args.log_format, args.log_level);
    let router = app(&Config {
        catalogs: placed(args.catalog, args.catalog_from.len())
            .map_err(|error| format!("--catalog: {error}"))?,
        elsewhere: args.catalog_from,
        app: match (args.app, BuiltIn::of_this_program()) {
            (Some(folder), _) => App::Folder(folder),
            (None, Some(page)) => App::BuiltIn(page),
            (None, None) => App::None,
        },
        embed_from: EmbedFrom::from_words(&args.embed_from)
            .map_err(|error| format!("--embed-from: {error}"))?,
    })?;
    let listener = TcpListener::bind(&args.bind)
        .await
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {}: {error}", args.bind)))?;
    let stop = stop_signal()?;
    let limits = limits()?;
    announce(listener.local_addr()?, args.qr)?;
    serve(listener, router, limits, stop).await;
    Ok(())
}

fn start_log(format: LogFormat, level: LevelFilter) {
    let log = tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    let log = log.with_max_level(level).with_target(false);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}

/// As many connections as the system's file handles allow.
fn limits() -> io::Result<Limits> {
    let handles = usize::try_from(rlimit::increase_nofile_limit(FILE_HANDLES)?).unwrap_or(usize::MAX);
    let usual = Limits::default();
    let connections = usual.connections.min(handles / 3).max(1);
    let connections_per_peer = usual.connections_per_peer.min(connections / 4).max(1);
    Ok(Limits { connections, connections_per_peer, ..usual })
}

/// Says where the server really is: first for this computer, then for others on the network.
fn announce(bound: SocketAddr, qr: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "CLIP-RS is at http://{}/", reach::here(bound))?;
    if bound.ip().is_loopback() {
        if qr {
            tracing::warn!(
                "no other computer reaches {bound}: --bind 0.0.0.0:{} lets the network in",
                bound.port()
            );
        }
        return Ok(());
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        tracing::warn!(%error, "the network's addresses cannot be told");
        Vec::new()
    });
    let addresses = reach::elsewhere(bound, &interfaces);
    for address in &addresses {
        writeln!(out, "On this network: http://{address}/")?;
    }
    let is_terminal = out.is_terminal();
    if let Some(first) = addresses.first().filter(|_| qr || is_terminal)
        && let Some(code) = reach::qr_code(&format!("http://{first}/"), is_terminal)
    {
        writeln!(out, "{code}")?;
    }
    Ok(())
}

/// Ready when the process is asked to stop: Ctrl-C, or SIGTERM where there is such a thing.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    #[cfg(unix)]
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        #[cfg(not(unix))]
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "Ctrl-C cannot be heard");
        }
    })
}
