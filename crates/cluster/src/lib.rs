//! Indexing on many machines. What takes long is a query: pictures to vectors over a table of parts, which a registered
//! function embeds, and items to cells over tables of vectors.
//! [Ballista](https://datafusion.apache.org/ballista/) runs the queries on its executors, or DataFusion in this process.
//! The run of `index` that makes the catalog then finds all vectors known, so its bytes are those of a single machine.
//!
//! | module | what it does |
//! |---|---|
//! | [`run`] | the whole: parts written, queries sent, vectors kept, the catalog made |
//! | [`job`] | what executors are told of a request |
//! | [`desk`] | embeds parts in whichever process, a request opened once |
//! | [`cells`] | items divided into cells by queries |
//! | [`function`] | the functions of those queries |
//! | [`exchange`] | the place in object storage that all processes share |
//! | [`publish`] | a catalog that was made into object storage |
//! | [`session`] | where queries run: here, or on a cluster |
//! | [`nodes`] | the processes of a cluster: one scheduler, any number of executors |
//!
//! A crate of its own, so that nobody compiles Ballista who does not want a cluster.

#![forbid(unsafe_code)]

pub mod cells;
pub mod desk;
mod error;
pub mod exchange;
pub mod function;
pub mod job;
pub mod nodes;
pub mod publish;
pub mod run;
pub mod session;
mod tables;

pub use error::ClusterError;
