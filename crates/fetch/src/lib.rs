//! Imagery from tile services: the tiles of an area become one PMTiles archive, which `clip-rs index` reads.
//!
//! [`Service`] says where tiles are had and on which terms, [`Area`] which ground is wanted, [`Cover`] which tiles that are.
//! [`fetch`] gets them at the pace that the service allows and notes each as it comes, so that a run that was ended at any
//! moment goes on where it was. Services here are other people's machines: what they send is bounded and looked at before it
//! is kept, and a key for them is shown nowhere.

#![forbid(unsafe_code)]

mod address;
mod archive;
mod area;
mod client;
mod cover;
mod database;
mod download;
mod error;
mod former;
mod geocode;
mod journal;
mod pace;
mod picture;
mod run;
mod service;

pub use address::Secret;
pub use archive::Changes;
pub use area::Area;
pub use client::{Announced, Client, Word};
pub use cover::Cover;
pub use download::{Download, Wanted};
pub use error::FetchError;
pub use geocode::{Found, Geocoded, Geocoder};
pub use run::{Outcome, Request, fetch, is_done};
pub use service::Service;
