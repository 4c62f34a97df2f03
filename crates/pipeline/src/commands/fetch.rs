//! `clip-rs fetch`: the tiles of an area, from a service into an archive.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;
use clip_rs_fetch::{Area, Client, Request, Service, fetch, is_done};
use clip_rs_stage::progress::{counted, say};
use indicatif::{HumanBytes, HumanDuration};

/// More tiles than this are fetched on `--yes` only.
const MANY: u64 = 20_000;
/// The wait after a first failure.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The usual zoom: about a metre a pixel, which most models see things at.
const USUAL_ZOOM: u8 = 17;

#[derive(Args)]
pub struct Fetch {
    #[command(flatten)]
    pub from: From,
    /// The archive to be
    #[arg(long, value_name = "FILE.pmtiles")]
    pub out: PathBuf,
}

/// What is fetched, from where, and how; the same for `fetch` and `area`.
#[derive(Args)]
pub struct From {
    /// usgs, mapbox (its key in MAPBOX_ACCESS_TOKEN), an address with {z}, {x}, {y} (and {token}, from CLIP_RS_TILE_TOKEN), or a
    /// TileJSON or WMTS document
    #[arg(long)]
    pub source: String,
    /// WEST,SOUTH,EAST,NORTH in degrees, a GeoJSON file, or a place: "Manassas, Virginia"
    #[arg(long, allow_hyphen_values = true)]
    pub area: String,
    /// How far to each side of a place, kilometres
    #[arg(long, value_name = "KM", default_value_t = 5.0)]
    pub around: f64,
    /// Zooms: 17, or 15..17 [default: 17, or the deepest that the service has]
    #[arg(long, value_name = "A..B", value_parser = zooms)]
    pub zoom: Option<Zooms>,
    /// Requests a second at most [default: what suits the service]
    #[arg(long, value_name = "N")]
    pub pace: Option<NonZeroU32>,
    /// Requests at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub at_once: u8,
    /// Your address, for the service's operators
    #[arg(long, value_name = "MAIL OR URL")]
    pub contact: Option<String>,
    /// Ask this origin, http://host:port, instead of a preset's own
    #[arg(long, value_name = "ORIGIN")]
    pub at: Option<String>,
    /// Fetch many tiles without being asked
    #[arg(long)]
    pub yes: bool,
    /// Say how much there is to fetch, and fetch nothing
    #[arg(long)]
    pub estimate: bool,
    /// Ask again for imagery that is there, and replace what changed
    #[arg(long)]
    pub refresh: bool,
    /// Make the archive though the service failed to give some tiles
    #[arg(long)]
    pub without_missing: bool,
}

/// A range of zooms.
pub type Zooms = RangeInclusive<u8>;

/// Fetches, and says what came.
pub fn run(args: &Fetch) -> Result<ExitCode> {
    args.from.fetch(&args.out)?;
    Ok(ExitCode::SUCCESS)
}

impl From {
    /// Fetches into the archive `out`; false where only an estimate was asked for.
    pub fn fetch(&self, out: &Path) -> Result<bool> {
        let client = Client::new(self.contact.as_deref());
        let service = Service::open(&self.source, self.at.as_deref(), &client)?;
        let is_done = is_done(out, &service)?;
        ensure!(
            !is_done || self.refresh,
            "{} is already there: give another name, remove it, or ask for what changed with --refresh",
            out.display()
        );
        let area = Area::parse(&self.area, self.around)?;
        let deepest = *service.zooms.end();
        let zooms = self.zoom.clone().unwrap_or_else(|| {
            let zoom = USUAL_ZOOM.min(deepest);
            zoom..=zoom
        });
        let has_all = service.zooms.contains(zooms.start()) && service.zooms.contains(zooms.end());
        ensure!(has_all, "{} has the zooms {} to {deepest}", service.name, service.zooms.start());
        let pace = self.pace.unwrap_or(service.requests_a_second);
        let (cover, outside) = service.cover(&area, zooms.clone())?;
        let tiles = cover.count();
        estimate(&service, &area, &zooms, tiles, pace);
        if outside > 0 {
            say(&format!(
                "{outside} more tiles of the area lie outside of the ground that the service has, and are left out"
            ));
        }
        if self.estimate {
            return Ok(false);
        }
        ensure!(
            tiles <= MANY || self.yes,
            "these are many tiles: add --yes if you want them, and if the terms allow it"
        );
        let request = Request {
            service: &service,
            area: &area,
            zooms,
            out,
            client: &client,
            pace,
            at_once: usize::from(self.at_once),
            first_wait: FIRST_WAIT,
            refresh: self.refresh,
            without_missing: self.without_missing,
        };
        let outcome = fetch(&request)?;
        let counts = outcome.counts;
        println!(
            "{}: {}; {} asked for now ({}), {} known from before; not there {}, blank {}, without imagery {}, failed {}",
            out.display(),
            counted(usize::try_from(counts.pictures).unwrap_or(usize::MAX), "tile", "tiles"),
            outcome.asked,
            HumanBytes(outcome.bytes),
            outcome.known,
            counts.nothing,
            counts.blank,
            counts.no_imagery,
            outcome.missing,
        );
        if let Some(changes) = outcome.changes {
            println!(
                "{}: {} changed, {} new, {} gone, {} as before",
                out.display(),
                counted(usize::try_from(changes.changed).unwrap_or(usize::MAX), "tile", "tiles"),
                changes.added,
                changes.gone,
                changes.same,
            );
        }
        Ok(true)
    }
}

/// Says how much there is to fetch, how long it takes at least, and whose it is.
fn estimate(service: &Service, area: &Area, zooms: &Zooms, tiles: u64, pace: NonZeroU32) {
    let seconds = tiles / u64::from(pace.get());
    let bytes = HumanBytes(tiles.saturating_mul(service.tile_bytes));
    let zooms = if zooms.start() == zooms.end() {
        format!("zoom {}", zooms.start())
    } else {
        format!("zooms {} to {}", zooms.start(), zooms.end())
    };
    say(&format!(
        "{}, {}, {zooms}: {}, about {bytes}, at least {} at {pace} requests a second",
        service.title,
        area.name(),
        counted(usize::try_from(tiles).unwrap_or(usize::MAX), "tile", "tiles"),
        HumanDuration(Duration::from_secs(seconds)),
    ));
    match (&service.licence, &service.terms) {
        (Some(licence), Some(terms)) => say(&format!("Its imagery is {licence}: {terms}")),
        (None, Some(terms)) => say(&format!("Its terms say what you may keep and show: {terms}")),
        _ => say("Whether you may keep and show its imagery is for you to know: this service does not say."),
    }
}

/// `17` or `15..17`, both ends included.
fn zooms(text: &str) -> Result<Zooms, String> {
    let zoom = |text: &str| text.trim().parse::<u8>().ok();
    let ends = match text.split_once("..") {
        Some((first, last)) => zoom(first).zip(zoom(last.trim_start_matches('='))),
        None => zoom(text).map(|zoom| (zoom, zoom)),
    };
    match ends {
        Some((first, last)) if first <= last => Ok(first..=last),
        _ => Err("a zoom such as 17, or two with .. between them such as 15..17".to_owned()),
    }
}
