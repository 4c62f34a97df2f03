//! Compressed siblings (`.br`, `.gz`) of a folder's files, so that a server need not compress per request.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result};
use flate2::write::GzEncoder;

/// Endings of files that are not compressed in themselves.
const ENDINGS: [&str; 11] =
    ["css", "gguf", "html", "js", "json", "mjs", "svg", "txt", "wasm", "webmanifest", "xml"];
/// Smaller files fit into a packet or two as they are.
const LEAST_BYTES: usize = 1024;
/// A sibling must save this share of the bytes, or it is not written.
const LEAST_SAVED: f64 = 0.05;
const BROTLI_QUALITY: i32 = 11;
const BROTLI_WINDOW: i32 = 22;

/// What the compression of a folder came to.
#[derive(Default)]
pub struct Report {
    /// Bytes of all files.
    pub bytes: u64,
    /// Bytes of all files, of each the smallest form.
    pub least_bytes: u64,
}

/// Writes the siblings of all files below `folder` for which they pay.
pub fn folder(folder: &Path) -> Result<Report> {
    let mut files = Vec::new();
    list(folder, &mut files)?;
    // Largest first, so that no long one is left to the end.
    files.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut report = Report::default();
        while let Some((path, bytes)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            report.bytes += bytes;
            report.least_bytes += siblings(path)?.min(*bytes);
        }
        Ok(report)
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut sum = Report::default();
        for worker in workers {
            let part: Result<Report> = worker.join().map_err(|_| anyhow::anyhow!("compression panicked"))?;
            let part = part?;
            sum.bytes += part.bytes;
            sum.least_bytes += part.least_bytes;
        }
        Ok(sum)
    })
}

fn list(folder: &Path, files: &mut Vec<(PathBuf, u64)>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let entry = entry?;
        let (path, about) = (entry.path(), entry.metadata()?);
        if about.is_dir() {
            list(&path, files)?;
        } else {
            files.push((path, about.len()));
        }
    }
    Ok(())
}

/// Writes the siblings of one file. Returns the bytes of the smaller, or of the file itself.
fn siblings(path: &Path) -> Result<u64> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
    let mut least = bytes.len();
    if bytes.len() < LEAST_BYTES || !ENDINGS.contains(&ending.as_str()) {
        return Ok(least as u64);
    }
    for (form, compressed) in [("br", brotli(&bytes, ending == "wasm")?), ("gz", gzip(&bytes)?)] {
        if (compressed.len() as f64) < bytes.len() as f64 * (1.0 - LEAST_SAVED) {
            let sibling = path.with_extension(format!("{ending}.{form}"));
            fs::write(&sibling, &compressed).with_context(|| format!("writing {}", sibling.display()))?;
            least = least.min(compressed.len());
        }
    }
    Ok(least as u64)
}

/// Programs are packed by the mode for fonts, whose repetitions lie a multiple of four bytes apart, too: a third of a percent less.
fn brotli(bytes: &[u8], is_program: bool) -> Result<Vec<u8>> {
    let mut parameters = brotli::enc::BrotliEncoderParams::default();
    if is_program {
        parameters.mode = brotli::enc::backward_references::BrotliEncoderMode::BROTLI_MODE_FONT;
    }
    (parameters.quality, parameters.lgwin) = (BROTLI_QUALITY, BROTLI_WINDOW);
    parameters.size_hint = bytes.len();
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters).context("compressing by brotli")?;
    Ok(compressed)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).context("compressing by gzip")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_gets_both_siblings_and_pictures_get_none() {
        let place = std::env::temp_dir().join(format!("clip-rs-compress-{}", std::process::id()));
        fs::create_dir_all(place.join("inner")).unwrap();
        let text = "the same words again and again, ".repeat(200);
        fs::write(place.join("inner/page.html"), &text).unwrap();
        fs::write(place.join("photo.jpg"), &text).unwrap();
        fs::write(place.join("short.css"), "a{}").unwrap();

        let report = folder(&place).unwrap();

        let mut unpacked = Vec::new();
        let packed = fs::read(place.join("inner/page.html.br")).unwrap();
        brotli::BrotliDecompress(&mut &packed[..], &mut unpacked).unwrap();
        assert_eq!(unpacked, text.as_bytes());
        let packed = fs::read(place.join("inner/page.html.gz")).unwrap();
        let mut unpacked = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed[..]), &mut unpacked).unwrap();
        assert_eq!(unpacked, text);
        assert!(!place.join("photo.jpg.br").exists() && !place.join("short.css.gz").exists());
        assert!(report.least_bytes < report.bytes);
        fs::remove_dir_all(&place).unwrap();
    }
}
