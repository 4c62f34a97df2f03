//! `clip-rs addresses`: the address points of an area out of a file that somebody publishes, such as OpenAddresses.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;
use clip_rs_catalog::TileId;
use clip_rs_fetch::{Area, Client, Cover, Download, Wanted};
use clip_rs_pipeline::addresses::cut_out;
use clip_rs_stage::files;
use clip_rs_stage::progress::{counted, say};

/// Points in the tiles of this zoom that the area touches are kept, so that what lies at its border finds its neighbours: a tile has
/// about a kilometre.
const ZOOM: u8 = 15;
/// The longest file that is downloaded, bytes.
const MOST_BYTES: u64 = 16 << 30;
/// The wait after a first failure.
const FIRST_WAIT: Duration = Duration::from_millis(500);

#[derive(Args)]
pub struct Addresses {
    /// Address of a file of address points: GeoJSON, CSV, either of them packed by gzip or in a ZIP archive, or GeoParquet
    #[arg(long)]
    url: String,
    /// WEST,SOUTH,EAST,NORTH in degrees, a GeoJSON file, or a place: "Manassas, Virginia"
    #[arg(long, allow_hyphen_values = true)]
    area: String,
    /// How far to each side of a place, kilometres
    #[arg(long, value_name = "KM", default_value_t = 5.0)]
    around: f64,
    /// The table to be, longitude, latitude, address; packed if it ends in .gz
    #[arg(long, value_name = "CSV")]
    out: PathBuf,
    /// Your address, for the server's operators
    #[arg(long, value_name = "MAIL OR URL")]
    contact: Option<String>,
}

/// Downloads, keeps what lies in the area, and says what that is.
pub fn run(args: &Addresses) -> Result<ExitCode> {
    ensure!(!args.out.exists(), "{} is already there: give another name, or remove it", args.out.display());
    let area = Area::parse(&args.area, args.around)?;
    let cover = Cover::of(&area, ZOOM..=ZOOM)?;
    say(
        "Address points have the licence of whoever made them: OpenAddresses names source and licence of each of its files beside it. \
         Name it in --attribution when you index, beside that of the imagery.",
    );
    files::sweep(&args.out)?;
    let client = Client::new(args.contact.as_deref());
    let to = files::beside(&args.out, "download")?;
    let wanted = Wanted { source: &args.url, most: MOST_BYTES, is_fixed: false, first_wait: FIRST_WAIT };
    let download = Download::get(&client, wanted, &to)?;
    let is_wanted = |at| TileId::from_lng_lat(at, ZOOM).is_ok_and(|tile| cover.contains(tile));
    let report = cut_out(download.path(), is_wanted, &args.out)?;
    download.remove()?;
    for note in report.left_out_notes() {
        eprintln!("{note}");
    }
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    println!(
        "{}: {} in or beside {}; {} elsewhere, {} of no use",
        args.out.display(),
        counted(count(report.used), "address point", "address points"),
        area.name(),
        report.elsewhere,
        report.left_out(),
    );
    Ok(ExitCode::SUCCESS)
}
