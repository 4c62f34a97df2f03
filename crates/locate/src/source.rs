//! Files of tables and address points as a stream of text: unpacked, and decoded where a byte order mark says how.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use clip_rs_stage::StageError;
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder};
use zip::{CompressionMethod, ZipArchive};

const GZIP: &[u8] = &[0x1f, 0x8b];
/// What every ZIP archive begins with, and with it every spreadsheet of today.
const ZIP: &[u8] = b"PK\x03\x04";
/// Endings of the files in an archive that are read.
const TABLES: [&str; 3] = ["csv", "geojson", "tsv"];

/// Opens a file that may be packed by gzip, and may be UTF-16 if a byte order mark says so. The stream has no byte
/// order mark; without one it is passed on as it is, so that what is not UTF-8 is still to be found by the reader.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead>, StageError> {
    let (file, is_zip) = begun(path)?;
    if is_zip {
        return Err(StageError::content(path, "an archive or a spreadsheet; unpack it, or save it as CSV"));
    }
    unpacked(path, file)
}

/// Like [`open`]; of a ZIP archive, all tables and GeoJSON files in it.
pub(super) fn open_all(path: &Path) -> Result<Vec<Box<dyn BufRead>>, StageError> {
    let (file, is_zip) = begun(path)?;
    if !is_zip {
        return Ok(vec![unpacked(path, file)?]);
    }
    let wrong = |why: String| StageError::content(path, why);
    let mut archive = ZipArchive::new(file).map_err(|error| wrong(format!("a damaged archive: {error}")))?;
    let mut inputs = Vec::new();
    for at in 0..archive.len() {
        let member =
            archive.by_index_raw(at).map_err(|error| wrong(format!("a damaged archive: {error}")))?;
        let name = member.name().map(|name| name.into_owned()).unwrap_or_default();
        let ending = Path::new(&name).extension().unwrap_or_default().to_ascii_lowercase();
        // The Macintosh puts a shadow of each file into its archives.
        if !TABLES.iter().any(|known| ending == *known) || name.starts_with("__MACOSX/") {
            continue;
        }
        let start = member.data_start().ok_or_else(|| wrong(format!("a damaged archive: {name}")))?;
        let part = (start, member.compressed_size(), member.compression(), member.encrypted());
        inputs.push((name, part));
    }
    if inputs.is_empty() {
        return Err(wrong(
            "an archive without a .csv or .geojson file, or a spreadsheet: save it as CSV".to_owned(),
        ));
    }
    let input = |(name, (start, length, compression, is_encrypted)): (
        String,
        (u64, u64, CompressionMethod, bool),
    )| {
        let refuse = |error| StageError::io("read", path)(error);
        let mut file = File::open(path).map_err(refuse)?;
        file.seek(SeekFrom::Start(start)).map_err(refuse)?;
        let packed = BufReader::new(file.take(length));
        match compression {
            _ if is_encrypted => Err(wrong(format!("{name} in it is encrypted: unpack it first"))),
            CompressionMethod::Stored => Ok(decoded(packed)),
            CompressionMethod::DEFLATE => Ok(decoded(DeflateDecoder::new(packed))),
            other => Err(wrong(format!("{name} in it is packed by {other}: unpack it first"))),
        }
    };
    inputs.into_iter().map(input).collect()
}

/// The file, and whether it begins as a ZIP archive.
fn begun(path: &Path) -> Result<(BufReader<File>, bool), StageError> {
    let refuse = |error| StageError::io("read", path)(error);
    let mut file = BufReader::new(File::open(path).map_err(refuse)?);
    let is_zip = file.fill_buf().map_err(refuse)?.starts_with(ZIP);
    Ok((file, is_zip))
}

fn unpacked(path: &Path, mut file: BufReader<File>) -> Result<Box<dyn BufRead>, StageError> {
    let begin = file.fill_buf().map_err(StageError::io("read", path))?;
    Ok(if begin.starts_with(GZIP) { decoded(MultiGzDecoder::new(file)) } else { decoded(file) })
}

fn decoded(plain: impl Read + 'static) -> Box<dyn BufRead> {
    let decoded = DecodeReaderBytesBuilder::new().utf8_passthru(true).strip_bom(true).build(plain);
    Box::new(BufReader::with_capacity(1 << 16, decoded))
}
