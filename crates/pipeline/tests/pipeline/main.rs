//! The stages and the command together, on small areas and a tiny model of random weights.

mod architectures;
mod comparing;
mod cutting;
mod damage;
mod evaluating;
mod fine_tuning;
mod importing;
mod indexing;
mod killing;
mod packing;
mod packing_several;
mod parity;
mod pulling;
mod searching;
mod second_reader;
mod support;
mod updating;
