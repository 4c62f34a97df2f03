//! `nearest(centroids, vector)`: the number of the centroid that a vector is nearest to.

use std::sync::Arc;

use clip_rs_search::cells::Partition;
use datafusion::arrow::array::{Array, ArrayRef, UInt32Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_binary_array;
use datafusion::common::{ScalarValue, exec_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::floats;

const NAME: &str = "nearest";

/// The function, for whoever plans or runs queries.
pub fn nearest() -> Arc<ScalarUDF> {
    let types = vec![DataType::Binary, DataType::Binary];
    Arc::new(ScalarUDF::from(Nearest { signature: Signature::exact(types, Volatility::Immutable) }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Nearest {
    signature: Signature,
}

impl ScalarUDFImpl for Nearest {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::UInt32)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [ColumnarValue::Scalar(ScalarValue::Binary(Some(centroids))), vectors] = args.args.as_slice()
        else {
            return exec_err!("{NAME} takes the same centroids for all rows, and a column of vectors");
        };
        let Some(partition) = Partition::from_bytes(centroids) else {
            return exec_err!("{NAME}: these are no centroids");
        };
        let vectors = vectors.to_array(args.number_rows)?;
        let vectors = as_binary_array(&vectors)?;
        let mut rows = Vec::with_capacity(vectors.len() * partition.dim());
        for at in 0..vectors.len() {
            let vector = vectors.is_valid(at).then(|| floats(vectors.value(at))).flatten();
            let vector = vector.filter(|vector| vector.len() == partition.dim());
            rows.extend(vector.ok_or_else(|| {
                DataFusionError::Execution(format!(
                    "{NAME}: a vector is not of {} components",
                    partition.dim()
                ))
            })?);
        }
        let labels: ArrayRef = Arc::new(UInt32Array::from(partition.nearest(&rows)));
        Ok(ColumnarValue::Array(labels))
    }
}
