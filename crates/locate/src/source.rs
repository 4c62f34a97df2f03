//! Files of tables and address points as a stream of text: unpacked, and decoded where a byte order mark says how.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use clip_rs_stage::StageError;
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::bufread::MultiGzDecoder;

const GZIP: &[u8] = &[0x1f, 0x8b];
/// What every ZIP archive begins with, and with it every spreadsheet of today.
const ZIP: &[u8] = b"PK\x03\x04";

/// Opens a file that may be packed by gzip, and may be UTF-16 if a byte order mark says so. The stream has no byte
/// order mark; without one it is passed on as it is, so that what is not UTF-8 is still to be found by the reader.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead>, StageError> {
    let refuse = |error| StageError::io("read", path)(error);
    let mut file = BufReader::new(File::open(path).map_err(refuse)?);
    let begin = file.fill_buf().map_err(refuse)?;
    if begin.starts_with(ZIP) {
        return Err(StageError::content(path, "an archive or a spreadsheet; unpack it, or save it as CSV"));
    }
    let plain: Box<dyn Read> =
        if begin.starts_with(GZIP) { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let decoded = DecodeReaderBytesBuilder::new().utf8_passthru(true).strip_bom(true).build(plain);
    Ok(Box::new(BufReader::with_capacity(1 << 16, decoded)))
}
