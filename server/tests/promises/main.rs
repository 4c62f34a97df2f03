//! What the server promises, each checked through the whole router, and the binary through real sockets.

mod binary;
mod built_in;
mod caching;
mod catalogs;
mod described;
mod embedding;
mod limits;
mod packing;
mod pages;
mod ranges;
mod recall;
mod refusals;
mod security;
mod site;
