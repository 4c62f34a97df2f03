//! GeoParquet 1.1 (<https://geoparquet.org/releases/v1.1.0/>): a row an item, with its embedding as a list of fixed length.

use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, Date32Builder, FixedSizeListBuilder, Float16Builder, Float32Builder, Float64Builder,
    StringBuilder, UInt32Builder,
};
use arrow_array::{ArrayRef, RecordBatch, StructArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema};
use clip_rs_catalog::Bounds;
use half::f16;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use time::{Date, Month};

use super::rows::{At, Row, Rows};
use super::{Component, metadata};
use crate::catalog::Catalog;
use clip_rs_stage::{StageError, files};

/// Rows that are put together before they are written.
const BATCH: usize = 4096;
/// Rows of a group, the unit that readers pass over by its box.
const GROUP: usize = 16_384;
/// How hard to compress: quick, and nearly as small as the slow levels.
const LEVEL: i32 = 3;

/// Writes these items, in this order, as one file.
pub(super) fn write(
    catalog: &Catalog,
    rows: &Rows,
    order: &[At],
    component: Component,
    out: &Path,
) -> Result<(), StageError> {
    let dim = catalog.manifest.model.embed_dim;
    let footprints = order.iter().filter_map(|at| rows.get(*at)?.footprint);
    let bounds = Bounds::around(footprints);
    let level = ZstdLevel::try_new(LEVEL).map_err(StageError::engine(out.display()))?;
    let said = [("geo", metadata::geo(bounds)), ("emb", metadata::embeddings(catalog, component))];
    // As keys of the file, and of the Arrow schema in it, which is all that Arrow's own readers look at.
    let of_schema = said.clone().map(|(key, value)| (key.to_owned(), value.to_string()));
    let said = said.map(|(key, value)| KeyValue::new(key.to_owned(), value.to_string()));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(GROUP))
        .set_key_value_metadata(Some(said.to_vec()))
        .build();
    let schema = Arc::new(schema(dim, component).with_metadata(of_schema.into()));
    let mut failed = None;
    let written = files::write_durably_with(out, |file| {
        let mut writer =
            ArrowWriter::try_new(file, schema.clone(), Some(properties)).map_err(io::Error::other)?;
        for part in order.chunks(BATCH) {
            let batch = batch(rows, part, &schema, dim, component).map_err(|error| {
                failed = Some(error);
                io::Error::other("a row could not be made")
            })?;
            writer.write(&batch).map_err(io::Error::other)?;
        }
        writer.close().map_err(io::Error::other)?;
        Ok(())
    });
    match failed {
        Some(error) => Err(error),
        None => written.map(drop),
    }
}

fn item_type(component: Component) -> DataType {
    match component {
        Component::Half => DataType::Float16,
        Component::Single => DataType::Float32,
    }
}

fn corners() -> Fields {
    ["xmin", "ymin", "xmax", "ymax"].map(|name| Field::new(name, DataType::Float64, false)).to_vec().into()
}

fn schema(dim: usize, component: Component) -> Schema {
    let item = Arc::new(Field::new("item", item_type(component), false));
    // The catalog's format has at most 8,192.
    let length = i32::try_from(dim).unwrap_or(i32::MAX);
    Schema::new(vec![
        Field::new("id", DataType::Utf8, false),
        Field::new("geometry", DataType::Binary, true),
        Field::new("bbox", DataType::Struct(corners()), true),
        Field::new("embedding", DataType::FixedSizeList(item, length), false),
        Field::new("relevance_offset", DataType::Float32, true),
        Field::new("place", DataType::Utf8, true),
        Field::new("address", DataType::Utf8, true),
        Field::new("address_m", DataType::UInt32, true),
        Field::new("captured", DataType::Date32, true),
        Field::new("source", DataType::Utf8, true),
    ])
}

/// Some rows as columns.
fn batch(
    rows: &Rows,
    part: &[At],
    schema: &Arc<Schema>,
    dim: usize,
    component: Component,
) -> Result<RecordBatch, StageError> {
    let (mut id, mut geometry) = (StringBuilder::new(), BinaryBuilder::new());
    let (mut edges, mut has_place) = ([(); 4].map(|()| Float64Builder::new()), Vec::new());
    let (mut offset, mut address_m, mut captured) =
        (Float32Builder::new(), UInt32Builder::new(), Date32Builder::new());
    let [mut place, mut address, mut source] = [(); 3].map(|()| StringBuilder::new());
    for at in part {
        let none = || StageError::Request(format!("there is no item {} in shard {}", at.ordinal, at.shard));
        let Row { id: name, footprint, detail, offset: of_item } = rows.get(*at).ok_or_else(none)?;
        id.append_value(name);
        geometry.append_option(footprint.map(wkb));
        has_place.push(footprint.is_some());
        let corners = footprint.map_or([0.0; 4], covering);
        edges.iter_mut().zip(corners).for_each(|(column, value)| column.append_value(value));
        offset.append_option(of_item);
        place.append_option(detail.place.as_deref());
        address.append_option(detail.address.as_deref());
        address_m.append_option(detail.address_m.filter(|_| detail.address.is_some()));
        captured.append_option(detail.captured.and_then(|date| days(&date.to_string())));
        source.append_option(detail.source.as_deref());
    }
    let edges = edges.map(|mut column| Arc::new(column.finish()) as ArrayRef);
    let bbox = StructArray::try_new(corners(), edges.to_vec(), Some(NullBuffer::from(has_place)));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(id.finish()),
        Arc::new(geometry.finish()),
        Arc::new(bbox.map_err(refused)?),
        embeddings(rows, part, dim, component)?,
        Arc::new(offset.finish()),
        Arc::new(place.finish()),
        Arc::new(address.finish()),
        Arc::new(address_m.finish()),
        Arc::new(captured.finish()),
        Arc::new(source.finish()),
    ];
    RecordBatch::try_new(schema.clone(), columns).map_err(refused)
}

fn embeddings(rows: &Rows, part: &[At], dim: usize, component: Component) -> Result<ArrayRef, StageError> {
    let length = i32::try_from(dim).unwrap_or(i32::MAX);
    let field = Arc::new(Field::new("item", item_type(component), false));
    let each = part.iter().map(|at| rows.embedding(*at));
    match component {
        Component::Single => {
            let mut list = FixedSizeListBuilder::new(Float32Builder::new(), length).with_field(field);
            for embedding in each {
                list.values().append_slice(&embedding?);
                list.append(true);
            }
            Ok(Arc::new(list.finish()))
        }
        Component::Half => {
            let mut list = FixedSizeListBuilder::new(Float16Builder::new(), length).with_field(field);
            for embedding in each {
                embedding?.into_iter().for_each(|value| list.values().append_value(f16::from_f32(value)));
                list.append(true);
            }
            Ok(Arc::new(list.finish()))
        }
    }
}

/// The box that a reader may rely on: across the antimeridian, all longitudes.
fn covering(bounds: Bounds) -> [f64; 4] {
    let (west, east) =
        if bounds.crosses_antimeridian() { (-180.0, 180.0) } else { (bounds.west(), bounds.east()) };
    [west, bounds.south(), east, bounds.north()]
}

/// A box as a polygon, or two across the antimeridian, in well-known binary (OGC 06-103r4, 8.2): little-endian, outer rings
/// counter-clockwise.
pub(super) fn wkb(bounds: Bounds) -> Vec<u8> {
    let (south, north) = (bounds.south(), bounds.north());
    let polygon = |west: f64, east: f64| {
        let corners = [[west, south], [east, south], [east, north], [west, north], [west, south]];
        let mut bytes = vec![1];
        [3_u32, 1, 5].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        corners.iter().flatten().for_each(|number| bytes.extend(number.to_le_bytes()));
        bytes
    };
    if !bounds.crosses_antimeridian() {
        return polygon(bounds.west(), bounds.east());
    }
    let mut bytes = vec![1];
    [6_u32, 2].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
    bytes.extend(polygon(bounds.west(), 180.0));
    bytes.extend(polygon(-180.0, bounds.east()));
    bytes
}

/// Days since 1970-01-01 of a date written `YYYY-MM-DD`.
fn days(date: &str) -> Option<i32> {
    let mut numbers = date.splitn(3, '-');
    let year = numbers.next()?.parse().ok()?;
    let month = Month::try_from(numbers.next()?.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, numbers.next()?.parse().ok()?).ok()?;
    Some(date.to_julian_day() - 2_440_588)
}

fn refused(error: ArrowError) -> StageError {
    StageError::Request(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_a_polygon_and_two_of_them_across_the_antimeridian() {
        let bounds = |west, east| Bounds::new(west, -1.0, east, 2.0).expect("a box");
        let one = wkb(bounds(3.0, 4.0));
        assert_eq!(one.len(), 1 + 12 + 80);
        assert_eq!(one[..13], [1, 3, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0]);
        assert_eq!(one[13..21], 3.0_f64.to_le_bytes());
        let two = wkb(bounds(179.0, -179.0));
        assert_eq!(two.len(), 9 + 2 * 93);
        assert_eq!(two[..9], [1, 6, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(covering(bounds(179.0, -179.0)), [-180.0, -1.0, 180.0, 2.0]);
    }

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(days("1970-01-01"), Some(0));
        assert_eq!(days("2020-02-29"), Some(18_321));
        assert_eq!(days("1969-12-31"), Some(-1));
        assert_eq!(days("2021-02-29"), None);
    }
}
