//! The command `clip-rs`: its stages, each a function from folder to folder.
//!
//! | module | what it does |
//! |---|---|
//! | [`index`] | imagery to catalog: embed, locate, index, publish |
//! | [`ahead`] | the embedding of it, a part at a time, for other processes |
//! | [`query`] | search in a catalog |
//! | `export` | a catalog for other tools |
//! | [`verify`] | whether every byte of a catalog is what it should be |
//! | [`pack`] | the page with a catalog, for a stick or any static server |
//! | [`prune`] | removes what replaced catalogs left, after a while |
//!
//! and what they are made of:
//!
//! | module | what it does |
//! |---|---|
//! | [`cut`] | which parts of the imagery are searched, and what the map and the cards need |
//! | [`arguments`] | what a command line asks for |
//! | [`addresses`] | address points in whichever form they come |
//! | [`given`], `tables` | embeddings made elsewhere; Parquet tables, which they and address points come in |
//! | [`embed`], [`embeddings`], [`records`] | pictures to vectors, kept between runs |
//! | [`publish`], [`squeeze`] | writes a catalog that is whole at every moment |
//! | [`catalog`] | reads one, each file checked before use |

#![forbid(unsafe_code)]

pub mod addresses;
pub mod ahead;
pub mod arguments;
pub mod catalog;
pub mod cut;
pub mod embed;
pub mod embeddings;
#[cfg(feature = "export")]
pub mod export;
pub mod given;
pub mod index;
mod name_set;
pub mod pack;
pub mod prune;
pub mod publish;
pub mod query;
pub mod records;
pub mod squeeze;
#[cfg(feature = "export")]
pub mod tables;
pub mod verify;
