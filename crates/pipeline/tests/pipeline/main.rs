//! The stages and the command together, on small areas and a tiny model of random weights.

mod addresses;
mod architectures;
mod cells;
mod comparing;
mod cutting;
mod damage;
mod evaluating;
mod exporting;
mod fetching;
mod fine_tuning;
mod geocoding;
mod given;
mod importing;
mod indexing;
mod killing;
mod mirrors;
mod packing;
mod packing_several;
mod parity;
mod pulling;
mod refreshing;
mod searching;
mod second_reader;
#[expect(dead_code, reason = "the tests of the crate fetch use the rest of it")]
#[path = "../../../fetch/tests/services/stand_in.rs"]
mod stand_in;
mod support;
mod updating;
