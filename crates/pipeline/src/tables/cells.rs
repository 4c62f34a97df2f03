//! Single values out of Arrow's columns, whichever of its types hold them.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

/// The text in a row, or the number as text; none where there is nothing or something else.
pub(super) fn text(column: &dyn Array, row: usize) -> Option<String> {
    if row >= column.len() || column.is_null(row) {
        return None;
    }
    if let Some(dictionary) = column.as_any_dictionary_opt() {
        let key = *dictionary.normalized_keys().get(row)?;
        // A dictionary of dictionaries is not written by anybody, and could be nested without end.
        let values = dictionary.values();
        return if values.as_any_dictionary_opt().is_some() { None } else { text(values, key) };
    }
    Some(match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::LargeUtf8 => column.as_string::<i64>().value(row).to_owned(),
        DataType::Utf8View => column.as_string_view().value(row).to_owned(),
        DataType::Int8 => column.as_primitive::<Int8Type>().value(row).to_string(),
        DataType::Int16 => column.as_primitive::<Int16Type>().value(row).to_string(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).to_string(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::UInt8 => column.as_primitive::<UInt8Type>().value(row).to_string(),
        DataType::UInt16 => column.as_primitive::<UInt16Type>().value(row).to_string(),
        DataType::UInt32 => column.as_primitive::<UInt32Type>().value(row).to_string(),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).to_string(),
        DataType::Float32 => column.as_primitive::<Float32Type>().value(row).to_string(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).to_string(),
        _ => return None,
    })
}

/// The bytes in a row.
pub(super) fn bytes(column: &dyn Array, row: usize) -> Option<&[u8]> {
    if row >= column.len() || column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::Binary => Some(column.as_binary::<i32>().value(row)),
        DataType::LargeBinary => Some(column.as_binary::<i64>().value(row)),
        DataType::BinaryView => Some(column.as_binary_view().value(row)),
        _ => None,
    }
}

/// The numbers of the list in a row: of 16, 32 or 64 bits with a fraction, and no gaps. The error says what it is instead.
pub(super) fn numbers(column: &dyn Array, row: usize) -> Result<Vec<f64>, String> {
    if row >= column.len() || column.is_null(row) {
        return Err("is empty (null)".to_owned());
    }
    let list: ArrayRef = match column.data_type() {
        DataType::FixedSizeList(..) => column.as_fixed_size_list().value(row),
        DataType::List(_) => column.as_list::<i32>().value(row),
        DataType::LargeList(_) => column.as_list::<i64>().value(row),
        other => return Err(format!("is of the type {other}, and no list of numbers")),
    };
    if list.null_count() > 0 {
        return Err("has a gap (null) among its numbers".to_owned());
    }
    match list.data_type() {
        DataType::Float16 => {
            Ok(list.as_primitive::<Float16Type>().values().iter().map(|x| x.to_f64()).collect())
        }
        DataType::Float32 => {
            Ok(list.as_primitive::<Float32Type>().values().iter().map(|x| f64::from(*x)).collect())
        }
        DataType::Float64 => Ok(list.as_primitive::<Float64Type>().values().to_vec()),
        other => {
            Err(format!("is a list of {other}, and none of numbers of 16, 32 or 64 bits with a fraction"))
        }
    }
}
