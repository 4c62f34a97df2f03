//! Items to cells on a cluster: k-means as queries over a table of the sample, whose sums are aggregated in part where the
//! rows are; then the number of each item's cell, a query over all. Sums are of integers, so the cells are those of a single
//! machine.

use clip_rs_catalog::Digester;
use clip_rs_pipeline::index::Divider;
use clip_rs_search::cells::{CellsBuilder, Means, Partition, Sums};
use clip_rs_stage::StageError;
use clip_rs_stage::progress::Progress;
use datafusion::arrow::array::{AsArray, BinaryArray, RecordBatch, UInt32Array};
use datafusion::arrow::datatypes::UInt32Type;
use datafusion::common::ScalarValue;
use datafusion::prelude::{Expr, ParquetReadOptions, SessionContext, col, lit};
use tokio::runtime::Runtime;

use crate::ClusterError;
use crate::exchange::Exchange;
use crate::function;
use crate::tables::{column, other_columns, parquet};

/// Rows of a file of vectors: what a task reads.
const PIECE: usize = 1 << 15;

/// Divides items by queries.
pub struct ByQueries {
    /// Where queries run.
    pub queries: SessionContext,
    /// Where tables lie.
    pub exchange: Exchange,
    /// What waits for them.
    pub runtime: Runtime,
}

impl std::fmt::Debug for ByQueries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ByQueries").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}

impl Divider for ByQueries {
    fn divide(&self, items: &CellsBuilder) -> Result<(Partition, Vec<u32>), StageError> {
        let divided = self.runtime.block_on(self.by_queries(items));
        divided.map_err(|error| StageError::Request(format!("dividing items into cells: {error}")))
    }
}

impl ByQueries {
    async fn by_queries(&self, items: &CellsBuilder) -> Result<(Partition, Vec<u32>), ClusterError> {
        let progress = Progress::start("Dividing into cells", Means::ROUNDS + 1);
        let mut means = items.means();
        let sample =
            self.table("sample", items.dim(), means.sample().chunks(PIECE * items.dim().max(1))).await?;
        for _ in 0..Means::ROUNDS {
            let sums = self.sums(&sample, means.partition()).await?;
            means.round(&sums);
            progress.advance(1);
        }
        let partition = means.finish();
        let all = self.table("vectors", items.dim(), items.pieces(PIECE)).await?;
        let labels = self.labels(&all, &partition, items.len()).await?;
        progress.advance(1);
        progress.finish();
        Ok((partition, labels))
    }

    /// Writes vectors of `dim` components as a table of their numbers and themselves; its address.
    async fn table<'a>(
        &self,
        what: &str,
        dim: usize,
        pieces: impl Iterator<Item = &'a [f32]>,
    ) -> Result<String, ClusterError> {
        let bytes = |row: &[f32]| row.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        let pieces: Vec<&[f32]> = pieces.collect();
        let mut digest = Digester::default();
        pieces.iter().for_each(|piece| digest.update(&bytes(piece)));
        let table = format!("{what}-{}", digest.finish().short());
        let mut first = 0_u32;
        for piece in pieces {
            let rows: Vec<Vec<u8>> = piece.chunks_exact(dim.max(1)).map(bytes).collect();
            let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            let numbers = column(UInt32Array::from_iter_values(first..first.saturating_add(count)));
            let vectors = column(BinaryArray::from_iter_values(&rows));
            let content = parquet(vec![("number", numbers), ("vector", vectors)])?;
            self.exchange.put(&format!("{table}/{first}.parquet"), content).await?;
            first = first.saturating_add(count);
        }
        Ok(self.exchange.address(&format!("{table}/")))
    }

    /// The sums of a table's vectors by their nearest centroids.
    async fn sums(&self, table: &str, partition: &Partition) -> Result<Sums, ClusterError> {
        let rows = self.queries.read_parquet(table, ParquetReadOptions::default()).await?;
        let sum = function::add_up().call(vec![col("vector")]);
        let batches =
            rows.aggregate(vec![nearest(partition).alias("cell")], vec![sum.alias("sum")])?.collect().await?;
        let mut sums = Sums::new(partition.len(), partition.dim());
        for batch in &batches {
            let (cells, own) =
                (numbers(batch, 0)?, batch.column(1).as_binary_opt::<i32>().ok_or_else(other_columns)?);
            for (cell, own) in cells.iter().flatten().zip(own.iter().flatten()) {
                let (count, sum) = function::read_sum(own).ok_or_else(other_columns)?;
                sums.add_sum(cell as usize, count, sum);
            }
        }
        Ok(sums)
    }

    /// The nearest centroid of each of a table's `count` vectors, by their numbers.
    async fn labels(
        &self,
        table: &str,
        partition: &Partition,
        count: usize,
    ) -> Result<Vec<u32>, ClusterError> {
        let rows = self.queries.read_parquet(table, ParquetReadOptions::default()).await?;
        let batches = rows.select(vec![col("number"), nearest(partition).alias("cell")])?.collect().await?;
        let mut labels = vec![None; count];
        for batch in &batches {
            for (number, cell) in numbers(batch, 0)?.iter().flatten().zip(numbers(batch, 1)?.iter().flatten())
            {
                *labels.get_mut(number as usize).ok_or_else(other_columns)? = Some(cell);
            }
        }
        labels.into_iter().collect::<Option<Vec<u32>>>().ok_or_else(other_columns)
    }
}

/// The number of the centroid nearest to the column `vector`.
fn nearest(partition: &Partition) -> Expr {
    let centroids = lit(ScalarValue::Binary(Some(partition.to_bytes())));
    function::nearest().call(vec![centroids, col("vector")])
}

fn numbers(batch: &RecordBatch, column: usize) -> Result<&UInt32Array, ClusterError> {
    batch.column(column).as_primitive_opt::<UInt32Type>().ok_or_else(other_columns)
}
