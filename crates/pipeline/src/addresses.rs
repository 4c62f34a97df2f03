//! Address points in whichever form they come: CSV, GeoJSON and their archives, which `locate` reads, and Parquet.

#[cfg(feature = "fetch")]
use std::io;
use std::path::Path;

use clip_rs_catalog::Bounds;
#[cfg(feature = "fetch")]
use clip_rs_catalog::LngLat;
use clip_rs_locate::{AddressBook, TableReport, Told, read_address_points};
use clip_rs_stage::{StageError, files};
#[cfg(feature = "fetch")]
use flate2::{Compression, write::GzEncoder};

/// What every Parquet file begins with.
const PARQUET: &[u8] = b"PAR1";

/// Shows `told` the address points of a file, one after the other.
pub fn read(path: &Path, told: Told<'_>) -> Result<TableReport, StageError> {
    let begin = files::read_begin(path, PARQUET.len() as u64)?;
    if begin == PARQUET { read_parquet(path, told) } else { read_address_points(path, told) }
}

/// The address points of a file within `reach_m` metres of one of the `areas`; all if there are no areas.
pub fn book(path: &Path, areas: &[Bounds], reach_m: f64) -> Result<(AddressBook, TableReport), StageError> {
    AddressBook::collect(path, areas, reach_m, |told| read(path, told))
}

/// Writes the address points of a file that are `wanted` as a table (CSV: longitude, latitude, address), packed by gzip where the
/// name `out` ends in `.gz`. Memory is that of one row. None at all is an error, and then nothing is written.
#[cfg(feature = "fetch")]
pub fn cut_out(path: &Path, wanted: impl Fn(LngLat) -> bool, out: &Path) -> Result<TableReport, StageError> {
    let mut outcome = None;
    let is_packed = out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
    let written = files::write_durably_with(out, |file| {
        let report = if is_packed {
            write_points(path, wanted, GzEncoder::new(file, Compression::default()), |packed| {
                packed.finish().map(drop)
            })
        } else {
            write_points(path, wanted, file, |_| Ok(()))
        };
        let is_any = matches!(&report, Ok(report) if report.used > 0);
        outcome = Some(report);
        if is_any { Ok(()) } else { Err(io::Error::other("no address point")) }
    });
    match outcome {
        Some(Err(error)) => Err(error),
        Some(Ok(report)) if report.used == 0 => {
            let why = format!("none of its address points lies in the area; {}", report.notes().join("; "));
            Err(StageError::content(path, why))
        }
        Some(Ok(report)) => written.map(|_| report),
        None => written.map(|_| TableReport::default()),
    }
}

#[cfg(feature = "fetch")]
fn write_points<W: io::Write>(
    path: &Path,
    wanted: impl Fn(LngLat) -> bool,
    to: W,
    finish: impl FnOnce(W) -> io::Result<()>,
) -> Result<TableReport, StageError> {
    let refused = |error: csv::Error| StageError::Request(format!("a row cannot be written: {error}"));
    let mut table = csv::Writer::from_writer(to);
    table.write_record(["longitude", "latitude", "address"]).map_err(refused)?;
    let report = read(path, &mut |at, address| {
        if !wanted(at) {
            return Ok(false);
        }
        let degrees = |degrees: f64| format!("{degrees:.7}");
        table.write_record([&degrees(at.lng()), &degrees(at.lat()), address]).map_err(refused)?;
        Ok(true)
    })?;
    let to = table.into_inner().map_err(|error| StageError::io("write", path)(error.into_error()))?;
    finish(to).map_err(StageError::io("write", path))?;
    Ok(report)
}

#[cfg(feature = "export")]
fn read_parquet(path: &Path, told: Told<'_>) -> Result<TableReport, StageError> {
    crate::tables::points::read(path, told)
}

#[cfg(not(feature = "export"))]
fn read_parquet(path: &Path, _: Told<'_>) -> Result<TableReport, StageError> {
    Err(StageError::content(path, "Parquet, which this build does not read: save it as CSV or GeoJSON"))
}
