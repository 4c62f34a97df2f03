//! The segments of a JPEG file: what can be known of the picture before any of it is decoded.

use super::error::DecodeError;
use super::kind::Kind;

/// More scans than encoders write; each takes time for the whole picture, however few bytes it has.
const MOST_SCANS: usize = 500;

/// What the segments say.
#[derive(Debug, Default)]
pub(super) struct Header<'a> {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Bits a sample.
    precision: u8,
    /// The frame's marker, `0xc0` for baseline.
    frame: u8,
    components: Vec<Component>,
    /// Scans before the end.
    scans: usize,
    /// Whether all components come in one scan, so that rows can be decoded as they are read.
    interleaved: bool,
    /// Whether the marker for the end is there.
    pub(super) ends: bool,
    /// Whether Adobe's segment is there: inks are then stored inverted.
    pub(super) adobe: bool,
    /// The EXIF data, beginning with the byte order.
    pub(super) exif: Option<&'a [u8]>,
}

#[derive(Debug)]
struct Component {
    id: u8,
    /// Horizontal and vertical sampling factors, 1 to 4.
    sampling: (u8, u8),
    seen: bool,
}

impl<'a> Header<'a> {
    /// Walks through the segments.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut header = Self::default();
        let mut at = 2;
        while let Some((marker, segment)) = next_segment(bytes, &mut at) {
            match marker {
                0xd9 => {
                    header.ends = true;
                    break;
                }
                0xc4 | 0xc8 | 0xcc => {}
                0xc0..=0xcf if header.frame == 0 => header.frame(marker, segment)?,
                0xda => header.scan(segment)?,
                0xe1 if header.exif.is_none() => header.exif = segment.strip_prefix(b"Exif\0\0"),
                0xee => header.adobe |= segment.starts_with(b"Adobe"),
                _ => {}
            }
        }
        header.check()?;
        Ok(header)
    }

    fn frame(&mut self, marker: u8, segment: &[u8]) -> Result<(), DecodeError> {
        let [precision, top, bottom, left, right, count, rest @ ..] = segment else {
            return Err(DecodeError::Truncated(Kind::Jpeg));
        };
        self.frame = marker;
        self.precision = *precision;
        self.height = u32::from(u16::from_be_bytes([*top, *bottom]));
        self.width = u32::from(u16::from_be_bytes([*left, *right]));
        let components = rest.as_chunks::<3>().0.iter().take(usize::from(*count));
        self.components = components
            .map(|[id, sampling, _]| Component {
                id: *id,
                sampling: (sampling >> 4, sampling & 15),
                seen: false,
            })
            .collect();
        Ok(())
    }

    fn scan(&mut self, segment: &[u8]) -> Result<(), DecodeError> {
        let count = usize::from(segment.first().copied().unwrap_or(0));
        let ids = segment.get(1..).unwrap_or_default().chunks_exact(2).take(count).map(|pair| pair[0]);
        for id in ids {
            self.components.iter_mut().filter(|component| component.id == id).for_each(|c| c.seen = true);
        }
        self.interleaved |= self.scans == 0 && count == self.components.len();
        self.scans += 1;
        if self.scans > MOST_SCANS {
            return Err(DecodeError::damaged(Kind::Jpeg, format!("it has more than {MOST_SCANS} scans")));
        }
        Ok(())
    }

    fn check(&self) -> Result<(), DecodeError> {
        let unsupported = |what: String| Err(DecodeError::Unsupported(what));
        match (self.frame, self.precision) {
            (0, _) => return Err(DecodeError::Truncated(Kind::Jpeg)),
            (0xc3 | 0xc7 | 0xcb | 0xcf, _) => return unsupported("lossless JPEG".to_owned()),
            (0xc5 | 0xc6 | 0xcd | 0xce, _) => return unsupported("hierarchical JPEG".to_owned()),
            (0xc9 | 0xca, _) => return unsupported("arithmetic-coded JPEG".to_owned()),
            (_, 8) => {}
            (_, bits) => return unsupported(format!("JPEG with {bits} bits a sample")),
        }
        if self.width == 0 || self.height == 0 {
            return Err(DecodeError::damaged(Kind::Jpeg, "its size is not given"));
        }
        let all_seen = self.components.iter().all(|component| component.seen);
        // Without the end of a file whose scans refine each other nobody knows what is missing.
        if self.scans == 0 || (self.buffered() && !(self.ends && all_seen)) {
            return Err(DecodeError::Truncated(Kind::Jpeg));
        }
        Ok(())
    }

    /// Whether the coefficients of the whole picture are held before the first row is there.
    pub(super) fn buffered(&self) -> bool {
        self.frame == 0xc2 || self.scans > 1 || !self.interleaved
    }

    /// Components that inks (cyan, magenta, yellow, black) have.
    pub(super) fn has_inks(&self) -> bool {
        self.components.len() == 4
    }

    /// Bytes that the decoder itself takes: tables, some rows, and all coefficients where they are buffered.
    pub(super) fn decoder_bytes(&self) -> u64 {
        const TABLES: u64 = 256 << 10;
        const ROWS: u64 = 64;
        let (width, height) = (u64::from(self.width) + 64, u64::from(self.height) + 64);
        let rows = width * self.components.len() as u64 * ROWS;
        if !self.buffered() {
            return TABLES + rows;
        }
        let most = |side: fn(&(u8, u8)) -> u8| {
            self.components.iter().map(|c| u64::from(side(&c.sampling))).max().unwrap_or(1).max(1)
        };
        let (across, down) = (most(|s| s.0), most(|s| s.1));
        let samples = self.components.iter().map(|component| {
            let (h, v) = (u64::from(component.sampling.0), u64::from(component.sampling.1));
            (width * h).div_ceil(across) * (height * v).div_ceil(down)
        });
        // Two bytes a coefficient.
        TABLES + rows + samples.sum::<u64>() * 2
    }
}

/// The next marker from `at` on with the content of its segment; none where the file ends.
fn next_segment<'a>(bytes: &'a [u8], at: &mut usize) -> Option<(u8, &'a [u8])> {
    loop {
        *at += bytes.get(*at..)?.iter().position(|byte| *byte == 0xff)? + 1;
        match *bytes.get(*at)? {
            // Stuffing inside a scan, filling, restarts, and markers without a segment.
            0xff => {}
            0x00 | 0x01 | 0xd0..=0xd8 => *at += 1,
            0xd9 => return Some((0xd9, &[])),
            marker => {
                let length = bytes.get(*at + 1..*at + 3)?;
                let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
                let segment = bytes.get(*at + 3..*at + 1 + length.max(2))?;
                *at += 1 + length.max(2);
                return Some((marker, segment));
            }
        }
    }
}
