//! What an item is: which tiles, windows and pictures are searched, and what is made for the map and the cards.
//!
//! | module | what it does |
//! |---|---|
//! | [`pyramid`] | the searched zoom, and which tiles are items |
//! | [`scale`], [`squares`] | ground resolutions become sizes of windows, and these lie on tiles |
//! | [`tiles`], [`compose`] | tiles are read once, and windows put together from them |
//! | [`look`] | what a picture looks like in few bytes |

pub mod compose;
pub mod look;
pub mod pyramid;
pub mod scale;
pub mod squares;
#[cfg(test)]
pub mod testing;
pub mod tiles;
