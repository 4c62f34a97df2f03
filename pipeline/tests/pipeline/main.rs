//! The stages and the command together, on small areas and a tiny model of random weights.

mod damage;
mod evaluating;
mod importing;
mod indexing;
mod parity;
mod pulling;
mod searching;
mod support;
