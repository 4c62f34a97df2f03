//! A request on a cluster: its parts become tables in the exchange, one a wave; each wave is a query, whose vectors are
//! kept when it is done; at last the catalog is made here, as `index` makes it, of vectors that are known.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use clip_rs_catalog::Digest;
use clip_rs_package::Processor;
use clip_rs_pipeline::ahead::{self, Ahead};
use clip_rs_pipeline::embeddings::{EmbeddingStore, Memory as _, Seen};
use clip_rs_pipeline::index::{Indexed, Request, index};
use clip_rs_stage::progress::{Progress, say};
use clip_rs_stage::{StageError, files};
use datafusion::arrow::array::{Array, AsArray, RecordBatch, UInt32Array};
use datafusion::prelude::{ParquetReadOptions, SessionContext, col, lit};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use crate::cells::ByQueries;
use crate::exchange::Exchange;
use crate::job::Job;
use crate::tables::{column, other_columns, parquet};
use crate::{ClusterError, function, session};

/// Parts of a row of a table: what one call of the function embeds.
const ROW: usize = 64;
/// Where a run notes which waves are done, in the work folder.
const NOTES: &str = "cluster.json";

/// Where and how a request is spread.
#[derive(Debug, Clone)]
pub struct Spread {
    /// Host and port of the scheduler; this process without one.
    pub scheduler: Option<String>,
    /// What all processes share: a URL, or a folder that all see.
    pub exchange: String,
    /// Parts of a task: what is done again if an executor is lost.
    pub task: usize,
    /// Tasks of a wave: what is done again if this process ends.
    pub tasks: usize,
}

/// Indexes `request`, the embedding spread as `spread` says.
pub fn run(request: &Request, spread: &Spread) -> Result<Indexed, ClusterError> {
    if request.processor != Processor::Cpu {
        let why =
            "executors embed on processors: leave --device out, or index on one machine with clip-rs index";
        return Err(ClusterError::Request(why.to_owned()));
    }
    let runtime = Runtime::new().map_err(|error| ClusterError::Request(error.to_string()))?;
    let exchange = Exchange::open(&spread.exchange)?;
    let queries = runtime.block_on(session::open(spread.scheduler.as_deref(), spread.tasks.max(1)))?;
    let divider = ByQueries { queries, exchange, runtime };
    // The request is open while its parts are embedded, and the store with it.
    ahead::with(request, |ahead| embed(ahead, request, spread, &divider))?;
    Ok(index(&Request { divider: Some(Arc::new(divider)), ..request.clone() })?)
}

/// Embeds all parts, and keeps their vectors where `index` finds them.
fn embed(
    ahead: &Ahead<'_>,
    request: &Request,
    spread: &Spread,
    ByQueries { queries, exchange, runtime }: &ByQueries,
) -> Result<(), ClusterError> {
    let fingerprint = ahead.fingerprint();
    let mut store = ahead.store()?;
    let notes = request.work()?.join(NOTES);
    let mut done = Notes::read(&notes, &fingerprint, &store);
    let job = runtime.block_on(Job::of(request, fingerprint, exchange))?;
    let job = serde_json::to_string(&job).map_err(|error| ClusterError::Request(error.to_string()))?;
    let wave = spread.task.max(1) * spread.tasks.max(1);
    let progress = Progress::start("Embedding on the cluster", ahead.len());
    let mut unread = 0;
    for first in (0..ahead.len()).step_by(wave) {
        let count = wave.min(ahead.len() - first);
        if !done.waves.contains(&(first, count)) {
            // What an earlier run wrote of other waves or tasks is not read with it.
            let table = format!("parts-{}/{first}-{count}-{}", fingerprint.short(), spread.task.max(1));
            let rows = runtime.block_on(async {
                write_table(exchange, &table, first, count, spread.task.max(1)).await?;
                let batches = query(queries, &exchange.address(&format!("{table}/")), &job).await?;
                rows_of(&batches, store.dim())
            })?;
            unread += count.saturating_sub(rows.len());
            store.append(rows)?;
            done.waves.insert((first, count));
            done.vectors = store.len();
            done.write(&notes)?;
        }
        progress.advance(count);
    }
    progress.finish();
    if unread > 0 {
        say(&format!(
            "{unread} parts gave nothing new: they are the same as others, or are looked at again here"
        ));
    }
    Ok(())
}

/// Writes the table of a wave: a file for each task, a row for each call.
async fn write_table(
    exchange: &Exchange,
    table: &str,
    first: usize,
    count: usize,
    task: usize,
) -> Result<(), ClusterError> {
    for at in (first..first + count).step_by(task) {
        let end = (at + task).min(first + count);
        let rows = (at..end).step_by(ROW).map(|row| (row, ROW.min(end - row)));
        exchange.put(&format!("{table}/{at}.parquet"), parts(rows)?).await?;
    }
    Ok(())
}

/// A Parquet file of the columns `first` and `count`.
fn parts(rows: impl Iterator<Item = (usize, usize)>) -> Result<Vec<u8>, ClusterError> {
    let number = |at: usize| {
        u32::try_from(at).map_err(|_| ClusterError::Request("more than 4,294,967,295 parts".to_owned()))
    };
    let (mut firsts, mut counts) = (Vec::new(), Vec::new());
    for (first, count) in rows {
        firsts.push(number(first)?);
        counts.push(number(count)?);
    }
    parquet(vec![("first", column(UInt32Array::from(firsts))), ("count", column(UInt32Array::from(counts)))])
}

/// Embeds the parts of the table at `address`.
async fn query(queries: &SessionContext, address: &str, job: &str) -> Result<Vec<RecordBatch>, ClusterError> {
    let embed = function::embed();
    let parts = queries.read_parquet(address, ParquetReadOptions::default()).await?;
    let call = embed.call(vec![lit(job), col("first"), col("count")]);
    Ok(parts.select(vec![call.alias("rows")])?.collect().await?)
}

/// What is to be kept, vectors of `dim` components.
fn rows_of(batches: &[RecordBatch], dim: usize) -> Result<Vec<(Digest, Seen)>, ClusterError> {
    let mut rows = Vec::new();
    for batch in batches {
        let lists = batch.column(0).as_list_opt::<i32>().ok_or_else(other_columns)?;
        for list in lists.iter().flatten() {
            take(list.as_ref(), dim, &mut rows)?;
        }
    }
    Ok(rows)
}

fn take(list: &dyn Array, dim: usize, rows: &mut Vec<(Digest, Seen)>) -> Result<(), ClusterError> {
    let columns = list.as_struct_opt().ok_or_else(other_columns)?;
    let keys = columns.column(0).as_binary_opt::<i32>().ok_or_else(other_columns)?;
    let seen = columns.column(1).as_binary_opt::<i32>().ok_or_else(other_columns)?;
    for (key, seen) in keys.iter().flatten().zip(seen.iter().flatten()) {
        let key: [u8; 32] = key.try_into().map_err(|_| other_columns())?;
        rows.push((Digest::from_bytes(key), Seen::from_bytes(seen, dim).ok_or_else(other_columns)?));
    }
    Ok(())
}

/// Which waves an earlier run of the same request has done.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Notes {
    fingerprint: String,
    /// First part and number of parts of each.
    waves: BTreeSet<(usize, usize)>,
    /// Vectors that were kept when this was written.
    vectors: usize,
}

impl Notes {
    /// What is noted of this request; nothing if it is of another, or if the vectors have gone.
    fn read(path: &Path, fingerprint: &Digest, store: &EmbeddingStore) -> Self {
        let noted = files::read(path).ok().and_then(|text| serde_json::from_slice::<Self>(&text).ok());
        let same =
            |noted: &Self| noted.fingerprint == fingerprint.to_string() && noted.vectors <= store.len();
        noted.filter(same).unwrap_or_else(|| Self { fingerprint: fingerprint.to_string(), ..Self::default() })
    }

    fn write(&self, path: &Path) -> Result<(), StageError> {
        let text = serde_json::to_vec(self).map_err(|error| StageError::content(path, error))?;
        files::write_durably(path, &text)
    }
}
