//! A pack as a zip file (APPNOTE 6.3.10, <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>; Zip64 where it is
//! needed), with one folder in it, so that unpacking it anywhere spills nothing.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read};
use std::path::{Path, PathBuf};

use clip_rs_stage::StageError;
use time::OffsetDateTime;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::Sink;
use super::marker::{MARKER_NAME, Marker, Tally};

/// Endings of files that are compressed in themselves, and are stored as they are.
const COMPRESSED: [&str; 9] = ["avif", "br", "gif", "gz", "jpeg", "jpg", "png", "webp", "woff2"];
/// Bytes from which on the length of a file takes Zip64.
const LARGE: u64 = u32::MAX as u64;
/// Longest marker that is read, bytes.
const MAX_MARKER: u64 = 64 * 1024;

/// A zip file that is being written.
pub struct Archive {
    path: PathBuf,
    zip: ZipWriter<BufWriter<File>>,
    /// The one folder in it, with a slash.
    top: String,
    options: SimpleFileOptions,
}

impl Archive {
    /// Writes the file at `path`, which is there and empty, with all files in a folder called `top`, written at `now`.
    pub fn create(path: &Path, top: &str, now: OffsetDateTime) -> Result<Self, StageError> {
        let file = File::create(path).map_err(StageError::io("write", path))?;
        let (date, time) = (now.date(), now.time());
        let year = u16::try_from(date.year()).unwrap_or_default();
        let (hour, minute, second) = time.as_hms();
        // A clock that is off by decades writes the oldest time there is.
        let time = DateTime::from_date_and_time(year, date.month().into(), date.day(), hour, minute, second);
        let options =
            SimpleFileOptions::default().last_modified_time(time.unwrap_or_default()).unix_permissions(0o644);
        let zip = ZipWriter::new(BufWriter::new(file));
        Ok(Self { path: path.to_owned(), zip, top: format!("{top}/"), options })
    }
}

impl Sink for Archive {
    fn put(&mut self, path: &str, bytes: u64, content: &mut dyn Read) -> io::Result<()> {
        let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending).to_ascii_lowercase();
        let method = match COMPRESSED.contains(&ending.as_str()) {
            true => CompressionMethod::Stored,
            false => CompressionMethod::Deflated,
        };
        let options = self.options.compression_method(method).large_file(bytes >= LARGE);
        self.zip.start_file(format!("{}{path}", self.top), options)?;
        io::copy(content, &mut self.zip).map(drop)
    }

    fn finish(self: Box<Self>) -> Result<(), StageError> {
        let Self { path, zip, .. } = *self;
        let finish = || -> io::Result<()> { zip.finish()?.into_inner()?.sync_all() };
        finish().map_err(StageError::io("write", &path))
    }
}

/// What the zip file at `path` says of itself if it is a pack, and what is in it.
pub fn read(path: &Path) -> io::Result<Option<(Marker, Tally)>> {
    let mut zip = ZipArchive::new(BufReader::new(File::open(path)?))?;
    let mut tally = Tally::default();
    let mut marker = None;
    for number in 0..zip.len() {
        let file = zip.by_index(number)?;
        let name = file.name()?.into_owned();
        match name.split_once('/').map_or(name.as_str(), |(_, below)| below) {
            MARKER_NAME => {
                let mut text = Vec::new();
                file.take(MAX_MARKER).read_to_end(&mut text)?;
                marker = Marker::from_json(&text);
            }
            below => tally.add(below, file.size()),
        }
    }
    Ok(marker.map(|marker| (marker, tally)))
}
