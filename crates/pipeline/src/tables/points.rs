//! Address points out of a Parquet table: GeoParquet (<https://geoparquet.org/releases/v1.1.0/>) with points as WKB or as
//! GeoArrow's pairs of numbers, or any table with columns of longitude and latitude.

use std::path::Path;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use clip_rs_locate::{AddressRows, TableReport, Told, is_part_of_address};
use clip_rs_stage::StageError;
use serde_json::Value;

use super::{Table, cells};

/// Names of columns of longitude and latitude in tables without geometry, in lower case.
const POSITION: [(&str, &str); 4] = [("longitude", "latitude"), ("lon", "lat"), ("lng", "lat"), ("x", "y")];

/// Where the points of a table are.
enum Place {
    /// In a column of geometries.
    Geometry(String),
    /// In two columns of numbers.
    Columns(String, String),
}

/// Shows `told` the address points of the table at `path`. Columns are known by the names that they have in CSV: `address`, or
/// `number`, `street`, `unit`, `city`.
pub fn read(path: &Path, told: Told<'_>) -> Result<TableReport, StageError> {
    let table = Table::open(path)?;
    let titles = table.titles();
    let place = place(path, &titles, table.said("geo"))?;
    let texts: Vec<&str> =
        titles.iter().map(String::as_str).filter(|title| is_part_of_address(title)).collect();
    if texts.is_empty() {
        let why =
            format!("has no column address, or number and street; its columns are {}", titles.join(", "));
        return Err(StageError::content(path, why));
    }
    let of_place: Vec<&str> = match &place {
        Place::Geometry(column) => vec![column],
        Place::Columns(lng, lat) => vec![lng, lat],
    };
    let columns: Vec<&str> = of_place.iter().chain(&texts).copied().collect();
    let mut rows = AddressRows::new(path, told);
    table.rows(&columns, |first, batch| {
        for row in 0..batch.num_rows() {
            let cells: Vec<(&str, String)> = texts
                .iter()
                .filter_map(|title| Some((*title, cells::text(batch.column_by_name(title)?, row)?)))
                .collect();
            let cells = cells.iter().map(|(title, text)| (*title, text.as_str()));
            rows.row(first + row as u64, position(&place, batch, row), cells)?;
        }
        Ok(())
    })?;
    rows.finish()
}

/// Finds the points; `geo` is what GeoParquet says of them.
fn place(path: &Path, titles: &[String], geo: Option<&str>) -> Result<Place, StageError> {
    let wrong = |why: String| StageError::content(path, why);
    if let Some(geo) = geo {
        let geo: Value =
            serde_json::from_str(geo).map_err(|error| wrong(format!("its key geo is no JSON: {error}")))?;
        let column = geo["primary_column"].as_str().unwrap_or("geometry");
        let about = &geo["columns"][column];
        let is_degrees = match &about["crs"] {
            // Absent: OGC:CRS84.
            Value::Null => about.get("crs").is_none(),
            crs => {
                let id = (crs["id"]["authority"].as_str(), &crs["id"]["code"]);
                matches!(id, (Some("OGC"), code) if code == "CRS84")
                    || matches!(id, (Some("EPSG"), code) if *code == 4326 || *code == 4269)
            }
        };
        if !is_degrees {
            let crs = about["crs"]["name"].as_str().unwrap_or("an unknown coordinate system");
            return Err(wrong(format!(
                "its points are in {crs}: save it with longitude and latitude (OGC:CRS84)"
            )));
        }
        return Ok(Place::Geometry(column.to_owned()));
    }
    let called = |name: &str| titles.iter().find(|title| title.eq_ignore_ascii_case(name)).cloned();
    let pairs = POSITION.iter().filter_map(|(lng, lat)| called(lng).zip(called(lat)));
    let columns = pairs.map(|(lng, lat)| Place::Columns(lng, lat)).next();
    columns.or_else(|| called("geometry").map(Place::Geometry)).ok_or_else(|| {
        wrong(format!(
            "has no geometry, and no columns longitude and latitude; its columns are {}",
            titles.join(", ")
        ))
    })
}

/// Longitude and latitude of a row; none where it is not at a point.
fn position(place: &Place, batch: &RecordBatch, row: usize) -> Option<[f64; 2]> {
    match place {
        Place::Columns(lng, lat) => {
            let number = |name: &str| cells::text(batch.column_by_name(name)?, row)?.parse().ok();
            Some([number(lng)?, number(lat)?])
        }
        Place::Geometry(column) => {
            let column = batch.column_by_name(column)?;
            cells::bytes(column, row).map_or_else(|| pair(column, row), point)
        }
    }
}

/// A point of GeoArrow: a structure of `x` and `y`, or a list of fixed length.
fn pair(column: &ArrayRef, row: usize) -> Option<[f64; 2]> {
    if column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::Struct(_) => {
            let point = column.as_struct();
            let number = |name: &str| {
                let column = point.column_by_name(name)?.as_primitive_opt::<Float64Type>()?;
                (!column.is_null(row)).then(|| column.value(row))
            };
            Some([number("x")?, number("y")?])
        }
        DataType::FixedSizeList(..) => match cells::numbers(column, row).ok()?.as_slice() {
            [x, y, ..] => Some([*x, *y]),
            _ => None,
        },
        _ => None,
    }
}

/// A point in WKB (OGC 06-103r4, 8.2), with or without heights, or as PostGIS extends it.
fn point(wkb: &[u8]) -> Option<[f64; 2]> {
    let (order, rest) = wkb.split_first()?;
    let (kind, rest) = rest.split_first_chunk::<4>()?;
    let is_little = match order {
        0 => false,
        1 => true,
        _ => return None,
    };
    let kind = if is_little { u32::from_le_bytes(*kind) } else { u32::from_be_bytes(*kind) };
    // PostGIS has flags for height, measure and coordinate system in the highest bits; the last one adds a number.
    let (kind, has_system) = (kind & 0x1fff_ffff, kind & 0x2000_0000 != 0);
    let rest = if has_system { rest.split_first_chunk::<4>()?.1 } else { rest };
    if !matches!(kind, 1 | 1001 | 2001 | 3001) {
        return None;
    }
    let (x, rest) = rest.split_first_chunk::<8>()?;
    let (y, _) = rest.split_first_chunk::<8>()?;
    let number =
        |bytes: [u8; 8]| if is_little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) };
    Some([number(*x), number(*y)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_in_every_dialect_of_wkb_and_nothing_else_is_one() {
        let with = |order: u8, kind: u32, more: &[u8]| {
            let is_little = order == 1;
            let kind = if is_little { kind.to_le_bytes() } else { kind.to_be_bytes() };
            let number = |number: f64| if is_little { number.to_le_bytes() } else { number.to_be_bytes() };
            [&[order][..], &kind, more, &number(-77.5), &number(38.75), &number(120.0)].concat()
        };
        let place = Some([-77.5, 38.75]);
        for order in [0, 1] {
            for kind in [1, 1001, 2001, 3001, 0x8000_0001, 0xc000_0001] {
                assert_eq!(point(&with(order, kind, &[])), place, "{order} {kind:x}");
            }
            assert_eq!(point(&with(order, 0x2000_0001, &[1, 2, 3, 4])), place);
            assert_eq!(point(&with(order, 3, &[])), None, "a polygon");
        }
        assert_eq!(point(&with(2, 1, &[])), None);
        let whole = with(1, 1, &[]);
        (0..21).for_each(|cut| assert_eq!(point(&whole[..cut]), None, "{cut}"));
    }
}
