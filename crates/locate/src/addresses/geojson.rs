//! Address points as GeoJSON: one collection, or a feature a line as OpenAddresses publishes them. Features are read
//! one at a time, and only what an address needs of them is kept.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use clip_rs_stage::StageError;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::properties::{Coordinates, Properties};
use crate::lines::{Lines, MAX_LINE};
use crate::report::RowFault;

/// What a feature, or anything else between two features, may take, bytes.
const MAX_FEATURE: u64 = 16 << 20;

/// What is needed of a feature.
#[derive(Debug, Deserialize)]
pub(super) struct Feature {
    #[expect(dead_code, reason = "only there to be checked")]
    r#type: FeatureType,
    pub(super) geometry: Option<Geometry>,
    pub(super) properties: Option<Properties>,
}

#[derive(Debug, Deserialize)]
enum FeatureType {
    Feature,
}

/// What is needed of a geometry.
#[derive(Debug, Deserialize)]
pub(super) struct Geometry {
    r#type: String,
    #[serde(default)]
    coordinates: Coordinates,
}

impl Geometry {
    /// Longitude and latitude of a point, as far as the numbers are degrees.
    pub(super) fn point(&self) -> Option<[f64; 2]> {
        self.coordinates.0.filter(|_| self.r#type == "Point")
    }
}

/// Who is told of every feature, or of what is wrong with it, and of its number from 1: of its line, if it has one.
pub(super) type Told<'a> = &'a mut dyn FnMut(u64, Result<Feature, RowFault>) -> Result<(), StageError>;

/// Reads all features of a file.
pub(super) fn read(path: &Path, mut input: Box<dyn BufRead>, told: Told<'_>) -> Result<(), StageError> {
    let mut first = Vec::new();
    let refuse = StageError::io("read", path);
    input.by_ref().take(MAX_LINE as u64).read_until(b'\n', &mut first).map_err(refuse)?;
    let feature_a_line = serde_json::from_slice::<Feature>(&first).is_ok();
    let whole = BufReader::new(io::Cursor::new(first).chain(input));
    if feature_a_line { read_lines(path, whole, told) } else { read_collection(path, whole, told) }
}

fn read_lines(path: &Path, input: impl BufRead + 'static, told: Told<'_>) -> Result<(), StageError> {
    let mut lines = Lines::new(Box::new(input));
    while let Some(line) = lines.take().map_err(StageError::io("read", path))? {
        let feature = match line {
            Some(line) if line.trim_ascii().is_empty() => continue,
            Some(line) => {
                serde_json::from_slice(&line).map_err(|error| RowFault::NotGeoJson(error.to_string()))
            }
            None => Err(RowFault::LineTooLong),
        };
        told(lines.number(), feature)?;
    }
    Ok(())
}

fn read_collection(path: &Path, input: impl BufRead, told: Told<'_>) -> Result<(), StageError> {
    let since = Rc::new(Cell::new(0));
    let input = BufReader::new(Bounded { input, since: Rc::clone(&since) });
    let mut reader = serde_json::Deserializer::from_reader(input);
    let mut collection = Collection { told, count: 0, refusal: None, since };
    let parsed = collection.deserialize_in(&mut reader).and_then(|()| reader.end());
    if let Some(refusal) = collection.refusal {
        return Err(refusal);
    }
    match parsed {
        Ok(()) => Ok(()),
        Err(error) if error.is_io() => Err(StageError::io("read", path)(error.into())),
        Err(error) => Err(StageError::content(path, format!("not a GeoJSON feature collection: {error}"))),
    }
}

/// Refuses a stream in which no feature ends for too long, as a parser would have to keep all of it.
struct Bounded<R> {
    input: R,
    /// Bytes read since the end of the last feature.
    since: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.since.set(self.since.get() + read as u64);
        if self.since.get() > MAX_FEATURE {
            return Err(io::Error::other(format!("a feature of more than {MAX_FEATURE} bytes")));
        }
        Ok(read)
    }
}

/// A collection, whose features are handed over as they come.
struct Collection<'a> {
    told: Told<'a>,
    count: u64,
    /// Why `told` wanted no more.
    refusal: Option<StageError>,
    since: Rc<Cell<u64>>,
}

impl Collection<'_> {
    fn deserialize_in<'de, D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(CollectionVisitor(self))
    }
}

struct CollectionVisitor<'c, 'a>(&'c mut Collection<'a>);

impl<'de> Visitor<'de> for CollectionVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with features")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut has_features = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "features" {
                map.next_value_seed(Features(self.0))?;
                has_features = true;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if has_features { Ok(()) } else { Err(serde::de::Error::missing_field("features")) }
    }
}

struct Features<'c, 'a>(&'c mut Collection<'a>);

impl<'de> DeserializeSeed<'de> for Features<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Features<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(feature) = seq.next_element()? {
            self.0.count += 1;
            self.0.since.set(0);
            if let Err(refusal) = (self.0.told)(self.0.count, Ok(feature)) {
                let error = serde::de::Error::custom(&refusal);
                self.0.refusal = Some(refusal);
                return Err(error);
            }
        }
        Ok(())
    }
}
