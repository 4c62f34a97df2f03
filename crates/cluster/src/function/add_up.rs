//! `add_up(vector)`: how many vectors there are, and their sum in integers, which is the same in whatever order and parts it
//! is added up.

use std::sync::Arc;

use clip_rs_search::cells::Sums;
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_binary_array;
use datafusion::common::{ScalarValue, exec_err};
use datafusion::error::Result;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};

use super::floats;

const NAME: &str = "add_up";

/// The function, for whoever plans or runs queries.
pub fn add_up() -> Arc<AggregateUDF> {
    let signature = Signature::exact(vec![DataType::Binary], Volatility::Immutable);
    Arc::new(AggregateUDF::from(AddUp { signature }))
}

/// The number of vectors and their sum, in the units of [`Sums`], as the function gives them; none of other bytes.
pub fn read_sum(bytes: &[u8]) -> Option<(u64, Vec<i64>)> {
    let (eights, rest) = bytes.as_chunks::<8>();
    let (count, sum) = eights.split_first().filter(|_| rest.is_empty())?;
    Some((u64::from_le_bytes(*count), sum.iter().map(|eight| i64::from_le_bytes(*eight)).collect()))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct AddUp {
    signature: Signature,
}

impl AggregateUDFImpl for AddUp {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Added(None)))
    }
}

/// The sum so far, of one cell; nothing before the first vector, whose length is that of all.
#[derive(Debug)]
struct Added(Option<Sums>);

impl Added {
    fn of(&mut self, dim: usize) -> Result<&mut Sums> {
        let sums = self.0.get_or_insert_with(|| Sums::new(1, dim));
        match sums.cell(0) {
            Some((_, sum)) if sum.len() == dim => Ok(sums),
            _ => exec_err!("{NAME}: vectors of different lengths"),
        }
    }

    fn bytes(&self) -> ScalarValue {
        let cell = self.0.as_ref().and_then(|sums| sums.cell(0));
        ScalarValue::Binary(cell.map(|(count, sum)| {
            let sum = sum.iter().flat_map(|sum| sum.to_le_bytes());
            count.to_le_bytes().into_iter().chain(sum).collect()
        }))
    }
}

impl Accumulator for Added {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let vectors = as_binary_array(&values[0])?;
        for vector in vectors.iter().flatten() {
            let Some(vector) = floats(vector) else { return exec_err!("{NAME}: a vector is no floats") };
            self.of(vector.len())?.add(0, &vector);
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for state in as_binary_array(&states[0])?.iter().flatten() {
            let Some((count, sum)) = read_sum(state) else {
                return exec_err!("{NAME}: a part's sum is damaged");
            };
            self.of(sum.len())?.add_sum(0, count, sum);
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.bytes()])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(self.bytes())
    }

    fn size(&self) -> usize {
        let sum = self.0.as_ref().and_then(|sums| sums.cell(0)).map_or(0, |(_, sum)| size_of_val(sum));
        size_of_val(self) + sum
    }
}
