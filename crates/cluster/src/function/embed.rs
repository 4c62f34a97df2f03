//! `embed(job, first, count)`: what is to be kept of so many parts of a request, as a function of a query.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BinaryBuilder, ListBuilder, StructBuilder, UInt32Array};
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::cast::as_uint32_array;
use datafusion::common::{ScalarValue, exec_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::desk;

const NAME: &str = "embed";

/// The function, for whoever plans or runs queries.
pub fn embed() -> Arc<ScalarUDF> {
    let types = vec![DataType::Utf8, DataType::UInt32, DataType::UInt32];
    // Stable, not immutable: it reads pictures, so no plan may work it out beforehand.
    Arc::new(ScalarUDF::from(Embed { signature: Signature::exact(types, Volatility::Stable) }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Embed {
    signature: Signature,
}

impl ScalarUDFImpl for Embed {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(Arc::new(Field::new_list_field(DataType::Struct(fields()), true))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [job, first, count] = args.args.as_slice() else {
            return exec_err!("{NAME} takes three arguments");
        };
        let ColumnarValue::Scalar(ScalarValue::Utf8(Some(job))) = job else {
            return exec_err!("{NAME} takes one job for all rows");
        };
        let (first, count) = (first.to_array(args.number_rows)?, count.to_array(args.number_rows)?);
        Ok(ColumnarValue::Array(rows(job, as_uint32_array(&first)?, as_uint32_array(&count)?)?))
    }
}

/// What a row of a part's list has: what the store keeps it under, and what it keeps
/// ([`clip_rs_pipeline::embeddings::Seen::to_bytes`]).
fn fields() -> Fields {
    Fields::from(vec![Field::new("key", DataType::Binary, true), Field::new("seen", DataType::Binary, true)])
}

fn rows(job: &str, first: &UInt32Array, count: &UInt32Array) -> Result<ArrayRef> {
    let columns: Vec<Box<dyn datafusion::arrow::array::ArrayBuilder>> =
        vec![Box::new(BinaryBuilder::new()), Box::new(BinaryBuilder::new())];
    let mut lists = ListBuilder::new(StructBuilder::new(fields(), columns));
    for at in 0..first.len() {
        if first.is_null(at) || count.is_null(at) {
            lists.append(false);
            continue;
        }
        let (first, count) = (first.value(at), count.value(at));
        let seen = match desk::embed(job, first as usize, count as usize) {
            Ok(seen) => seen,
            Err(why) => return exec_err!("{why}"),
        };
        for (key, seen) in seen {
            let row = lists.values();
            let columns = (key.as_bytes(), seen.to_bytes());
            if let Some(builder) = row.field_builder::<BinaryBuilder>(0) {
                builder.append_value(columns.0);
            }
            if let Some(builder) = row.field_builder::<BinaryBuilder>(1) {
                builder.append_value(columns.1);
            }
            row.append(true);
        }
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}
